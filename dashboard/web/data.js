// @ts-check
// The report as the page holds it: columns of numbers into dictionaries, in the
// form that payload.go documents.

import { state } from "./state.js";

/** @typedef {Int32Array} Numbers */
/** @typedef {Record<string, number>} Counts verdict → cells */
/**
 * @typedef {object} Cells
 * @property {number} count
 * @property {Numbers} set
 * @property {Numbers} account
 * @property {Numbers} region
 * @property {Numbers} verdict
 * @property {Numbers} before
 * @property {Numbers} ou of cells whose account the organization does not have, else -1
 * @property {Numbers} want
 * @property {Numbers} kind
 * @property {Record<"verdict" | "before" | "attention" | "state" | "reason" | "said" | "where" | "class" | "hint" | "held", Numbers>} kinds
 * @property {Numbers} desire of a want
 * @property {Numbers} because of a want
 */
/** @typedef {{path: string, expected: string, actual: string, type: string}} Difference */
/** @typedef {{logicalId: string, physicalId?: string, resourceType: string, status: string, differences?: Difference[], checked?: string}} ResourceDrift */
/** @typedef {{at: string, remedy: string, outcome: string, tone: string, class?: string, reason?: string, said?: string, where?: string, action?: string}} Step */
/** @typedef {{drift?: ResourceDrift[], steps?: Step[], heals?: number, quarantined?: string, checked?: string, remedy?: string, notBefore?: string, pinned?: string}} Story */
/** @typedef {{id: string, name?: string, state: string, ou: number}} Account */
/** @typedef {{id: string, name?: string, parent: number}} Unit */
/** @typedef {{id: string, kind: string, status: string, reason?: string, failedInstances: number, created?: string, ended?: string}} Operation */
/** @typedef {{name: string, id?: string, description?: string, permissionModel: string, mandatory: boolean, selfHealing: boolean, dependsOn?: string[], antiDependsOn?: string[], instances: number, before: Counts, after: Counts, lastDriftCheck?: string, operations?: Operation[], history?: {worst: string, unhealthy: number}[]}} StackSet */
/** @typedef {{id: string, stackSet: number, action: string, remedy: string, accounts: Numbers, reached: number, regions: Numbers, cells: number, tone: string, open?: boolean, operationId: string, outcome: string, reason: string, started?: string, ended?: string, after?: string[]}} Action */
/** @typedef {{does: string, command: string, cell?: boolean, release?: boolean}} Next what a person can do */
/** @typedef {{pattern: string, reason: number, said: number, where: number, class: number, hint: number, verdict: number, differ: boolean, example: number, cells: Numbers, next: Next[]}} Group */
/** @typedef {{stackSet?: string, reason: string, said?: string, hint?: string, next: Next[]}} Loose */
/** @typedef {{why: string, until?: number, cells: number, next: Next[]}} Held */
/** @typedef {{remedy: string, outcome: string, tone: string, cells: number}} Deed */
/** @typedef {{kind: string, stackSet: string, logicalId?: string, resourceType?: string, cells: number, note?: string}} Destruction */
/** @typedef {{run: string, at: string, result: string, before: Counts, after: Counts, seconds: number, healed?: number, healSeconds?: number, attention?: number}} HistoryPoint */
/** @typedef {{id: string, stackSet?: string, reason: string, hint?: string, since?: string, of?: number, all?: number, cells?: number, operations?: number, destroys?: Destruction[], decision?: string, by?: string, note?: string, until?: string}} Approval */
/** @typedef {{guard: string, stackSet?: string, reason: string, hint: string, accepted?: boolean, opened?: boolean}} Trip */
/** @typedef {{stackSet?: string, text: string, hint: string, stops: boolean}} Problem */
/**
 * @typedef {object} Decisions
 * @property {number} count
 * @property {number} start
 * @property {Numbers} time
 * @property {Numbers} set
 * @property {Numbers} account
 * @property {Numbers} region
 * @property {Numbers} verdict
 * @property {Numbers} reason
 * @property {Numbers} said
 * @property {Numbers} where
 * @property {Numbers} tone
 * @property {Numbers} action
 * @property {Numbers} outcome
 * @property {Numbers} operation
 */
/**
 * @typedef {object} Model
 * @property {{tone: string, text: string, detail?: string, next?: Next[]}} headline
 * @property {{id: string, engine: string, started: string, ended?: string, virtualSeconds: number, result: string, stage?: string, homeRegion: string, error?: string, cutOff?: string}} run
 * @property {{organization: string, accounts: Record<string, number>, stackSets: number, cells: number, instances: number}} fleet
 * @property {Counts} before
 * @property {Counts} after
 * @property {{saved: number, restored: number, lost: number}} overrides
 * @property {{calls: number, writes: number, throttled: number, byAction: Record<string, number>}} api
 * @property {Trip[]} guards
 * @property {Problem[]} problems
 * @property {string} dataAt
 * @property {number[][]} levels
 * @property {StackSet[]} stackSets
 * @property {Account[]} accounts
 * @property {Unit[]} ous
 * @property {string[]} regions
 * @property {string[]} verdicts
 * @property {string[]} texts
 * @property {Cells} cells
 * @property {number} absent
 * @property {Group[]} groups
 * @property {Loose[]} loose
 * @property {Held[]} held
 * @property {Deed[]} deeds
 * @property {Action[]} actions
 * @property {Decisions} decisions
 * @property {HistoryPoint[]} history
 * @property {Approval[]} approvals
 * @property {{console: boolean, home: string, portal?: string, role?: string}} links
 * @property {{decisions: number}} omitted
 * @property {boolean} live
 * @property {boolean} underWay a run is, or was cut off
 */

/** @type {Model} */
export let model;

/** @type {Promise<Map<number, Story>>} the cells' stories, unpacked once the page is usable */
export let stories;

/** @type {Map<number, Story>} the same, empty until then */
export let unpackedStories = new Map();

/** How many stories of healthy cells were left out to keep the page small. */
export let omittedStories = 0;

/**
 * Puts another report in the place of the one shown. Its stories may come later.
 * @param {Model} next
 * @param {Promise<Map<number, Story>>} told
 */
export function showReport(next, told) {
  model = next;
  stories = told;
}

/** @param {Map<number, Story>} told */
export function keepStories(told) {
  unpackedStories = told;
}

/**
 * Unpacks base64 (URL alphabet) of gzipped JSON.
 * @param {string} text
 */
export async function unpack(text) {
  const binary = atob(text.trim().replaceAll("-", "+").replaceAll("_", "/"));
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
  // A Blob would travel to another process and back.
  const source = new ReadableStream({
    start(controller) {
      controller.enqueue(bytes);
      controller.close();
    },
  });
  return JSON.parse(await new Response(source.pipeThrough(new DecompressionStream("gzip"))).text());
}

/**
 * @param {{r?: number[], d?: number[], v?: number[]}} packed runs as [value, count, …], runs of differences, or values
 * @returns {Numbers}
 */
function column(packed) {
  if (packed.v) return Int32Array.from(packed.v);
  const runs = packed.r || packed.d || [];
  let length = 0;
  for (let i = 1; i < runs.length; i += 2) length += runs[i];
  const numbers = new Int32Array(length);
  if (packed.r) {
    for (let i = 0, at = 0; i < runs.length; i += 2) numbers.fill(runs[i], at, (at += runs[i + 1]));
    return numbers;
  }
  for (let i = 0, at = 0, last = 0; i < runs.length; i += 2)
    for (let n = 0; n < runs[i + 1]; n++) numbers[at++] = last += runs[i];
  return numbers;
}

/**
 * Account ids: twelve digits are more than an Int32Array holds.
 * @param {{r?: number[], d?: number[], v?: number[]}} packed
 */
function accountIds(packed) {
  const wide = [...(packed.v || [])];
  const runs = packed.r || packed.d || [];
  for (let i = 0, last = 0; i < runs.length; i += 2)
    for (let n = 0; n < runs[i + 1]; n++) wide.push((last = packed.d ? last + runs[i] : runs[i]));
  return wide.map((id) => String(id).padStart(12, "0"));
}

/**
 * @param {any} packed payload.go's accountColumns
 * @param {string[]} texts
 * @returns {Account[]}
 */
function accountsOf(packed, texts) {
  const state = column(packed.state),
    ou = column(packed.ou);
  return (packed.text || accountIds(packed.id)).map((/** @type {string} */ id, /** @type {number} */ i) => ({
    id,
    name: packed.name[i],
    state: texts[state[i]],
    ou: ou[i],
  }));
}

/**
 * @param {any} packed payload.go's cellTable
 * @returns {Cells}
 */
function cellsOf(packed) {
  const count = packed.count,
    kind = column(packed.kind);
  const kinds = unpackColumns(packed.kinds);
  const numbers = () => new Int32Array(count);
  const cells = {
    count,
    kind,
    kinds,
    set: numbers(),
    account: numbers(),
    region: numbers(),
    ou: numbers(),
    want: numbers(),
    verdict: kind.map((k) => kinds.verdict[k]),
    before: kind.map((k) => kinds.before[k]),
    desire: column(packed.desire || { v: [] }),
    because: column(packed.because || { v: [] }),
  };
  const shapes = (packed.shapes || []).map((/** @type {any} */ shape) => {
    const times = column(shape.times),
      region = column(shape.region);
    const account = new Int32Array(region.length);
    let at = 0;
    column(shape.account).forEach((a, i) => account.fill(a, at, (at += times[i])));
    return { account, region, ou: column(shape.ou) };
  });
  const wants = (packed.wants || []).map(column);
  let at = 0;
  for (const { set, shape, want } of packed.blocks || []) {
    const { account, region, ou } = shapes[shape];
    cells.set.fill(set, at, at + account.length);
    cells.account.set(account, at);
    cells.region.set(region, at);
    cells.ou.set(ou, at);
    cells.want.set(wants[want], at);
    at += account.length;
  }
  return cells;
}

/** @param {any} table an object whose columns are unpacked in place */
function unpackColumns(table) {
  for (const [key, value] of Object.entries(table)) {
    if (value === null) table[key] = new Int32Array(0);
    else if (typeof value === "object") table[key] = column(/** @type {any} */ (value));
  }
  return table;
}

/**
 * @param {any} core payload.go's payload
 * @returns {Model}
 */
export function modelOf(core) {
  core.cells = cellsOf(core.cells);
  core.accounts = accountsOf(core.accounts, core.texts);
  unpackColumns(core.decisions);
  for (const group of core.groups) group.cells = column(group.cells);
  for (const action of core.actions) {
    action.accounts = column(action.accounts);
    action.regions = column(action.regions);
  }
  return core;
}

/**
 * @param {any} details payload.go's details
 * @returns {Map<number, Story>}
 */
export function storiesOf(details) {
  omittedStories = details.omitted || 0;
  const cells = column(details.cells);
  return new Map(Array.from(cells, (cell, i) => [cell, details.stories[i]]));
}

/** @param {number} cell */
export const verdictOf = (cell) => model.verdicts[model.cells.verdict[cell]];
/** @param {number} cell */
export const beforeOf = (cell) => model.verdicts[model.cells.before[cell]];
/** @param {number} cell */
export const setOf = (cell) => model.stackSets[model.cells.set[cell]];
/** @param {number} cell */
export const accountOf = (cell) => model.accounts[model.cells.account[cell]];
/** @param {number} cell */
export const regionOf = (cell) => model.regions[model.cells.region[cell]];
/**
 * @param {"state" | "reason" | "said" | "where" | "class" | "hint"} what
 * @param {number} cell
 */
export const textOf = (what, cell) => model.texts[model.cells.kinds[what][model.cells.kind[cell]]];

/** @param {number} cell what is the matter, in one text: AWS's where it says anything */
export const reasonOf = (cell) => textOf("said", cell) || textOf("reason", cell);
/** @param {number} cell */
export const becauseOf = (cell) => model.texts[model.cells.because[model.cells.want[cell]]];
/** @param {number} cell */
export const desireOf = (cell) => model.texts[model.cells.desire[model.cells.want[cell]]];
/** @param {number} cell */
export const needsPerson = (cell) => model.cells.kinds.attention[model.cells.kind[cell]] === 1;
/**
 * @param {number} cell
 * @returns {Held | undefined} what holds it back
 */
export const heldOf = (cell) => model.held[model.cells.kinds.held[model.cells.kind[cell]]];

/** @param {string} verdict neither healthy, nor unchecked, nor rightly not there */
export const isWrong = (verdict) => !["healthy", "notChecked", "removed", "absent"].includes(verdict);

/** @param {Account} account */
export const accountLabel = (account) => account.name || account.id;

/** @param {number} cell */
export const unitOf = (cell) => (accountOf(cell).ou >= 0 ? accountOf(cell).ou : model.cells.ou[cell]);

/**
 * @param {number} unit place in model.ous, -1 for none
 * @returns {string}
 */
export function unitPath(unit) {
  const names = [];
  for (let u = unit; u >= 0 && names.length < 20; u = model.ous[u].parent) {
    if (model.ous[u].parent >= 0 || u === unit) names.unshift(model.ous[u].name || model.ous[u].id); // the root says nothing
  }
  return names.join(" / ") || "No organizational unit";
}

/**
 * A group's name in the address: short, and the same in the next report.
 * @param {Group} group
 */
export function groupKey(group) {
  let hash = 0x811c9dc5; // FNV-1a
  for (const c of group.pattern)
    hash = Math.imul(hash ^ (c.codePointAt(0) || 0), 0x01000193) >>> 0;
  return hash.toString(36);
}

export const chosenGroup = () => model.groups.find((group) => groupKey(group) === state.group);

/** @param {number} cell */
export const cellKey = (cell) => setOf(cell).name + "@" + accountOf(cell).id + "/" + regionOf(cell);

/**
 * @param {string} key
 * @returns {number} -1 if there is no such cell
 */
export function cellOfKey(key) {
  for (let i = 0; i < model.cells.count; i++) {
    if (key.endsWith(accountOf(i).id + "/" + regionOf(i)) && cellKey(i) === key) return i;
  }
  return -1;
}
