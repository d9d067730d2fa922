// @ts-check
// The verdicts as they are drawn. Each has a colour (page.css, --v-NAME) and a
// glyph, one path in a 16 × 16 box that HTML and canvas share, so that no view
// depends on colour or on a font.

import { count, h, s } from "./dom.js";

/**
 * @typedef {object} Look
 * @property {string} name
 * @property {string} label
 * @property {string} meaning
 * @property {string} path
 */

/** @type {Record<string, Look>} */
const LOOKS = {
  healthy: {
    name: "healthy",
    label: "Healthy",
    meaning: "current, and checked to be in sync",
    path: "M3.5 8.5 L6.8 11.5 L12.5 4.8",
  },
  notChecked: {
    name: "notChecked",
    label: "Not checked",
    meaning: "current, but its drift is unknown or too old to trust",
    path: "M5.4 5.8 A2.7 2.7 0 1 1 8 8.6 V9.8 M8 12.6 V12.7",
  },
  outdated: {
    name: "outdated",
    label: "Outdated",
    meaning: "behind its stack set, without a failure of its own",
    path: "M8 3.6 V8.3 L11.2 10.4 M13 8 A5 5 0 1 1 11.5 4.4",
  },
  drifted: {
    name: "drifted",
    label: "Drifted",
    meaning: "live resources differ from the template",
    path: "M3 6 H13 M3 10 H13 M10.6 3 L5.4 13",
  },
  missing: { name: "missing", label: "Missing", meaning: "must be there and is not", path: "M8 3 V13 M3 8 H13" },
  orphan: { name: "orphan", label: "Orphan", meaning: "is there and must not be", path: "M3 8 H13" },
  failed: { name: "failed", label: "Failed", meaning: "its last operation failed", path: "M4 4 L12 12 M12 4 L4 12" },
  inoperable: {
    name: "inoperable",
    label: "Inoperable",
    meaning: "a deletion or an import failed; StackSets has given up on it",
    path: "M8 3 V9 M8 12.6 V12.7",
  },
  blocked: {
    name: "blocked",
    label: "Blocked",
    meaning: "something outside the cell forbids acting on it",
    path: "M12.8 8 A4.8 4.8 0 1 1 3.2 8 A4.8 4.8 0 1 1 12.8 8 M4.6 11.4 L11.4 4.6",
  },
  quarantined: {
    name: "quarantined",
    label: "Quarantined",
    meaning: "given up after repeated heals; a person is needed",
    path: "M5.5 3.5 V12.5 M10.5 3.5 V12.5",
  },
  absent: {
    name: "absent",
    label: "Rightly absent",
    meaning: "must not be there, and is not",
    path: "M7.9 8 H8.1",
  },
  removed: {
    name: "removed",
    label: "Removed",
    meaning: "was there and must not be; this run took it away",
    path: "M7.9 8 H8.1",
  },
};

/** The order of cards and columns: what needs doing first, health last. */
export const VERDICT_ORDER = [
  "quarantined",
  "blocked",
  "inoperable",
  "failed",
  "orphan",
  "missing",
  "drifted",
  "outdated",
  "notChecked",
  "healthy",
];

/**
 * @param {string} verdict
 * @returns {Look}
 */
export function lookOf(verdict) {
  return (
    LOOKS[verdict] || {
      name: "notChecked",
      label: verdict || "Unknown",
      meaning: "a verdict that this page does not know",
      path: LOOKS.notChecked.path,
    }
  );
}

/**
 * @param {string} verdict
 * @param {number} [size]
 */
export function glyph(verdict, size = 16) {
  const look = lookOf(verdict);
  return s(
    "svg",
    { class: "glyph v-" + look.name, viewBox: "0 0 16 16", width: size, height: size, "aria-hidden": "true" },
    s("rect", { x: 0.75, y: 0.75, width: 14.5, height: 14.5, rx: 3.5 }),
    s("path", { d: look.path }),
  );
}

/** @param {string} verdict */
export function pill(verdict) {
  return h("span", { class: "pill" }, glyph(verdict, 14), lookOf(verdict).label);
}

/**
 * A bar of one line, divided by verdict. Its numbers stand in its label.
 * @param {Record<string, number>} counts
 */
export function verdictBar(counts) {
  const present = VERDICT_ORDER.filter((v) => counts[v] > 0).reverse();
  const label = present.map((v) => count(counts[v]) + " " + lookOf(v).label.toLowerCase()).join(", ") || "nothing";
  const bar = h("span", { class: "bar", role: "img", "aria-label": label, title: label });
  for (const v of present) bar.append(h("span", { class: "v-" + lookOf(v).name, style: { "flex-grow": counts[v] } }));
  return bar;
}

/** @param {Record<string, number>} counts */
export function unhealthyOf(counts) {
  return VERDICT_ORDER.reduce((sum, v) => (v === "healthy" || v === "notChecked" ? sum : sum + (counts[v] || 0)), 0);
}
