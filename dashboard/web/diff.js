// @ts-check
// Drift as a person reads it: for every property what the template says, what is
// there, and, within the two, the part that differs.

import { h, s } from "./dom.js";
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

/**
 * Marks what lies between the common beginning and the common end.
 * @param {string} text
 * @param {string} other
 */
function marked(text, other) {
  let start = 0,
    end = 0;
  const most = Math.min(text.length, other.length);
  while (start < most && text[start] === other[start]) start++;
  while (end < most - start && text[text.length - 1 - end] === other[other.length - 1 - end]) end++;
  return [text.slice(0, start), h("mark", null, text.slice(start, text.length - end)), text.slice(text.length - end)];
}

/**
 * The longest common subsequence's lines, for values of several lines.
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
  if (a.length === 1 && b.length === 1)
    return [diffLine("-", ...marked(expected, actual)), diffLine("+", ...marked(actual, expected))];
  if (a.length > DIFF_LINES || b.length > DIFF_LINES)
    return [...a.map((line) => diffLine("-", line)), ...b.map((line) => diffLine("+", line))];
  return lineDiff(a, b).map(([sign, line]) => diffLine(sign, line));
}

/**
 * @param {" " | "-" | "+"} sign
 * @param {...Child} parts
 */
function diffLine(sign, ...parts) {
  const kind = { "-": "removed", "+": "added", " ": "same" }[sign];
  return h(
    "div",
    { class: "line " + kind },
    h("span", { class: "sign" }, sign === " " ? "\u00a0" : sign),
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
    differences.length > 0 && h("p", { class: "muted small" }, "− the template's value, + the live one"),
  );
}
