// @ts-check
// What this run did: the operations over time and as a table, and every decision
// with its reason.

import { runSeconds } from "./banner.js";
import { accountLabel, model } from "./data.js";
import { count, drawnToFit, h, plural } from "./dom.js";
import { wordsOf } from "./filter.js";
import { chosenVerdicts, go, state } from "./state.js";
import { DataTable } from "./table.js";
import { endOf, startOf, timelineOf, timelineRange } from "./timeline.js";
import { pill } from "./verdicts.js";
import { clock, duration, timeOfDay } from "./time.js";
import { figure } from "./stacksets.js";
/** @import { Action } from "./data.js" */

/** @returns {HTMLElement[]} */
export function runView() {
  return [operationsPanel(), decisionsPanel()];
}

function operationsPanel() {
  const timed = model.actions.some((a) => !isNaN(startOf(a)));
  const panel = h(
    "section",
    { class: "panel", "aria-labelledby": "run-title" },
    h(
      "div",
      { class: "panel-head" },
      h("h2", { id: "run-title" }, "What this run did"),
      h("span", { class: "muted" }, plural(model.actions.length, "operation")),
    ),
    runFigures(),
  );
  if (timed) {
    const box = {
      class: "timeline-box",
      tabindex: 0,
      role: "region",
      "aria-label": "Timeline of operations, " + timelineRange(),
    };
    panel.append(
      h("p", { class: "muted small pad range" }, timelineRange()),
      drawnToFit(box, (width) => timelineOf(width)),
      chosenAction() || "",
    );
  }
  if (model.actions.length) panel.append(actionTable());
  else panel.append(h("p", { class: "none" }, "This run changed nothing."));
  return panel;
}

function runFigures() {
  const { api, overrides } = model,
    cells = model.deeds.reduce((n, deed) => n + deed.cells, 0);
  return h(
    "dl",
    { class: "figures" },
    figure("Duration", duration(runSeconds())),
    figure("Operations", count(model.actions.length)),
    figure("Cells acted on", count(cells)),
    figure("API calls", count(api.calls)),
    figure("of them writes", count(api.writes)),
    figure("Throttled", count(api.throttled)),
    figure("Overrides restored", count(overrides.restored) + " of " + count(overrides.saved)),
  );
}

function chosenAction() {
  const action = model.actions.find((a) => a.id === state.action);
  if (!action) return null;
  const waiters = model.actions.filter((a) => (a.after || []).includes(action.id));
  const link = (/** @type {string} */ id) =>
    h("li", null, h("button", { type: "button", class: "link", onclick: () => go({ action: id }) }, actionName(id)));
  return h(
    "div",
    { class: "chosen-action" },
    h("h3", null, actionName(action.id)),
    h(
      "p",
      null,
      h("span", { class: "dot tone-" + action.tone }),
      action.outcome,
      " · ",
      plural(action.cells, "cell"),
      " · ",
      plural(action.reached, "account"),
      " × ",
      plural(action.regions.length, "region"),
      " · ",
      clock(startOf(action)),
    ),
    action.reason && h("p", { class: "reason" }, action.reason),
    action.operationId && h("p", { class: "muted small code" }, action.operationId),
    (action.after || []).length > 0 &&
      h("div", null, h("h4", null, "Waited for"), h("ul", { class: "plain" }, (action.after || []).map(link))),
    waiters.length > 0 &&
      h(
        "div",
        null,
        h("h4", null, "Waited for it"),
        h(
          "ul",
          { class: "plain" },
          waiters.map((a) => link(a.id)),
        ),
      ),
  );
}

/** @param {string} id */
export function actionName(id) {
  const action = model.actions.find((a) => a.id === id);
  return action
    ? action.action.toLowerCase().replaceAll("_", " ") +
        " " +
        model.stackSets[action.stackSet].name +
        " (" +
        count(action.cells) +
        ")"
    : id;
}

/** @param {Action} action */
function actionMatches(action) {
  if (state.set && model.stackSets[action.stackSet].name !== state.set) return false;
  const text = [
    model.stackSets[action.stackSet].name,
    action.id,
    action.action,
    action.remedy,
    action.outcome,
    action.reason,
    action.operationId,
    ...Array.from(action.accounts, (a) => model.accounts[a].id + " " + (model.accounts[a].name || "")),
  ]
    .join(" ")
    .toLowerCase();
  return wordsOf(state.q).every((word) => text.includes(word));
}

function actionTable() {
  const action = (/** @type {number} */ i) => model.actions[i];
  const table = new DataTable({
    name: "operations",
    label: "Operations",
    rowHeight: 34,
    open: (i) => go({ action: action(i).id }),
    openLabel: (i) => "Show " + actionName(action(i).id),
    columns: [
      {
        key: "action",
        label: "Operation",
        width: "11rem",
        value: (i) => action(i).action,
        show: (i) => action(i).action.toLowerCase().replaceAll("_", " "),
      },
      { key: "remedy", label: "Remedy", width: "7rem", value: (i) => action(i).remedy },
      { key: "stackSet", label: "Stack set", width: "15rem", value: (i) => model.stackSets[action(i).stackSet].name },
      {
        key: "outcome",
        label: "Outcome",
        width: "8rem",
        value: (i) => action(i).outcome,
        show: (i) => h("span", null, h("span", { class: "dot tone-" + action(i).tone }), action(i).outcome),
      },
      {
        key: "cells",
        label: "Cells",
        number: true,
        width: "5rem",
        value: (i) => action(i).cells,
        show: (i) => count(action(i).cells),
      },
      {
        key: "started",
        label: "Started",
        width: "8rem",
        value: (i) => action(i).started || "",
        show: (i) => h("span", { class: "code", title: clock(startOf(action(i))) }, timeOfDay(startOf(action(i)))),
      },
      {
        key: "seconds",
        label: "Took",
        number: true,
        width: "7rem",
        value: (i) => (isNaN(startOf(action(i))) ? 0 : (endOf(action(i)) - startOf(action(i))) / 1000),
        show: (i) => duration((endOf(action(i)) - startOf(action(i))) / 1000),
      },
      {
        key: "after",
        label: "Waited for",
        width: "13rem",
        value: (i) => (action(i).after || []).join(" "),
        show: (i) => (action(i).after || []).map(actionName).join(", "),
      },
      {
        key: "reason",
        label: "Reason",
        width: "26rem",
        value: (i) => action(i).reason,
        show: (i) => h("span", { title: action(i).reason }, action(i).reason),
      },
      {
        key: "operationId",
        label: "Operation id",
        width: "18rem",
        value: (i) => action(i).operationId,
        show: (i) => h("span", { class: "code" }, action(i).operationId),
      },
    ],
  });
  table.show(model.actions.map((_, i) => i).filter((i) => actionMatches(model.actions[i])));
  return table.element;
}

/**
 * @param {string[]} names
 * @param {number} i
 */
const nameAt = (names, i) => (i < 0 ? "" : names[i]);

function decisionsPanel() {
  const d = model.decisions,
    { texts } = model,
    sets = model.stackSets.map((set) => set.name),
    accounts = model.accounts.map((a) => a.id);
  const table = new DataTable({
    name: "decisions",
    label: "Decisions",
    rowHeight: 34,
    none: d.count ? "Nothing matches." : "No decision is recorded here; decisions.jsonl has them.",
    columns: [
      {
        key: "time",
        label: "Time",
        width: "7rem",
        value: (i) => new Date(d.start + d.time[i]).toISOString(),
        show: (i) => h("span", { class: "code", title: clock(d.start + d.time[i]) }, timeOfDay(d.start + d.time[i])),
      },
      { key: "stackSet", label: "Stack set", width: "14rem", value: (i) => nameAt(sets, d.set[i]) },
      {
        key: "account",
        label: "Account",
        width: "12rem",
        value: (i) => nameAt(accounts, d.account[i]),
        show: (i) =>
          d.account[i] < 0
            ? ""
            : h("span", { title: accounts[d.account[i]] }, accountLabel(model.accounts[d.account[i]])),
      },
      { key: "region", label: "Region", width: "8rem", value: (i) => nameAt(model.regions, d.region[i]) },
      {
        key: "verdict",
        label: "Verdict",
        width: "9rem",
        value: (i) => nameAt(model.verdicts, d.verdict[i]),
        show: (i) => (d.verdict[i] < 0 ? "" : pill(model.verdicts[d.verdict[i]])),
      },
      { key: "action", label: "Decision", width: "8rem", value: (i) => texts[d.action[i]] },
      {
        key: "outcome",
        label: "Outcome",
        width: "8rem",
        value: (i) => texts[d.outcome[i]],
        show: (i) =>
          h("span", null, h("span", { class: "dot tone-" + texts[d.tone[i]] }), texts[d.outcome[i]]),
      },
      {
        key: "reason",
        label: "Reason",
        width: "30rem",
        value: (i) => texts[d.said[i]] || texts[d.reason[i]],
        show: (i) => h("span", { title: texts[d.reason[i]] }, texts[d.said[i]] || texts[d.reason[i]]),
      },
      {
        key: "operationId",
        label: "Operation id",
        width: "18rem",
        value: (i) => texts[d.operation[i]],
        show: (i) => h("span", { class: "code" }, texts[d.operation[i]]),
      },
    ],
  });
  table.show(matchingDecisions());
  return h(
    "section",
    { class: "panel", "aria-labelledby": "decisions-title" },
    h(
      "div",
      { class: "panel-head" },
      h("h2", { id: "decisions-title" }, "Decisions"),
      model.omitted.decisions
        ? h("span", { class: "muted" }, "the newest; " + count(model.omitted.decisions) + " more in decisions.jsonl")
        : null,
    ),
    table.element,
  );
}

function matchingDecisions() {
  const d = model.decisions,
    { texts } = model,
    chosen = chosenVerdicts();
  const words = wordsOf(state.q),
    all = Array.from({ length: d.count }, (_, i) => i);
  return all.filter((i) => {
    if (
      state.set &&
      nameAt(
        model.stackSets.map((x) => x.name),
        d.set[i],
      ) !== state.set
    )
      return false;
    if (chosen.size && !chosen.has(nameAt(model.verdicts, d.verdict[i]))) return false;
    if (words.length === 0) return true;
    const account =
      d.account[i] < 0 ? "" : model.accounts[d.account[i]].id + " " + (model.accounts[d.account[i]].name || "");
    const text = [
      d.set[i] < 0 ? "" : model.stackSets[d.set[i]].name,
      account,
      nameAt(model.regions, d.region[i]),
      nameAt(model.verdicts, d.verdict[i]),
      texts[d.action[i]],
      texts[d.outcome[i]],
      texts[d.reason[i]],
      texts[d.said[i]],
      texts[d.operation[i]],
    ]
      .join(" ")
      .toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
