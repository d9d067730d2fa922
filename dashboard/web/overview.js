// @ts-check
// The first view: what needs a person, and beside it the rest in brief.

import { attentionView, heldView } from "./attention.js";
import { sparkline } from "./charts.js";
import { model } from "./data.js";
import { count, drawnToFit, h, plural } from "./dom.js";
import { filtering, selection } from "./filter.js";
import { accountAxis, ordered } from "./matrix-layout.js";
import { cssColour } from "./matrix-paint.js";
import { matchingSets } from "./stacksets.js";
import { go } from "./state.js";
import { lookOf, unhealthyOf, verdictBar } from "./verdicts.js";
/** @import { Axis } from "./matrix-layout.js" */

/** @returns {HTMLElement[]} */
export function overviewView() {
  return [
    h(
      "div",
      { class: "columns" },
      h("div", { class: "main-column" }, attentionView(), heldView()),
      h("div", { class: "side" }, glance(), worstSets(), runSummary(), trendSummary()),
    ),
  ];
}

/** The stack sets in which most is wrong, each a line. */
function worstSets() {
  const sets = matchingSets()
    .sort((a, b) => unhealthyOf(model.stackSets[b].after || {}) - unhealthyOf(model.stackSets[a].after || {}) || a - b)
    .slice(0, 8);
  return h(
    "section",
    { class: "panel", "aria-labelledby": "worst-title" },
    h(
      "div",
      { class: "panel-head" },
      h("h2", { id: "worst-title" }, "Stack sets"),
      h(
        "button",
        { type: "button", class: "link", onclick: () => go({ view: "sets" }) },
        "All ",
        count(model.stackSets.length),
      ),
    ),
    h(
      "ul",
      { class: "lines" },
      sets.map((i) => {
        const set = model.stackSets[i],
          wrong = unhealthyOf(set.after || {});
        return h(
          "li",
          null,
          h("button", { type: "button", class: "link", onclick: () => go({ view: "set", set: set.name }) }, set.name),
          h("span", { class: wrong ? "wrong" : "muted" }, wrong ? count(wrong) + " wrong" : count(set.instances)),
          verdictBar(set.after || {}),
        );
      }),
    ),
  );
}

function runSummary() {
  const lines = model.deeds
    .slice()
    .sort((a, b) => b.cells - a.cells)
    .map((deed) =>
      h(
        "li",
        null,
        h("span", null, h("span", { class: "dot tone-" + deed.tone }), deed.remedy, " ", deed.outcome),
        h("span", { class: "muted" }, plural(deed.cells, "cell")),
      ),
    );
  return h(
    "section",
    { class: "panel", "aria-labelledby": "summary-title" },
    h(
      "div",
      { class: "panel-head" },
      h("h2", { id: "summary-title" }, "This run"),
      h("button", { type: "button", class: "link", onclick: () => go({ view: "run" }) }, "Timeline"),
    ),
    lines.length ? h("ul", { class: "lines two" }, lines) : h("p", { class: "none" }, "Nothing was changed."),
  );
}

function trendSummary() {
  if (model.history.length < 2) return null;
  const wrong = model.history.map((p) => unhealthyOf(p.before));
  return h(
    "section",
    { class: "panel", "aria-labelledby": "trend-title" },
    h(
      "div",
      { class: "panel-head" },
      h("h2", { id: "trend-title" }, "Found wrong, run by run"),
      h("button", { type: "button", class: "link", onclick: () => go({ view: "history" }) }, "History"),
    ),
    h(
      "div",
      { class: "pad" },
      drawnToFit({}, (width) => sparkline(wrong, "Found wrong", width, 56)),
      h(
        "p",
        { class: "muted small" },
        "last ",
        plural(wrong.length, "run"),
        "; highest ",
        count(Math.max(...wrong)),
        ", last ",
        count(wrong[wrong.length - 1]),
      ),
    ),
  );
}

/**
 * The whole fleet in a thumbnail: a line for each stack set, accounts from left
 * to right by OU, each dot the worst of what it stands for.
 */
function glance() {
  const all = Array.from({ length: model.cells.count }, (_, i) => i);
  if (all.length === 0) return null;
  const accounts = accountAxis(all),
    label = "The whole fleet, a line for each stack set, accounts by OU from left to right. Open the matrix.";
  const picture = drawnToFit({ class: "glance" }, (width) => glancePicture(accounts, Math.floor(width)));
  return h(
    "section",
    { class: "panel", "aria-labelledby": "glance-title" },
    h(
      "div",
      { class: "panel-head" },
      h("h2", { id: "glance-title" }, "The fleet"),
      h("button", { type: "button", class: "link", onclick: () => go({ view: "fleet", by: "set" }) }, "Matrix"),
    ),
    h(
      "button",
      {
        type: "button",
        class: "glance-button",
        "aria-label": label,
        title: label,
        onclick: () => go({ view: "fleet", by: "set" }),
      },
      picture,
    ),
  );
}

/**
 * @param {{axis: Axis, place: Map<number, number>}} accounts
 * @param {number} width
 */
function glancePicture({ axis, place }, width) {
  const lines = setOrder(),
    tall = Math.max(2, Math.min(7, Math.floor(190 / lines.length))),
    scale = window.devicePixelRatio || 1;
  const canvas = h("canvas", {
    width: width * scale,
    height: lines.length * tall * scale,
    style: { width: width + "px", height: lines.length * tall + "px" },
  });
  const pen = canvas.getContext("2d");
  if (!pen) return canvas;
  pen.scale(scale, scale);
  const dots = Math.min(width, axis.lanes.length),
    worst = worstDots(lines, place, dots / axis.lanes.length, dots),
    { mask } = selection();
  const colours = model.verdicts.map((verdict) => cssColour("--v-" + lookOf(verdict).name)),
    filtered = filtering();
  worst.forEach((cell, i) => {
    if (cell < 0) return;
    const x = Math.floor(((i % dots) * width) / dots),
      next = Math.floor((((i % dots) + 1) * width) / dots);
    pen.fillStyle = colours[model.cells.verdict[cell]];
    pen.globalAlpha = filtered && !mask[cell] ? 0.15 : 1;
    pen.fillRect(x, Math.floor(i / dots) * tall, next - x, tall - 1);
  });
  return canvas;
}

/** Stack sets by level, then name: as the matrix has them. */
function setOrder() {
  const level = new Map(model.levels.flatMap((sets, depth) => sets.map((set) => [set, depth])));
  return ordered(
    model.stackSets.map((_, i) => i),
    (i) => String(level.get(i) ?? 999).padStart(3, "0") + model.stackSets[i].name,
  );
}

/**
 * The worst cell of every dot, -1 for none; one that matches the filter goes
 * before one that does not.
 * @param {number[]} lines
 * @param {Map<number, number>} place
 * @param {number} share of a dot that an account has
 * @param {number} dots a line
 */
function worstDots(lines, place, share, dots) {
  const c = model.cells,
    line = new Map(lines.map((set, i) => [set, i])),
    worst = new Int32Array(lines.length * dots).fill(-1),
    { mask } = selection();
  const weight = (/** @type {number} */ cell) => mask[cell] * 100 + c.verdict[cell]; // the verdicts stand worst last
  for (let cell = 0; cell < c.count; cell++) {
    const at = (line.get(c.set[cell]) ?? 0) * dots + Math.floor((place.get(c.account[cell]) ?? 0) * share);
    if (worst[at] < 0 || weight(cell) > weight(worst[at])) worst[at] = cell;
  }
  return worst;
}
