// @ts-check
// What needs a person, one entry for each reason, worst first.

import { accountLabel, accountOf, groupKey, model, reasonOf, regionOf, setOf, verdictOf } from "./data.js";
import { count, h, plural } from "./dom.js";
import { exportButtons } from "./export.js";
import { selection } from "./filter.js";
import { approvalButtons } from "./approvals.js";
import { clearedFilters, go } from "./state.js";
import { openStory, reasonShown } from "./story.js";
import { glyph, lookOf } from "./verdicts.js";
import { clock, instant } from "./time.js";
/** @import { Group, Trip } from "./data.js" */
/** @import { Child } from "./dom.js" */

const SHOWN_CELLS = 6,
  SHOWN_GROUPS = 30;

/** @returns {HTMLElement} */
export function attentionView() {
  const { mask } = selection();
  const groups = model.groups
    .map((group) => ({ group, cells: Array.from(group.cells).filter((cell) => mask[cell]) }))
    .filter(({ cells }) => cells.length > 0);
  return h(
    "section",
    { class: "panel", "aria-labelledby": "attention-title" },
    h(
      "div",
      { class: "panel-head" },
      h("h2", { id: "attention-title" }, "Needs attention"),
      h(
        "span",
        { class: "muted" },
        groups.length
          ? plural(
              groups.reduce((n, g) => n + g.cells.length, 0),
              "cell",
            ) +
              ", " +
              plural(groups.length, "reason")
          : "",
      ),
      groups.length ? exportButtons("attention", () => attentionExport(groups)) : null,
    ),
    approvalList(),
    guardList((trip) => !passed(trip)),
    problemList(),
    groups.slice(0, SHOWN_GROUPS).map(({ group, cells }) => attentionGroup(group, cells)),
    groups.length > SHOWN_GROUPS && moreGroups(groups.slice(SHOWN_GROUPS)),
    groups.length === 0 &&
      h(
        "p",
        { class: "none" },
        model.groups.length ? "Nothing that matches the filter needs a person." : "Nothing needs a person.",
      ),
    guardList(passed),
  );
}

/** @param {{group: Group, cells: number[]}[]} groups */
function moreGroups(groups) {
  const button = h(
    "button",
    {
      type: "button",
      class: "link pad",
      onclick: () => button.replaceWith(...groups.map(({ group, cells }) => attentionGroup(group, cells))),
    },
    "Show ",
    plural(groups.length, "more reason"),
  );
  return button;
}

/**
 * @param {Group} group
 * @param {number[]} cells
 */
function attentionGroup(group, cells) {
  const { texts } = model,
    verdict = model.verdicts[group.verdict];
  const sets = new Set(cells.map((cell) => setOf(cell).name)),
    accounts = new Set(cells.map((cell) => accountOf(cell).id));
  const list = h("ul", { class: "cells" }, cells.slice(0, SHOWN_CELLS).map(cellButton));
  const more =
    cells.length > SHOWN_CELLS &&
    h(
      "button",
      {
        type: "button",
        class: "link small",
        onclick: () => go({ ...clearedFilters(), view: "fleet", as: "table", group: groupKey(group) }),
      },
      "All ",
      count(cells.length),
      " cells",
    );
  return h(
    "article",
    { class: "group" },
    h("div", { class: "group-mark" }, glyph(verdict, 24)),
    h(
      "div",
      { class: "group-body" },
      h(
        "div",
        { class: "group-top" },
        h("h3", null, reasonShown(texts[group.reason] || "No reason was given", false)),
        h("strong", { class: "group-count" }, count(cells.length)),
      ),
      h(
        "p",
        { class: "muted small" },
        lookOf(verdict).label,
        " · ",
        plural(sets.size, "stack set"),
        " · ",
        plural(accounts.size, "account"),
        texts[group.class] && h("span", { class: "tag" }, texts[group.class]),
      ),
      texts[group.hint] && h("p", { class: "hint" }, texts[group.hint]),
      list,
      more,
    ),
  );
}

/** @param {number} cell */
function cellButton(cell) {
  return h(
    "li",
    null,
    h(
      "button",
      { type: "button", class: "cell-link", onclick: () => openStory(cell) },
      glyph(verdictOf(cell), 14),
      h("span", null, setOf(cell).name),
      h("span", { class: "muted" }, accountLabel(accountOf(cell)), " · ", regionOf(cell)),
    ),
  );
}

/** @param {{group: Group, cells: number[]}[]} groups */
function attentionExport(groups) {
  const header = ["group", "class", "hint", "stackSet", "account", "accountName", "region", "verdict", "reason"],
    { texts } = model;
  const rows = groups.flatMap(({ group, cells }) =>
    cells.map((cell) => [
      texts[group.reason],
      texts[group.class],
      texts[group.hint],
      setOf(cell).name,
      accountOf(cell).id,
      accountOf(cell).name || "",
      regionOf(cell),
      verdictOf(cell),
      reasonOf(cell),
    ]),
  );
  return { header, rows };
}

/**
 * A guard that was accepted or has opened by itself asks nobody for anything: it
 * stands last, as something that happened.
 * @param {Trip} trip
 */
function passed(trip) {
  return Boolean(trip.accepted || trip.opened);
}

/** @param {(trip: Trip) => boolean} which */
function guardList(which) {
  const waiting = new Set(model.approvals.map((a) => a.id));
  return model.guards
    .filter(which)
    .filter((trip) => !waiting.has(trip.guard + (trip.stackSet ? ":" + trip.stackSet : "")))
    .map((trip) => {
      if (!passed(trip)) return notice("Guard " + trip.guard, trip.stackSet, trip.reason, trip.hint);
      const entry = notice("Guard " + trip.guard + (trip.accepted ? " (accepted)" : " (has opened since)"), trip.stackSet, trip.reason, "");
      entry.classList.remove("notice");
      return entry;
    });
}

function problemList() {
  return model.problems.map((problem) =>
    notice(
      problem.stops ? "Configuration, stops the stack set" : "Configuration",
      problem.stackSet,
      problem.text,
      problem.hint,
    ),
  );
}

/**
 * @param {string} kind
 * @param {string | undefined} set
 * @param {string} text
 * @param {string | undefined} hint
 * @param {...Child} more
 */
function notice(kind, set, text, hint, ...more) {
  return h(
    "article",
    { class: "group notice" },
    h("div", { class: "group-mark" }, glyph("blocked", 24)),
    h(
      "div",
      { class: "group-body" },
      h("h3", { class: "reason" }, text),
      h("p", { class: "muted small" }, kind, set ? " · " + set : ""),
      hint && h("p", { class: "hint" }, hint),
      more,
    ),
  );
}

function approvalList() {
  return model.approvals.map((a) =>
    notice(
      "Waits for approval" + (a.since ? " since " + clock(instant(a.since)) : ""),
      a.stackSet,
      a.reason,
      a.hint,
      model.live
        ? approvalButtons(a)
        : h(
            "p",
            { class: "small" },
            "Decide on the command line: ",
            h("span", { class: "code" }, "setmend heal --accept " + a.id),
          ),
    ),
  );
}
