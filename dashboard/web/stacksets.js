// @ts-check
// The stack sets, a row each.

import { sparkline } from "./charts.js";
import { model } from "./data.js";
import { count, h } from "./dom.js";
import { filtering, selection } from "./filter.js";
import { go } from "./state.js";
import { DataTable } from "./table.js";
import { VERDICT_ORDER, glyph, lookOf, unhealthyOf, verdictBar } from "./verdicts.js";
import { age, instant, now } from "./time.js";
/** @import { StackSet } from "./data.js" */
/** @import { Child } from "./dom.js" */
/** @import { Column } from "./table.js" */

const DAY = 86400000;

/**
 * The share of the recent operations that ended well; NaN if none has ended.
 * @param {StackSet} set
 */
export function successRate(set) {
  const ended = (set.operations || []).filter((o) => ["SUCCEEDED", "FAILED", "STOPPED"].includes(o.status));
  return ended.length ? ended.filter((o) => o.status === "SUCCEEDED" && !o.failedInstances).length / ended.length : NaN;
}

/** @param {StackSet} set */
export const trendOf = (set) => (set.history || []).map((point) => point.unhealthy);

/** @param {StackSet} set */
function driftCheckShown(set) {
  const at = instant(set.lastDriftCheck);
  return h("span", { class: isNaN(at) || now() - at > 2 * DAY ? "old" : null }, isNaN(at) ? "never" : age(at, true));
}

/** @param {StackSet} set */
function lastOperationShown(set) {
  const last = (set.operations || [])[0];
  if (!last) return h("span", { class: "muted" }, "none");
  const kind =
    { SUCCEEDED: last.failedInstances ? "warn" : "good", FAILED: "bad", STOPPED: "warn" }[last.status] || "busy";
  return h(
    "span",
    { title: [last.kind, last.status, last.reason].filter(Boolean).join(": ") },
    h("span", { class: "dot tone-" + kind }),
    last.kind.toLowerCase().replaceAll("_", " "),
    " ",
    h("span", { class: "muted small" }, age(instant(last.ended || last.created), true)),
  );
}

/** @param {StackSet} set */
function rateShown(set) {
  const rate = successRate(set);
  if (isNaN(rate)) return h("span", { class: "muted" }, "–");
  return h("span", { class: rate < 0.5 ? "bad-text" : rate < 0.9 ? "old" : null }, Math.round(rate * 100) + " %");
}

/** @param {StackSet} set */
export function setNameShown(set) {
  return h(
    "span",
    { class: "set-name" },
    set.name,
    set.mandatory && h("span", { class: "tag", title: "mandatory: must be in every target" }, "mandatory"),
    !set.selfHealing &&
      h("span", { class: "tag", title: "not tagged selfhealing: reported, not healed" }, "report only"),
  );
}

/** @returns {Column[]} */
function stackSetColumns() {
  const set = (/** @type {number} */ i) => model.stackSets[i];
  /** @type {Column[]} */
  const verdicts = VERDICT_ORDER.slice()
    .reverse()
    .map((verdict) => ({
      key: verdict,
      label: lookOf(verdict).label,
      title: lookOf(verdict).label + ": " + lookOf(verdict).meaning,
      head: glyph(verdict, 16),
      number: true,
      width: "3.5rem",
      value: (i) => set(i).after?.[verdict] || 0,
      show: (i) => (set(i).after?.[verdict] ? count(set(i).after[verdict]) : h("span", { class: "faint" }, "0")),
    }));
  return [
    { key: "name", label: "Stack set", width: "16.9rem", value: (i) => set(i).name, show: (i) => setNameShown(set(i)) },
    {
      key: "instances",
      label: "Instances",
      number: true,
      width: "5.6rem",
      value: (i) => set(i).instances,
      show: (i) => count(set(i).instances),
    },
    {
      key: "state",
      label: "State",
      number: true,
      width: "6.4rem",
      value: (i) => unhealthyOf(set(i).after || {}),
      show: (i) => verdictBar(set(i).after || {}),
    },
    ...verdicts,
    {
      key: "lastDriftCheck",
      label: "Drift check",
      width: "7.6rem",
      value: (i) => set(i).lastDriftCheck || "",
      show: (i) => driftCheckShown(set(i)),
    },
    {
      key: "lastOperation",
      label: "Last operation",
      width: "13.6rem",
      value: (i) => set(i).operations?.[0]?.ended || set(i).operations?.[0]?.created || "",
      show: (i) => lastOperationShown(set(i)),
    },
    {
      key: "successRate",
      label: "Success",
      title: "share of the recent operations that succeeded at every instance",
      number: true,
      width: "5.2rem",
      value: (i) => (isNaN(successRate(set(i))) ? -1 : successRate(set(i))),
      show: (i) => rateShown(set(i)),
    },
    {
      key: "trend",
      label: "Trend",
      width: "8rem",
      title: "instances found unhealthy by the last runs",
      value: (i) => trendOf(set(i)).join(" "),
      show: (i) => sparkline(trendOf(set(i)), "unhealthy instances over the last runs"),
    },
  ];
}

/** Stack sets with a cell that matches; all of them where nothing is filtered. */
export function matchingSets() {
  const all = model.stackSets.map((_, i) => i);
  if (!filtering()) return all;
  const present = new Set(selection().hits.map((cell) => model.cells.set[cell]));
  return all.filter((i) => present.has(i));
}

/** @returns {HTMLElement} */
export function stackSetsView() {
  const table = new DataTable({
    name: "stack-sets",
    label: "Stack sets",
    columns: stackSetColumns(),
    sort: "-state",
    rowHeight: 40,
    open: (i) => go({ view: "set", set: model.stackSets[i].name }),
    openLabel: (i) => "Show the stack set " + model.stackSets[i].name,
  });
  table.show(matchingSets());
  return h(
    "section",
    { class: "panel", "aria-labelledby": "sets-title" },
    h("div", { class: "panel-head" }, h("h2", { id: "sets-title" }, "Stack sets")),
    table.element,
  );
}

/**
 * @param {string} label
 * @param {Child} value
 */
export const figure = (label, value) => h("div", null, h("dt", null, label), h("dd", null, value));
