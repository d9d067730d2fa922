// @ts-check
// Over the last runs: what was wrong, how long healing took, what keeps coming
// back, what was given up.

import { historyBars, sparkline, stateLine } from "./charts.js";
import { cellKey, model, stories, unpackedStories, verdictOf } from "./data.js";
import { count, drawnToFit, h, plural } from "./dom.js";
import { selection } from "./filter.js";
import { cellColumns } from "./matrix.js";
import { openStory } from "./story.js";
import { DataTable } from "./table.js";
import { unhealthyOf } from "./verdicts.js";
import { clock, duration, instant } from "./time.js";
/** @import { HistoryPoint, StackSet, Story } from "./data.js" */
/** @import { Child } from "./dom.js" */
/** @import { Column } from "./table.js" */

/** @returns {HTMLElement[]} */
export function historyView() {
  const points = model.history;
  if (points.length < 2)
    return [
      h(
        "section",
        { class: "panel" },
        h("div", { class: "panel-head" }, h("h2", null, "History")),
        h("p", { class: "none" }, "There is no history yet: it begins with the second run."),
      ),
      repeatPanel(),
      quarantinePanel(),
    ];
  const chart = drawnToFit({ class: "chart-box" }, (width) => historyBars(points, width, 220));
  return [
    h(
      "section",
      { class: "panel", "aria-labelledby": "history-title" },
      h(
        "div",
        { class: "panel-head" },
        h("h2", { id: "history-title" }, "History"),
        h("span", { class: "muted" }, "found by the last ", plural(points.length, "run"), ", before healing"),
      ),
      historyFigures(points),
      chart,
      statesOf(),
      historyTable(),
    ),
    repeatPanel(),
    quarantinePanel(),
  ];
}

/** @param {number[]} numbers */
function median(numbers) {
  const sorted = numbers.slice().sort((a, b) => a - b),
    middle = sorted.length >> 1;
  return sorted.length === 0 ? NaN : sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** @param {HistoryPoint[]} points */
function historyFigures(points) {
  const heals = points.filter((p) => p.healSeconds),
    last = points[points.length - 1];
  const row = (/** @type {string} */ label, /** @type {Child} */ value, /** @type {number[]} */ trend) =>
    h(
      "div",
      null,
      h("dt", null, label),
      h("dd", null, value, trend.length > 1 && h("div", null, sparkline(trend, label, 150, 30))),
    );
  return h(
    "dl",
    { class: "figures wide" },
    row(
      "Time to heal, median",
      heals.length ? duration(median(heals.map((p) => p.healSeconds || 0))) : "not recorded",
      heals.map((p) => p.healSeconds || 0),
    ),
    row(
      "Found wrong, last run",
      count(unhealthyOf(last.before)),
      points.map((p) => unhealthyOf(p.before)),
    ),
    row(
      "Left wrong, last run",
      count(unhealthyOf(last.after)),
      points.map((p) => unhealthyOf(p.after)),
    ),
    row(
      "Not checked, last run",
      count(last.after.notChecked || 0),
      points.map((p) => p.after.notChecked || 0),
    ),
    row(
      "Run time, last run",
      duration(last.seconds),
      points.map((p) => p.seconds),
    ),
  );
}

function statesOf() {
  const sets = model.stackSets.filter((set) => set.history?.length);
  if (sets.length === 0) return null;
  const unrest = (/** @type {StackSet} */ set) => (set.history || []).reduce((n, p) => n + (p.unhealthy ? 1 : 0), 0);
  return h(
    "div",
    { class: "states-box" },
    h("h3", null, "State of each stack set"),
    h(
      "p",
      { class: "muted small" },
      "The worst that each run found; runs that found the same are one stretch. Oldest left.",
    ),
    h(
      "ul",
      { class: "state-lines" },
      sets
        .sort((a, b) => unrest(b) - unrest(a))
        .map((set) =>
          h(
            "li",
            null,
            h("span", { class: "state-name" }, set.name),
            stateLine(
              set.name,
              (set.history || []).map((p) => p.worst),
            ),
          ),
        ),
    ),
  );
}

function historyTable() {
  const point = (/** @type {number} */ i) => model.history[i];
  const table = new DataTable({
    name: "history",
    label: "Runs",
    sort: "-at",
    rowHeight: 34,
    columns: [
      {
        key: "at",
        label: "Run at",
        width: "13rem",
        value: (i) => point(i).at,
        show: (i) => h("span", { class: "code" }, clock(instant(point(i).at))),
      },
      { key: "result", label: "Result", width: "7rem", value: (i) => point(i).result },
      { key: "before", label: "Found wrong", number: true, width: "8rem", value: (i) => unhealthyOf(point(i).before) },
      { key: "after", label: "Left wrong", number: true, width: "8rem", value: (i) => unhealthyOf(point(i).after) },
      { key: "healed", label: "Healed", number: true, width: "7rem", value: (i) => point(i).healed || 0 },
      { key: "attention", label: "For a person", number: true, width: "8rem", value: (i) => point(i).attention || 0 },
      {
        key: "healSeconds",
        label: "Time to heal",
        number: true,
        width: "9rem",
        value: (i) => point(i).healSeconds || 0,
        show: (i) => (point(i).healSeconds ? duration(point(i).healSeconds || 0) : "–"),
      },
      {
        key: "seconds",
        label: "Run time",
        number: true,
        width: "8rem",
        value: (i) => point(i).seconds,
        show: (i) => duration(point(i).seconds),
      },
      {
        key: "run",
        label: "Run",
        width: "16rem",
        value: (i) => point(i).run,
        show: (i) => h("span", { class: "code" }, point(i).run),
      },
    ],
  });
  table.show(model.history.map((_, i) => i));
  return table.element;
}

/**
 * A table of cells chosen by their stories, filled when those are unpacked.
 * @param {string} name
 * @param {string} title
 * @param {string} none
 * @param {(story: Story, cell: number) => boolean} wanted
 * @param {Column} column made with the stories at hand
 */
function storyTable(name, title, none, wanted, column) {
  const panel = h(
    "section",
    { class: "panel", "aria-labelledby": name + "-title" },
    h("div", { class: "panel-head" }, h("h2", { id: name + "-title" }, title)),
  );
  const columns = cellColumns().filter((by) =>
    ["stackSet", "accountName", "account", "region", "verdict", "reason"].includes(by.key),
  );
  stories.then((all) => {
    const { mask } = selection(),
      cells = [...all.entries()].filter(([cell, story]) => mask[cell] && wanted(story, cell)).map(([cell]) => cell);
    if (cells.length === 0) return panel.append(h("p", { class: "none" }, none));
    const table = new DataTable({
      name,
      label: title,
      columns: [...columns.slice(0, 4), column, ...columns.slice(4)],
      sort: "-" + column.key,
      open: openStory,
      openLabel: (i) => "Story of " + cellKey(i),
      rowHeight: 34,
    });
    panel.append(table.element);
    table.show(cells);
  });
  return panel;
}

function repeatPanel() {
  const heals = (/** @type {number} */ i) => unpackedStories.get(i)?.heals || 0;
  return storyTable(
    "repeat-offenders",
    "Repeat offenders",
    "No cell was healed more than once within the quarantine window.",
    (story) => (story.heals || 0) > 1,
    { key: "heals", label: "Heals", number: true, width: "6rem", value: heals },
  );
}

function quarantinePanel() {
  const since = (/** @type {number} */ i) => unpackedStories.get(i)?.quarantined || "";
  return storyTable(
    "quarantine",
    "Quarantine",
    "Nothing is in quarantine.",
    (story, cell) => verdictOf(cell) === "quarantined" || !!story.quarantined,
    {
      key: "quarantined",
      label: "Since",
      width: "14.5rem",
      value: since,
      show: (i) => h("span", { class: "code" }, clock(instant(since(i)))),
    },
  );
}
