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
 * @property {Numbers} flags 1 needs a person, 2 has a story, 4 had one that was left out
 * @property {Numbers} ou
 * @property {Numbers} state
 * @property {Numbers} desire
 * @property {Numbers} because
 * @property {Numbers} reason
 * @property {Numbers} class
 * @property {Numbers} hint
 */
/** @typedef {{path: string, expected: string, actual: string, type: string}} Difference */
/** @typedef {{logicalId: string, physicalId?: string, resourceType: string, status: string, differences?: Difference[], checked?: string}} ResourceDrift */
/** @typedef {{at: string, remedy: string, outcome: string, class?: string, reason?: string, action?: string}} Step */
/** @typedef {{drift?: ResourceDrift[], steps?: Step[], heals?: number, quarantined?: string, checked?: string, remedy?: string, notBefore?: string, pinned?: string}} Story */
/** @typedef {{id: string, name?: string, state: string, ou: number}} Account */
/** @typedef {{id: string, name?: string, parent: number}} Unit */
/** @typedef {{id: string, kind: string, status: string, reason?: string, failedInstances: number, created?: string, ended?: string}} Operation */
/** @typedef {{name: string, id?: string, description?: string, permissionModel: string, mandatory: boolean, selfHealing: boolean, dependsOn?: string[], antiDependsOn?: string[], instances: number, before: Counts, after: Counts, lastDriftCheck?: string, operations?: Operation[], history?: {worst: string, unhealthy: number}[]}} StackSet */
/** @typedef {{id: string, stackSet: number, action: string, remedy: string, accounts: Numbers, regions: Numbers, cells: number, operationId: string, outcome: string, reason: string, started?: string, ended?: string, after?: string[]}} Action */
/** @typedef {{reason: number, example: number, class: number, hint: number, verdict: number, cells: Numbers}} Group */
/** @typedef {{run: string, at: string, result: string, before: Counts, after: Counts, seconds: number, healed?: number, healSeconds?: number, attention?: number}} HistoryPoint */
/** @typedef {{id: string, stackSet?: string, reason: string, hint?: string, since?: string}} Approval */
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
 * @property {Numbers} action
 * @property {Numbers} outcome
 * @property {Numbers} operation
 */
/**
 * @typedef {object} Model
 * @property {{tone: string, text: string, detail?: string}} headline
 * @property {{id: string, engine: string, started: string, ended?: string, virtualSeconds: number, result: string, stage?: string, homeRegion: string, error?: string}} run
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
 * @property {Group[]} groups
 * @property {Action[]} actions
 * @property {Decisions} decisions
 * @property {HistoryPoint[]} history
 * @property {Approval[]} approvals
 * @property {{console: boolean, home: string, portal?: string, role?: string}} links
 * @property {{details: number, decisions: number}} omitted
 * @property {boolean} live
 */

export const HAS_STORY = 2,
  STORY_OMITTED = 4;

/** @type {Model} */
export let model;

/** @type {Promise<Map<number, Story>>} the cells' stories, unpacked once the page is usable */
export let stories;

/** @type {Map<number, Story>} the same, empty until then */
export let unpackedStories = new Map();

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
 * @param {{r?: number[], v?: number[]}} packed runs as [value, count, …], or values
 * @returns {Numbers}
 */
export function column(packed) {
  if (packed.v) return Int32Array.from(packed.v);
  const runs = packed.r || [];
  let length = 0;
  for (let i = 1; i < runs.length; i += 2) length += runs[i];
  const numbers = new Int32Array(length);
  for (let i = 0, at = 0; i < runs.length; i += 2) numbers.fill(runs[i], at, (at += runs[i + 1]));
  return numbers;
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
  unpackColumns(core.cells);
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
/** @param {number} cell */
export const reasonOf = (cell) => model.texts[model.cells.reason[cell]];

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
  for (const c of model.texts[group.class] + "|" + model.texts[group.reason])
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
