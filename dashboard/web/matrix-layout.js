// @ts-check
// Where every cell of the fleet stands: accounts, grouped by OU, against stack
// sets with their regions. Either can be the rows.

import { isWrong, accountLabel, model, unitOf, unitPath } from "./data.js";
import { state } from "./state.js";

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
 * A text as a sort key in which 9 comes before 10, whatever the case.
 * @param {string} text
 */
export const naturalKey = (text) => text.toLowerCase().replace(/\d+/g, (digits) => digits.padStart(12, "0"));

/**
 * How bad lanes are, as a sort key: the worst verdict, then how many cells are wrong.
 * @param {number[]} cells
 * @param {(cell: number) => number} laneOf
 */
function badness(cells, laneOf) {
  const c = model.cells,
    shown = state.when === "before" ? c.before : c.verdict,
    /** @type {Map<number, {worst: number, wrong: number}>} */ bad = new Map();
  const rank = model.verdicts.map((v, i) => (isWrong(v) ? i : 0)); // the verdicts are sorted worst last
  for (const cell of cells) {
    const lane = laneOf(cell),
      r = rank[shown[cell]];
    if (!bad.has(lane)) bad.set(lane, { worst: 0, wrong: 0 });
    const of = /** @type {{worst: number, wrong: number}} */ (bad.get(lane));
    if (r > of.worst) of.worst = r;
    if (r > 0) of.wrong++;
  }
  return (/** @type {number} */ lane) => {
    const { worst, wrong } = bad.get(lane) || { worst: 0, wrong: 0 };
    return String(99 - worst).padStart(2, "0") + String(1e9 - wrong).padStart(10, "0");
  };
}

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
  const worstFirst = state.order === "worst",
    unitBad = worstFirst ? badness(cells, (cell) => units.get(c.account[cell]) ?? -1) : () => "",
    accountBad = worstFirst ? badness(cells, (cell) => c.account[cell]) : () => "";
  const accounts = ordered(
    [...units.keys()],
    (a) =>
      unitBad(units.get(a) ?? -1) +
      naturalKey(pathOf(a)) +
      "\u0000" +
      accountBad(a) +
      naturalKey(accountLabel(model.accounts[a])) +
      model.accounts[a].id,
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
  const setBad = state.order === "worst" ? badness(cells, (cell) => c.set[cell]) : () => "";
  const keys = ordered([...used], (key) => {
    const set = Math.floor(key / width);
    return (
      setBad(set) +
      String(level.get(set) ?? 999).padStart(3, "0") +
      naturalKey(model.stackSets[set].name) +
      "\u0000" +
      model.regions[key % width]
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
 * The places of lanes in pixels: lanes of one size, a gap before every group.
 * @param {Axis} axis
 * @param {number} size
 * @param {number} gap
 * @param {number} first before the first group
 * @param {number} least no group is smaller, so that its label has room
 * @param {number} from the first lane
 * @param {number} to the lane after the last
 */
export function offsetsOf(axis, size, gap, first, least, from = 0, to = axis.lanes.length) {
  const offsets = new Float64Array(to - from + 1);
  let at = first;
  for (let i = from; i < to; ) {
    const { end } = axis.groups[axis.lanes[i].group],
      last = Math.min(end, to);
    if (i > from) at += gap;
    for (let lane = i; lane < last; lane++) offsets[lane - from] = at + (lane - i) * size;
    at += Math.max(least, (last - i) * size);
    i = last;
  }
  offsets[to - from] = at;
  return offsets;
}

/**
 * A part of the rows that is placed beside others, so that a narrow matrix fills a wide
 * screen: a group that does not fit continues in the next.
 * @typedef {object} Panel
 * @property {number} first row
 * @property {number} end row after the last
 * @property {number} left pixels from the first panel's left edge
 * @property {Float64Array} y of its rows
 */

/**
 * Divides the rows into so many panels of about one height.
 * @param {Axis} rows
 * @param {number} panels
 * @param {number} width of one
 * @param {(from: number, to: number) => Float64Array} place
 * @returns {Panel[]}
 */
export function panelsOf(rows, panels, width, place) {
  const whole = place(0, rows.lanes.length),
    share = whole[rows.lanes.length] / panels;
  /** @type {Panel[]} */
  const list = [];
  for (let first = 0; first < rows.lanes.length; ) {
    const last = list.length === panels - 1,
      limit = whole[first] + share;
    let end = first + 1;
    while (end < rows.lanes.length && (last || whole[end] < limit)) end++;
    list.push({ first, end, left: list.length * width, y: place(first, end) });
    first = end;
  }
  return list;
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
