// @ts-check
// The run's operations over time, a lane for each stack set, with what waited
// for what.

import { model } from "./data.js";
import { count, s } from "./dom.js";
import { go, state } from "./state.js";
import { clock, duration, instant, timeOfDay } from "./time.js";
/** @import { Action } from "./data.js" */

const BAR = 14,
  LANE_PAD = 8;

/**
 * @typedef {object} Placed
 * @property {Action} action
 * @property {number} start
 * @property {number} end
 * @property {number} y
 */

/** @param {Action} action */
export const startOf = (action) => instant(action.started);

/** @param {Action} action */
export const endOf = (action) =>
  !isNaN(instant(action.ended))
    ? instant(action.ended)
    : action.open
      ? startOf(action) // its end is not known: no bar shows a duration
      : Math.max(startOf(action), instant(model.dataAt) || 0);

/**
 * Stacks the bars of a lane so that none covers another.
 * @param {Action[]} actions
 */
function stacked(actions) {
  /** @type {number[]} */
  const free = [];
  return actions
    .slice()
    .sort((a, b) => startOf(a) - startOf(b))
    .map((action) => {
      let level = free.findIndex((end) => end <= startOf(action));
      if (level < 0) level = free.length;
      free[level] = endOf(action);
      return { action, level };
    });
}

/** @param {Action[]} actions */
function lanesOf(actions) {
  const bySet = new Map(/** @type {[number, Action[]][]} */ ([]));
  for (const action of actions) bySet.set(action.stackSet, [...(bySet.get(action.stackSet) || []), action]);
  return [...bySet.entries()].sort(([, a], [, b]) => Math.min(...a.map(startOf)) - Math.min(...b.map(startOf)));
}

/** From when to when the timeline reaches, in words. */
export function timelineRange() {
  const timed = model.actions.filter((a) => !isNaN(startOf(a)));
  if (timed.length === 0) return "";
  const first = Math.min(...timed.map(startOf)),
    last = Math.max(...timed.map(endOf));
  const sameDay = clock(first).slice(0, 10) === clock(last).slice(0, 10);
  return clock(first).slice(0, 16) + " to " + (sameDay ? clock(last).slice(11, 16) : clock(last).slice(0, 16)) + " UTC, " + duration((last - first) / 1000);
}

/**
 * @param {number} width
 * @returns {SVGElement}
 */
export function timelineOf(width) {
  const timed = model.actions.filter((a) => !isNaN(startOf(a))),
    narrow = width < 560, // then a lane's name is above its bars
    left = narrow ? 4 : Math.min(240, width * 0.28),
    head = narrow ? 18 : 0,
    top = 28;
  const first = Math.min(...timed.map(startOf)),
    last = Math.max(...timed.map(endOf), first + 1000);
  const x = (/** @type {number} */ t) => left + ((t - first) / (last - first)) * (width - left - 12);
  const picture = s("svg", { class: "timeline", width, role: "group", "aria-label": "Operations over time" });
  /** @type {Map<string, Placed>} */
  const placed = new Map();
  let y = top;
  for (const [set, actions] of lanesOf(timed)) {
    const rows = stacked(actions),
      height = Math.max(...rows.map((r) => r.level + 1)) * (BAR + 3) + LANE_PAD + head;
    picture.append(
      s("line", { class: "grid", x1: 0, x2: width, y1: y + height, y2: y + height }),
      s(
        "text",
        { class: "lane", x: 4, y: y + LANE_PAD / 2 + BAR - 3 },
        shortened(model.stackSets[set].name, Math.floor((narrow ? width : left) / 7)),
      ),
    );
    for (const { action, level } of rows)
      placed.set(action.id, {
        action,
        start: x(startOf(action)),
        end: Math.max(x(startOf(action)) + 4, x(endOf(action))),
        y: y + LANE_PAD / 2 + head + level * (BAR + 3),
      });
    y += height;
  }
  timeTicks(picture, first, last, x, y);
  waitLines(picture, placed);
  for (const place of placed.values()) picture.append(timelineBar(place));
  roveOver(picture);
  picture.setAttribute("height", String(y + 6));
  picture.setAttribute("viewBox", "0 0 " + width + " " + (y + 6));
  return picture;
}

/**
 * @param {string} text
 * @param {number} most
 */
export const shortened = (text, most) => (text.length > most ? text.slice(0, most - 1) + "…" : text);

/**
 * @param {SVGElement} picture
 * @param {number} first
 * @param {number} last
 * @param {(t: number) => number} x
 * @param {number} height
 */
function timeTicks(picture, first, last, x, height) {
  const steps = [1, 5, 10, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 43200, 86400].map((n) => n * 1000);
  const step = steps.find((n) => (last - first) / n <= Math.max(2, (x(last) - x(first)) / 90)) || steps[steps.length - 1];
  for (let t = Math.ceil(first / step) * step; t <= last; t += step) {
    picture.append(
      s("line", { class: "grid", x1: x(t), x2: x(t), y1: 20, y2: height }),
      (x(t) < x(last) - 40 && s("text", { class: "tick", x: x(t) + 3, y: 14 }, timeOfDay(t).slice(0, last - first < 600000 ? 8 : 5))) ||
        "",
    );
  }
}

/**
 * Lines from an operation to those that waited for it: all of them faint, the
 * chosen operation's strong.
 * @param {SVGElement} picture
 * @param {Map<string, Placed>} placed
 */
function waitLines(picture, placed) {
  /** @type {SVGElement[]} */
  const strong = [];
  for (const to of placed.values()) {
    for (const id of to.action.after || []) {
      const from = placed.get(id);
      if (!from) continue;
      const chosen = state.action === id || state.action === to.action.id,
        x0 = from.end,
        x1 = to.start,
        y0 = from.y + BAR / 2,
        y1 = to.y + BAR / 2,
        bend = Math.max(12, (x1 - x0) / 2);
      const line = s("path", {
        class: "wait" + (chosen ? " chosen" : ""),
        d: `M${x0} ${y0} C${x0 + bend} ${y0} ${x1 - bend} ${y1} ${x1} ${y1}`,
      });
      if (chosen) strong.push(line);
      else picture.append(line);
    }
  }
  picture.append(...strong);
}

/**
 * One stop for the Tab key: the arrow keys go from bar to bar.
 * @param {SVGElement} picture
 */
function roveOver(picture) {
  const bars = /** @type {SVGElement[]} */ ([...picture.querySelectorAll(".op")]);
  const reach = (/** @type {SVGElement | undefined} */ bar) =>
    bars.forEach((other) => other.setAttribute("tabindex", other === bar ? "0" : "-1"));
  reach(bars.find((bar) => bar.classList.contains("chosen")) || bars[0]);
  picture.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[/** @type {KeyboardEvent} */ (event).key];
    const next = step && bars[bars.indexOf(/** @type {SVGElement} */ (document.activeElement)) + step];
    if (!next) return;
    event.preventDefault();
    reach(next);
    next.focus();
  });
}

/** @param {Placed} place */
function timelineBar({ action, start, end, y }) {
  const label = action.action.toLowerCase().replaceAll("_", " ") + " " + count(action.cells);
  const lasted = action.open ? "its end was not seen" : duration((endOf(action) - startOf(action)) / 1000);
  const words = `${label} of ${model.stackSets[action.stackSet].name}: ${action.outcome}, from ${timeOfDay(startOf(action))}, ${lasted}`;
  const choose = () => go({ action: state.action === action.id ? "" : action.id });
  const bar = s(
    "g",
    {
      class: "op tone-" + action.tone + (action.open ? " open" : "") + (state.action === action.id ? " chosen" : ""),
      role: "button",
      "aria-pressed": String(state.action === action.id),
      "aria-label": words,
      "data-action": action.id,
      onclick: choose,
      onkeydown: (/** @type {KeyboardEvent} */ e) => {
        if (e.key === "Enter" || e.key === " ") {
          e.preventDefault();
          choose();
        }
      },
    },
    s("title", null, words),
    s("rect", { x: start, y, width: end - start, height: BAR, rx: 3 }),
  );
  if (action.open) bar.append(s("path", { class: "open-end", d: `M${end} ${y + BAR / 2} h26` }));
  if (end - start > label.length * 6.4) bar.append(s("text", { x: start + 5, y: y + BAR - 3.5 }, label));
  return bar;
}
