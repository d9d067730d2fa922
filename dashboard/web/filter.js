// @ts-check
// Which cells the filters leave. A word of the search must appear in the cell's
// stack set, account, region, OU, verdict or one of its texts. Dictionaries are
// searched, not cells: a hundred thousand cells have a few hundred distinct words.
// Stories are searched one by one; few cells have one.

import { accountOf, chosenGroup, isWrong, model, regionOf, setOf, unitOf, unitPath, unpackedStories } from "./data.js";
import { FILTERS, chosenVerdicts, state } from "./state.js";
import { lookOf } from "./verdicts.js";
/** @import { Model, Story } from "./data.js" */

/** @type {{of: Map<number, Story> | null, texts: Map<number, string>}} */
let storyTexts = { of: null, texts: new Map() };

/** The stories as text to search in, in lower case. */
function searchableStories() {
  if (storyTexts.of !== unpackedStories) {
    storyTexts = {
      of: unpackedStories,
      texts: new Map(
        [...unpackedStories].map(([cell, story]) => [cell, JSON.stringify([story.drift, story.steps]).toLowerCase()]),
      ),
    };
  }
  return storyTexts.texts;
}

/** @typedef {{mask: Uint8Array, hits: number[]}} Chosen */

/** Makes the next selection be made anew, after more to search in has come. */
export function forgetSelection() {
  lastSelection.model = null;
}

/** @type {{key: string, model: Model | null, selection: Chosen}} */
let lastSelection = { key: "", model: null, selection: { mask: new Uint8Array(0), hits: [] } };

/** @returns {Chosen} */
export function selection() {
  const key = [state.when, ...FILTERS.map((name) => state[name])].join("\u0000");
  if (lastSelection.key !== key || lastSelection.model !== model)
    lastSelection = { key, model, selection: selectCells() };
  return lastSelection.selection;
}

export const filtering = () => FILTERS.some((key) => state[key] !== "");

/** @param {string} text */
export const wordsOf = (text) => text.toLowerCase().split(/\s+/).filter(Boolean);

/**
 * @param {string[]} names
 * @param {string} word
 */
const containing = (names, word) => Uint8Array.from(names, (name) => (name.toLowerCase().includes(word) ? 1 : 0));

/**
 * @param {string} word
 * @returns {(cell: number) => boolean}
 */
function wordTest(word) {
  const c = model.cells;
  const sets = containing(
    model.stackSets.map((set) => set.name + " " + (set.description || "")),
    word,
  );
  const units = containing(
    model.ous.map((_, i) => unitPath(i) + " " + model.ous[i].id),
    word,
  );
  const accounts = Uint8Array.from(model.accounts, (a) =>
    (a.id + " " + (a.name || "") + " " + a.state).toLowerCase().includes(word) || (a.ou >= 0 && units[a.ou]) ? 1 : 0,
  );
  const regions = containing(model.regions, word);
  const verdicts = containing(
    model.verdicts.map((v) => v + " " + lookOf(v).label),
    word,
  );
  const texts = containing(model.texts, word),
    told = searchableStories();
  const kinds = Uint8Array.from(c.kinds.verdict, (_, k) =>
    ["reason", "said", "where", "hint", "class"].some(
      (what) => texts[c.kinds[/** @type {"reason"} */ (what)][k]],
    )
      ? 1
      : 0,
  );
  return (i) =>
    !!(
      sets[c.set[i]] ||
      accounts[c.account[i]] ||
      regions[c.region[i]] ||
      verdicts[c.verdict[i]] ||
      kinds[c.kind[i]] ||
      texts[c.because[c.want[i]]] ||
      told.get(i)?.includes(word)
    );
}

/** @returns {((cell: number) => boolean)[]} */
function cellTests() {
  const c = model.cells,
    tests = state.q ? wordsOf(state.q).map(wordTest) : [];
  if (state.set) tests.push((i) => setOf(i).name === state.set);
  if (state.account) tests.push((i) => accountOf(i).id === state.account);
  if (state.region) tests.push((i) => regionOf(i) === state.region);
  if (state.ou) {
    const inside = Uint8Array.from(model.ous, (_, i) => (isInside(i, state.ou) ? 1 : 0));
    tests.push((i) => unitOf(i) >= 0 && inside[unitOf(i)] === 1);
  }
  if (state.v) {
    const chosen = chosenVerdicts(),
      wanted = Uint8Array.from(model.verdicts, (v) => (chosen.has(v) ? 1 : 0));
    const shown = state.when === "before" ? c.before : c.verdict;
    tests.push((i) => wanted[shown[i]] === 1);
  }
  if (state.only === "wrong") {
    const wrong = Uint8Array.from(model.verdicts, (v) => (isWrong(v) ? 1 : 0));
    const shown = state.when === "before" ? c.before : c.verdict;
    tests.push((i) => wrong[shown[i]] === 1);
  }
  if (state.group) {
    const members = new Set(chosenGroup()?.cells || []);
    tests.push((i) => members.has(i));
  }
  return tests;
}

/**
 * @param {number} unit
 * @param {string} id
 */
function isInside(unit, id) {
  for (let u = unit; u >= 0; u = model.ous[u].parent) if (model.ous[u].id === id) return true;
  return false;
}

/** @returns {Chosen} */
function selectCells() {
  const mask = new Uint8Array(model.cells.count).fill(1),
    hits = [],
    tests = cellTests();
  for (let i = 0; i < mask.length; i++) {
    for (const test of tests) {
      if (!test(i)) {
        mask[i] = 0;
        break;
      }
    }
    if (mask[i]) hits.push(i);
  }
  return { mask, hits };
}
