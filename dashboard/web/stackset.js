// @ts-check
// One stack set: how it is, what is wrong in it, what AWS did to it lately, what it
// needs and what needs it.

import { attentionIn } from "./attention.js";
import { sparkline } from "./charts.js";
import { model } from "./data.js";
import { count, h, plural } from "./dom.js";
import { outside, stackSetLink } from "./links.js";
import { matrixOf } from "./matrix.js";
import { commandShown, shellWord } from "./said.js";
import { figure, setNameShown, successRate, trendOf } from "./stacksets.js";
import { go, state } from "./state.js";
import { DataTable } from "./table.js";
import { age, clock, duration, instant } from "./time.js";
import { glyph, lookOf, VERDICT_ORDER, verdictBar } from "./verdicts.js";
/** @import { StackSet } from "./data.js" */

/** @returns {HTMLElement[]} */
export function stackSetView() {
  const i = model.stackSets.findIndex((set) => set.name === state.set);
  if (i < 0)
    return [
      h(
        "section",
        { class: "panel" },
        h("p", { class: "none" }, state.set ? "There is no stack set " + state.set + " in this report." : "No stack set is chosen."),
      ),
    ];
  const set = model.stackSets[i];
  return [headOf(set), attentionIn(i), fleetOf(set), operationsOf(set)];
}

/** @param {StackSet} set */
function headOf(set) {
  const rate = successRate(set),
    at = instant(set.lastDriftCheck),
    counts = set.after || {};
  const needed = model.stackSets.filter((other) => (other.dependsOn || []).includes(set.name)).map((other) => other.name);
  return h(
    "section",
    { class: "panel", "aria-labelledby": "set-title" },
    h(
      "div",
      { class: "panel-head" },
      h("h2", { id: "set-title" }, setNameShown(set)),
      outside(stackSetLink(set), "In the console"),
      h("button", { type: "button", class: "link", onclick: () => go({ view: "sets", set: "" }) }, "All stack sets"),
    ),
    h(
      "div",
      { class: "pad" },
      set.description && h("p", null, set.description),
      verdictBar(counts),
      h(
        "ul",
        { class: "tallies" },
        VERDICT_ORDER.slice()
          .reverse()
          .filter((v) => counts[v])
          .map((v) => h("li", null, glyph(v, 14), lookOf(v).label, " ", h("strong", null, count(counts[v])))),
      ),
      commandShown("setmend explain " + shellWord(set.name)),
    ),
    h(
      "dl",
      { class: "figures" },
      figure("Instances", count(set.instances)),
      figure("Permissions", (set.permissionModel || "–").toLowerCase().replaceAll("_", " ")),
      figure("Drift checked", isNaN(at) ? "never" : age(at, true)),
      figure("Recent success", isNaN(rate) ? "–" : Math.round(rate * 100) + " %"),
      figure("Found wrong by the last runs", sparkline(trendOf(set), "unhealthy instances over the last runs")),
    ),
    h(
      "dl",
      { class: "relations" },
      related("Needs", set.dependsOn || []),
      related("Is needed by", needed),
      related("Never beside", set.antiDependsOn || []),
    ),
  );
}

/**
 * @param {string} label
 * @param {string[]} names
 */
function related(label, names) {
  if (names.length === 0) return null;
  return h(
    "div",
    null,
    h("dt", null, label),
    h(
      "dd",
      null,
      names.map((name) =>
        h("button", { type: "button", class: "cell-link", onclick: () => go({ view: "set", set: name }) }, name),
      ),
    ),
  );
}

/** @param {StackSet} set */
function fleetOf(set) {
  return h(
    "section",
    { class: "panel", "aria-labelledby": "set-fleet-title" },
    h(
      "div",
      { class: "panel-head" },
      h("h2", { id: "set-fleet-title" }, "Its instances"),
      h(
        "span",
        { class: "panel-tools" },
        h("button", { type: "button", class: "link", onclick: () => go({ view: "fleet", as: "table", set: set.name }) }, "As a table"),
      ),
    ),
    matrixOf(),
  );
}

/** @type {Record<string, string>} */
const STATUS_TONES = { SUCCEEDED: "good", FAILED: "bad", STOPPED: "warn" };

/** @param {StackSet} set */
function operationsOf(set) {
  const list = set.operations || [],
    operation = (/** @type {number} */ i) => list[i];
  const took = (/** @type {number} */ i) => (instant(operation(i).ended) - instant(operation(i).created)) / 1000;
  const table = new DataTable({
    name: "set-operations",
    label: "Recent operations",
    rowHeight: 34,
    none: "AWS was not asked for its operations, or has none.",
    columns: [
      {
        key: "kind",
        label: "Operation",
        width: "10rem",
        value: (i) => operation(i).kind,
        show: (i) => operation(i).kind.toLowerCase().replaceAll("_", " "),
      },
      {
        key: "status",
        label: "Result",
        width: "9rem",
        value: (i) => operation(i).status,
        show: (i) =>
          h("span", null, h("span", { class: "dot tone-" + (STATUS_TONES[operation(i).status] || "busy") }), operation(i).status.toLowerCase()),
      },
      { key: "failed", label: "Failed at", number: true, width: "6rem", value: (i) => operation(i).failedInstances || 0 },
      {
        key: "created",
        label: "Began",
        width: "13rem",
        value: (i) => operation(i).created || "",
        show: (i) => h("span", { class: "code" }, clock(instant(operation(i).created))),
      },
      { key: "took", label: "Took", number: true, width: "6rem", value: (i) => took(i) || 0, show: (i) => duration(took(i)) },
      { key: "reason", label: "AWS's reason", width: "20rem", value: (i) => operation(i).reason || "" },
      { key: "id", label: "Operation id", width: "18rem", value: (i) => operation(i).id, show: (i) => h("span", { class: "code" }, operation(i).id) },
    ],
  });
  table.show(list.map((_, i) => i));
  return h(
    "section",
    { class: "panel", "aria-labelledby": "set-operations-title" },
    h(
      "div",
      { class: "panel-head" },
      h("h2", { id: "set-operations-title" }, "Recent operations"),
      h("span", { class: "muted" }, plural(list.length, "operation")),
    ),
    table.element,
  );
}
