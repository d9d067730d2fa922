// @ts-check
// Small drawings: sparklines, bars over runs, a timeline of states.

import { count, h, plural, s } from "./dom.js";
import { VERDICT_ORDER, glyph, lookOf, unhealthyOf } from "./verdicts.js";
import { clock, instant } from "./time.js";
/** @import { HistoryPoint } from "./data.js" */

/**
 * @param {number[]} values
 * @param {string} label
 * @param {number} [width]
 * @param {number} [height]
 */
export function sparkline(values, label, width = 104, height = 24) {
  if (values.length < 2) return h("span", { class: "muted small" }, "no history yet");
  const most = Math.max(1, ...values),
    step = (width - 6) / (values.length - 1);
  const points = values.map((v, i) => [3 + i * step, height - 3 - (v / most) * (height - 6)]);
  const line = points.map(([x, y]) => x.toFixed(1) + "," + y.toFixed(1)).join(" ");
  const [x, y] = points[points.length - 1];
  return s(
    "svg",
    {
      class: "spark",
      viewBox: "0 0 " + width + " " + height,
      width,
      height,
      role: "img",
      "aria-label": label + ": " + values.join(", "),
    },
    s("polygon", { class: "area", points: "3," + (height - 2) + " " + line + " " + x + "," + (height - 2) }),
    s("polyline", { points: line }),
    s("circle", { cx: x, cy: y, r: 2.4 }),
  );
}

/**
 * The counts found by each run, stacked, without the healthy ones: they would
 * press everything else into a line.
 * @param {HistoryPoint[]} points
 * @param {number} width
 * @param {number} height
 */
export function historyBars(points, width, height) {
  const wrong = VERDICT_ORDER.filter((v) => v !== "healthy"),
    left = 52,
    bottom = 22;
  const totals = points.map((p) => wrong.reduce((n, v) => n + (p.before[v] || 0), 0)),
    most = niceCeiling(Math.max(1, ...totals));
  const step = (width - left) / points.length,
    thick = Math.max(2, Math.min(34, step * 0.7));
  const y = (/** @type {number} */ n) => (height - bottom - 8) * (1 - n / most) + 8;
  const picture = s("svg", {
    class: "chart",
    viewBox: "0 0 " + width + " " + height,
    role: "img",
    "aria-label": "What each of the last " + points.length + " runs found wrong",
  });
  for (const n of [0, most / 2, most]) {
    picture.append(
      s("line", { class: "grid", x1: left, x2: width, y1: y(n), y2: y(n) }),
      s("text", { x: left - 8, y: y(n) + 4, "text-anchor": "end" }, count(n)),
    );
  }
  points.forEach((point, i) => {
    let base = 0;
    const bar = s("g", null, s("title", null, barTitle(point)));
    for (const v of wrong) {
      const n = point.before[v] || 0;
      if (n)
        bar.append(
          s("rect", {
            class: "v-" + v,
            x: left + i * step + (step - thick) / 2,
            width: thick,
            y: y(base + n),
            height: Math.max(0.5, y(base) - y(base + n)),
          }),
        );
      base += n;
    }
    picture.append(bar);
    if (i % Math.ceil(points.length / 8) === 0)
      picture.append(
        s(
          "text",
          { x: left + i * step + step / 2, y: height - 4, "text-anchor": "middle" },
          clock(instant(point.at)).slice(5, 10),
        ),
      );
  });
  return picture;
}

/** @param {HistoryPoint} point */
function barTitle(point) {
  const found = VERDICT_ORDER.filter((v) => v !== "healthy" && point.before[v]).map(
    (v) => count(point.before[v]) + " " + lookOf(v).label.toLowerCase(),
  );
  return (
    clock(instant(point.at)) +
    " (" +
    point.result +
    "): " +
    (found.join(", ") || "nothing wrong") +
    "; left wrong: " +
    count(unhealthyOf(point.after))
  );
}

/** @param {number} n */
function niceCeiling(n) {
  const power = 10 ** Math.floor(Math.log10(n));
  const steps = n < 10 ? [2, 4, 6, 8, 10] : [1, 1.2, 1.6, 2, 2.4, 3, 4, 5, 6, 8, 10].map((f) => f * power);
  return steps.find((step) => step >= n) || n;
}

/**
 * Equal states that follow each other are one segment.
 * @template {{state: string}} T
 * @param {T[]} points
 */
function segmentsOf(points) {
  /** @type {{state: string, start: number, end: number}[]} */
  const segments = [];
  points.forEach((point, i) => {
    const last = segments.at(-1);
    if (last && last.state === point.state) last.end = i + 1;
    else segments.push({ state: point.state, start: i, end: i + 1 });
  });
  return segments;
}

/**
 * @param {string} label
 * @param {string[]} states verdicts, "" for none
 */
export function stateLine(label, states) {
  const segments = segmentsOf(states.map((state) => ({ state })));
  const wordsFor = (/** @type {{state: string, start: number, end: number}} */ g) =>
    (g.state ? lookOf(g.state).label : "not there") + " for " + plural(g.end - g.start, "run");
  return h(
    "div",
    { class: "states", role: "img", "aria-label": label + ": " + segments.map(wordsFor).join(", ") },
    segments.map((g) =>
      h(
        "span",
        {
          class: g.state ? "v-" + lookOf(g.state).name : "absent",
          title: wordsFor(g),
          style: { "flex-grow": g.end - g.start },
        },
        g.state && glyph(g.state, 12),
      ),
    ),
  );
}
