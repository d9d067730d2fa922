// @ts-check
// Where every cell of the fleet stands: accounts, grouped by OU, against stack
// sets with their regions. Either can be the rows.

import { accountLabel, model, unitOf, unitPath } from "./data.js";
import { state } from "./state.js";
/** @import { Numbers } from "./data.js" */

/**
 * @typedef {object} Lane a row or a column of cells
 * @property {string} label
 * @property {string} more said where there is room
 * @property {number} group
 */
/**
 * @typedef {object} Axis
 * @property {Lane[]} lanes
 * @property {{label: string, start: number, end: number}[]} groups
 */
/**
 * @typedef {object} Layout
 * @property {Axis} rows
 * @property {Axis} columns
 * @property {Int32Array} at cell + 1 at row × columns + column, 0 for none
 * @property {boolean} byUnit accounts are the rows
 */

/**
 * Numbers the lanes that are used, in the order of their sort keys.
 * @template T
 * @param {T[]} items
 * @param {(item: T) => string} keyOf
 */
export function ordered(items, keyOf) {
  const keyed = items.map((item) => ({ item, key: keyOf(item) }));
  keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  return keyed.map(({ item }) => item);
}

/**
 * @param {{label: string, more: string, groupLabel: string}[]} lanes
 * @returns {Axis}
 */
function axisOf(lanes) {
  /** @type {Axis} */
  const axis = { lanes: [], groups: [] };
  for (const { label, more, groupLabel } of lanes) {
    let group = axis.groups.at(-1);
    if (!group || group.label !== groupLabel)
      axis.groups.push((group = { label: groupLabel, start: axis.lanes.length, end: axis.lanes.length }));
    axis.lanes.push({ label, more, group: axis.groups.length - 1 });
    group.end = axis.lanes.length;
  }
  return axis;
}

/** @param {number[]} cells */
export function accountAxis(cells) {
  const c = model.cells;
  /** @type {Map<number, number>} */
  const units = new Map();
  for (const cell of cells) if (!units.has(c.account[cell])) units.set(c.account[cell], unitOf(cell));
  const paths = new Map([...new Set(units.values())].map((unit) => [unit, unitPath(unit)]));
  const pathOf = (/** @type {number} */ account) => paths.get(units.get(account) ?? -1) || "";
  const accounts = ordered(
    [...units.keys()],
    (a) => pathOf(a) + "\u0000" + accountLabel(model.accounts[a]) + model.accounts[a].id,
  );
  const axis = axisOf(
    accounts.map((a) => ({
      label: accountLabel(model.accounts[a]),
      more: model.accounts[a].id,
      groupLabel: pathOf(a),
    })),
  );
  return { axis, place: new Map(accounts.map((account, i) => [account, i])) };
}

/** @param {number[]} cells */
function setAxis(cells) {
  const c = model.cells,
    width = model.regions.length;
  const level = new Map(model.levels.flatMap((sets, depth) => sets.map((set) => [set, depth])));
  /** @type {Set<number>} */
  const used = new Set();
  for (const cell of cells) used.add(c.set[cell] * width + c.region[cell]);
  const keys = ordered([...used], (key) => {
    const set = Math.floor(key / width);
    return (
      String(level.get(set) ?? 999).padStart(3, "0") + model.stackSets[set].name + "\u0000" + model.regions[key % width]
    );
  });
  const axis = axisOf(
    keys.map((key) => ({
      label: model.regions[key % width],
      more: "",
      groupLabel: model.stackSets[Math.floor(key / width)].name,
    })),
  );
  return { axis, place: new Map(keys.map((key, i) => [key, i])) };
}

/**
 * @param {number[]} cells
 * @returns {Layout}
 */
export function layOut(cells) {
  const c = model.cells,
    byUnit = state.by !== "set",
    regions = model.regions.length;
  const accounts = accountAxis(cells),
    sets = setAxis(cells);
  const rows = byUnit ? accounts.axis : sets.axis,
    columns = byUnit ? sets.axis : accounts.axis;
  const at = new Int32Array(rows.lanes.length * columns.lanes.length);
  for (let cell = 0; cell < c.count; cell++) {
    const account = accounts.place.get(c.account[cell]),
      set = sets.place.get(c.set[cell] * regions + c.region[cell]);
    if (account === undefined || set === undefined) continue;
    at[byUnit ? account * columns.lanes.length + set : set * columns.lanes.length + account] = cell + 1;
  }
  return { rows, columns, at, byUnit };
}

/**
 * The places of the lanes in pixels: lanes of one size, a gap before every group,
 * and no group less than so many pixels, its label's height.
 * @param {Axis} axis
 * @param {number} size
 * @param {number} gap
 * @param {number} first before the first group
 * @param {number} least
 */
export function offsetsOf(axis, size, gap, first, least) {
  const offsets = new Float64Array(axis.lanes.length + 1);
  let at = first;
  for (const { start, end } of axis.groups) {
    if (start > 0) at += gap;
    for (let i = start; i < end; i++) offsets[i] = at + (i - start) * size;
    at += Math.max(least, (end - start) * size);
  }
  offsets[axis.lanes.length] = at;
  return offsets;
}

/**
 * The lane at a place in pixels: the last that starts at or before it.
 * @param {Float64Array} offsets
 * @param {number} place
 */
export function laneAt(offsets, place) {
  let low = 0,
    high = offsets.length - 2;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (offsets[middle] <= place) low = middle;
    else high = middle - 1;
  }
  return low;
}
