// @ts-check
// What needs a person, one entry for each reason, worst first.

import { accountLabel, accountOf, groupKey, model, reasonOf, regionOf, setOf, verdictOf } from "./data.js";
import { count, h, plural, visible } from "./dom.js";
import { exportButtons } from "./export.js";
import { selection } from "./filter.js";
import { approvalList } from "./approvals.js";
import { nextShown, reasonShown } from "./said.js";
import { send } from "./server.js";
import { clearedFilters, go } from "./state.js";
import { openStory } from "./story.js";
import { glyph, lookOf } from "./verdicts.js";
import { clock } from "./time.js";
/** @import { Group, Held, Loose, Next, Trip } from "./data.js" */
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
    model.loose.map(looseShown),
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

/**
 * What needs a person in one stack set.
 * @param {number} set
 */
export function attentionIn(set) {
  const name = model.stackSets[set].name;
  const groups = model.groups
    .map((group) => ({ group, cells: Array.from(group.cells).filter((cell) => model.cells.set[cell] === set) }))
    .filter(({ cells }) => cells.length > 0);
  const guards = guardList((trip) => trip.stackSet === name),
    held = model.held.filter((_, i) => heldIn(set, i));
  return h(
    "section",
    { class: "panel", "aria-labelledby": "set-attention-title" },
    h("div", { class: "panel-head" }, h("h2", { id: "set-attention-title" }, "What is wrong in it")),
    guards,
    model.loose.filter((l) => l.stackSet === name).map(looseShown),
    groups.map(({ group, cells }) => attentionGroup(group, cells)),
    held.map((entry) => heldShown({ ...entry, cells: heldIn(set, model.held.indexOf(entry)) })),
    groups.length + guards.length + held.length === 0 && h("p", { class: "none" }, "Nothing in it is known to be wrong."),
  );
}

/**
 * How many of a stack set's cells something holds back.
 * @param {number} set
 * @param {number} held place in model.held
 */
function heldIn(set, held) {
  const c = model.cells;
  let n = 0;
  for (let i = 0; i < c.count; i++) if (c.set[i] === set && c.kinds.held[c.kind[i]] === held) n++;
  return n;
}

/**
 * What is wrong and needs no person: why it is not right yet.
 * @returns {HTMLElement | null}
 */
export function heldView() {
  const held = model.held.filter((h) => h.cells > 0).sort((a, b) => b.cells - a.cells);
  if (held.length === 0 && model.absent === 0) return null;
  return h(
    "section",
    { class: "panel", "aria-labelledby": "held-title" },
    h(
      "div",
      { class: "panel-head" },
      h("h2", { id: "held-title" }, "Wrong, and not for a person"),
      h("span", { class: "muted" }, plural(held.reduce((n, h) => n + h.cells, 0), "cell")),
    ),
    held.map(heldShown),
    model.absent > 0 &&
      h(
        "p",
        { class: "muted small pad" },
        plural(model.absent, "cell"),
        " must not have an instance and ",
        model.absent === 1 ? "has" : "have",
        " none: rightly absent, and not counted as wrong.",
      ),
  );
}

/** @param {Held} held */
function heldShown(held) {
  return h(
    "article",
    { class: "group" },
    h(
      "div",
      { class: "group-body" },
      h("div", { class: "group-top" }, h("h3", null, held.why), h("strong", { class: "group-count" }, count(held.cells))),
      held.until ? h("p", { class: "muted small" }, "The first of them not before ", clock(held.until), ".") : null,
      nextShown(held.next),
    ),
  );
}

/** @param {Loose} loose */
function looseShown(loose) {
  return notice("Stack set", loose.stackSet, loose.reason || loose.said || "", loose.hint, nextShown(loose.next));
}

/**
 * The live page's button for a command that its server can carry out.
 * @param {Next} next
 * @param {number[]} cells
 */
function releaseButton(next, cells) {
  if (!next.release || !model.live) return null;
  const outcome = h("span", { role: "status", class: "small" });
  const release = async () => {
    outcome.textContent = "Sending …";
    const refused = await send("release", {
      cells: cells.map((cell) => ({ stackSet: setOf(cell).name, account: accountOf(cell).id, region: regionOf(cell) })),
    }, false);
    button.disabled = !refused;
    outcome.textContent = refused ? "Not released: " + visible(refused) : "Released; the next heal tries again.";
  };
  const button = h("button", { type: "button", class: "primary", onclick: release }, "Release ", plural(cells.length, "cell"));
  return h("span", { class: "decide" }, button, outcome);
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
        h(
          "h3",
          null,
          reasonShown(
            { reason: texts[group.reason] || "No reason was given", said: texts[group.said], where: texts[group.where] },
            false,
          ),
        ),
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
        group.differ && " · worded as for " + accountLabel(accountOf(group.example)) + "; the others differ in names and times",
      ),
      texts[group.hint] && h("p", { class: "hint" }, texts[group.hint]),
      nextShown(group.next, (next) => releaseButton(next, cells), [
        setOf(cells[0]).name,
        accountOf(cells[0]).id,
        regionOf(cells[0]),
      ]),
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
      texts[group.said] || texts[group.reason],
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
