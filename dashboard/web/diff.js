// @ts-check
// Drift as a person reads it: for every property what the template says, what is
// there, and, within the two, the part that differs.

import { h } from "./dom.js";
/** @import { Difference, ResourceDrift } from "./data.js" */
/** @import { Child } from "./dom.js" */

/** @param {string} value */
function pretty(value) {
  if (!/^\s*[[{]/.test(value)) return value;
  try {
    return JSON.stringify(JSON.parse(value), null, 2);
  } catch {
    return value; // AWS cuts long values off
  }
}

/** Words, numbers, and every other character by itself. @param {string} text */
const wordsIn = (text) => text.match(/[\p{L}\p{N}_]+|\s+|[^\p{L}\p{N}_\s]/gu) || [];

const DIFF_WORDS = 600;

/**
 * Two texts, each with the words marked that the other does not have there. What
 * lies between two marks is marked along, if it is no more than a space.
 * @param {string} expected
 * @param {string} actual
 * @returns {[Child[], Child[]]}
 */
function markedWords(expected, actual) {
  const a = wordsIn(expected),
    b = wordsIn(actual);
  if (a.length > DIFF_WORDS || b.length > DIFF_WORDS) return [[h("mark", null, expected)], [h("mark", null, actual)]];
  const changes = lineDiff(a, b);
  const side = (/** @type {"-" | "+"} */ mine) => {
    /** @type {{text: string, changed: boolean}[]} */
    const parts = [];
    for (const [sign, word] of changes) {
      if (sign !== " " && sign !== mine) continue;
      const changed = sign === mine,
        last = parts.at(-1);
      if (last && last.changed === changed) last.text += word;
      else parts.push({ text: word, changed });
    }
    for (let i = 1; i < parts.length - 1; i++) if (!parts[i].changed && !parts[i].text.trim()) parts[i].changed = true;
    return parts.map(({ text, changed }) => (changed ? h("mark", null, text) : text));
  };
  return [side("-"), side("+")];
}

/**
 * What is in both, in the first only (-), in the second only (+), in order: the
 * longest common subsequence.
 * @param {string[]} a
 * @param {string[]} b
 * @returns {[" " | "-" | "+", string][]}
 */
function lineDiff(a, b) {
  const width = b.length + 1,
    lengths = new Uint16Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      lengths[i * width + j] =
        a[i] === b[j]
          ? lengths[(i + 1) * width + j + 1] + 1
          : Math.max(lengths[(i + 1) * width + j], lengths[i * width + j + 1]);
    }
  }
  /** @type {[" " | "-" | "+", string][]} */
  const lines = [];
  let i = 0,
    j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) lines.push([" ", (j++, a[i++])]);
    else if (j >= b.length || (i < a.length && lengths[(i + 1) * width + j] >= lengths[i * width + j + 1]))
      lines.push(["-", a[i++]]);
    else lines.push(["+", b[j++]]);
  }
  return lines;
}

const DIFF_LINES = 400;

/** @param {Difference} d */
function differenceLines(d) {
  const expected = pretty(d.expected),
    actual = pretty(d.actual);
  const a = expected.split("\n"),
    b = actual.split("\n");
  if (d.type === "ADD" || !d.expected) return b.map((line) => diffLine("+", line));
  if (d.type === "REMOVE" || !d.actual) return a.map((line) => diffLine("-", line));
  if (a.length === 1 && b.length === 1) {
    const [should, is] = markedWords(expected, actual);
    return [diffLine("-", ...should), diffLine("+", ...is)];
  }
  if (a.length > DIFF_LINES || b.length > DIFF_LINES)
    return [...a.map((line) => diffLine("-", line)), ...b.map((line) => diffLine("+", line))];
  return pairedLines(lineDiff(a, b));
}

/**
 * Lines; a removed one and an added one next to it are compared by word.
 * @param {[" " | "-" | "+", string][]} lines
 */
function pairedLines(lines) {
  const shown = [];
  for (let i = 0; i < lines.length; i++) {
    const [sign, line] = lines[i],
      next = lines[i + 1];
    const alone = lines[i - 1]?.[0] !== "-" && lines[i + 2]?.[0] !== "+";
    if (sign === "-" && next?.[0] === "+" && alone) {
      const [should, is] = markedWords(line, next[1]);
      shown.push(diffLine("-", ...should), diffLine("+", ...is));
      i++;
    } else shown.push(diffLine(sign, line));
  }
  return shown;
}

/**
 * @param {" " | "-" | "+"} sign
 * @param {...Child} parts
 */
function diffLine(sign, ...parts) {
  const [kind, label] = { "-": ["should", "should be"], "+": ["is", "is"], " ": ["same", ""] }[sign];
  return h(
    "div",
    { class: "line " + kind },
    h("span", { class: "sign" }, label),
    h("span", null, parts),
  );
}

const DRIFT_WORDS = /** @type {Record<string, string>} */ ({
  MODIFIED: "modified",
  DELETED: "deleted",
  IN_SYNC: "in sync",
  NOT_CHECKED: "not checked",
});

/** @param {ResourceDrift} drift */
export function resourceDrift(drift) {
  const differences = drift.differences || [];
  return h(
    "section",
    { class: "resource" },
    h("h4", null, drift.logicalId, h("span", { class: "tag" }, DRIFT_WORDS[drift.status] || drift.status)),
    h("p", { class: "muted small" }, drift.resourceType, drift.physicalId ? " · " + drift.physicalId : ""),
    drift.status === "DELETED" && h("p", null, "The resource is gone from the account."),
    differences.map((d) =>
      h("figure", { class: "diff" }, h("figcaption", null, d.path), h("div", { class: "lines" }, differenceLines(d))),
    ),
    differences.length > 0 && h("p", { class: "muted small" }, "Should be: the template's value. Is: the live one."),
  );
}
