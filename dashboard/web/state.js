// @ts-check
// What is looked at, kept in the address's hash so that a view can be shared,
// and gone back from.

/**
 * @typedef {object} State
 * @property {string} view
 * @property {string} v verdicts, divided by commas
 * @property {string} q text
 * @property {string} set a stack set's name
 * @property {string} ou an OU's id
 * @property {string} account
 * @property {string} region
 * @property {string} group an attention group's key
 * @property {string} when after, before
 * @property {string} by ou, set: what the matrix has rows of
 * @property {string} as matrix, table
 * @property {string} zoom pixels a cell
 * @property {string} cell stackset@account/region
 * @property {string} action an action's id
 * @property {string} only wrong: nothing that is well
 * @property {string} order worst, or "" for the organization's
 * @property {string} sort table.column or table.-column, divided by commas
 */

/** @type {State} */
const DEFAULTS = {
  view: "overview",
  v: "",
  q: "",
  set: "",
  ou: "",
  account: "",
  region: "",
  group: "",
  when: "after",
  by: "ou",
  as: "matrix",
  zoom: "",
  cell: "",
  action: "",
  only: "",
  order: "",
  sort: "",
};

/** The keys that narrow what is shown. */
export const FILTERS = /** @type {(keyof State)[]} */ (["v", "q", "set", "ou", "account", "region", "group", "only"]);

/** @type {State} */
export let state = readHash();

/** @type {((changed: Set<string>) => void)[]} */
export const watchers = [];

/** @returns {State} */
function readHash() {
  const read = { ...DEFAULTS };
  for (const [key, value] of new URLSearchParams(location.hash.slice(1))) {
    if (key in read) read[/** @type {keyof State} */ (key)] = value;
  }
  return read;
}

/** @param {State} of */
export function hashOf(of) {
  const parameters = new URLSearchParams();
  for (const [key, value] of Object.entries(of)) {
    if (value !== DEFAULTS[/** @type {keyof State} */ (key)]) parameters.set(key, value);
  }
  return "#" + parameters.toString();
}

/**
 * Goes to another state. What only refines a view (text, zoom, sorting) replaces
 * the entry in the browser's history, so that going back leaves the view.
 * @param {Partial<State>} change
 */
export function go(change) {
  const next = { ...state, ...change };
  const steps = /** @type {(keyof State)[]} */ (["view", "cell", "v", "set", "ou", "group", "account"]).some(
    (key) => next[key] !== state[key],
  );
  try {
    history[steps ? "pushState" : "replaceState"](null, "", hashOf(next));
  } catch {
    // A sandboxed frame may not have a history; the state still holds.
  }
  become(next);
}

/** @param {State} next */
function become(next) {
  const changed = new Set(
    Object.keys(next).filter(
      (key) => next[/** @type {keyof State} */ (key)] !== state[/** @type {keyof State} */ (key)],
    ),
  );
  if (changed.size === 0) return;
  state = next;
  for (const watcher of watchers) watcher(changed);
}

window.addEventListener("popstate", () => become(readHash()));
window.addEventListener("hashchange", () => become(readHash()));

/** @returns {Set<string>} */
export const chosenVerdicts = () => new Set(state.v.split(",").filter(Boolean));

/** @param {string} verdict */
export function toggleVerdict(verdict) {
  const chosen = chosenVerdicts();
  if (!chosen.delete(verdict)) chosen.add(verdict);
  go({ v: [...chosen].join(",") });
}

export const clearedFilters = () => /** @type {Partial<State>} */ (Object.fromEntries(FILTERS.map((key) => [key, ""])));
