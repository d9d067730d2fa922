// @ts-check
// Which stack set needs which: a column for each level, an edge from what is
// needed to who needs it, conflicts as dashed lines. Sets without either stand
// in a list below.

import { model } from "./data.js";
import { drawnToFit, h, plural, s } from "./dom.js";
import { exportButtons } from "./export.js";
import { go, state } from "./state.js";
import { shortened } from "./timeline.js";
import { VERDICT_ORDER, unhealthyOf } from "./verdicts.js";

const NODE_WIDTH = 200,
  NODE_HEIGHT = 46,
  LEVEL_GAP = 76,
  NODE_GAP = 16,
  GAP_HEIGHT = 6;

/**
 * A place in a level: a stack set's, or a gap that a longer edge passes through.
 * @typedef {{x: number, y: number, height: number, set: number, from: Place[]}} Place
 */

function connectedSets() {
  const places = new Map(model.stackSets.map((set, i) => [set.name, i]));
  /** @type {[number, number][]} */
  const needs = [];
  /** @type {[number, number][]} */
  const conflicts = [];
  model.stackSets.forEach((set, i) => {
    for (const other of set.dependsOn || [])
      if (places.has(other)) needs.push([/** @type {number} */ (places.get(other)), i]);
    for (const other of set.antiDependsOn || []) {
      const j = places.get(other);
      if (j !== undefined && !conflicts.some(([a, b]) => a === j && b === i)) conflicts.push([i, j]);
    }
  });
  return { needs, conflicts };
}

/**
 * The places of every level, and the way that every edge takes through them. An
 * edge over several levels gets a gap in each, so that it crosses no box.
 * @param {number[][]} levels
 * @param {[number, number][]} needs
 */
function placesOf(levels, needs) {
  const depths = new Map(levels.flatMap((sets, depth) => sets.map((set) => [set, depth])));
  /** @type {Place[][]} */
  const columns = levels.map((sets) => sets.map((set) => ({ x: 0, y: 0, height: NODE_HEIGHT, set, from: [] })));
  const boxes = new Map(columns.flat().map((place) => [place.set, place]));
  /** @type {Place[][]} */
  const ways = [];
  for (const [a, b] of needs) {
    const from = boxes.get(a),
      to = boxes.get(b);
    if (!from || !to) continue;
    const way = [from];
    for (let depth = (depths.get(a) ?? 0) + 1; depth < (depths.get(b) ?? 0); depth++) {
      const gap = { x: 0, y: 0, height: GAP_HEIGHT, set: -1, from: [way[way.length - 1]] };
      columns[depth].push(gap);
      way.push(gap);
    }
    to.from.push(way[way.length - 1]);
    ways.push([...way, to]);
  }
  columns.forEach(placeLevel);
  return { boxes, ways, height: Math.max(...columns.map((places) => Math.max(...places.map((p) => p.y + p.height)))) };
}

/**
 * Orders a level by where its edges come from, and stacks it.
 * @param {Place[]} places
 * @param {number} depth
 */
function placeLevel(places, depth) {
  const pull = (/** @type {Place} */ p) =>
    p.from.length ? p.from.reduce((sum, from) => sum + from.y + from.height / 2, 0) / p.from.length : 1e6;
  const pulls = new Map(places.map((place) => [place, pull(place)]));
  let y = 34;
  for (const place of places.sort((p, q) => (pulls.get(p) ?? 0) - (pulls.get(q) ?? 0) || p.set - q.set)) {
    place.x = 10 + depth * (NODE_WIDTH + LEVEL_GAP);
    place.y = y;
    y += place.height + NODE_GAP;
  }
}

/** @returns {HTMLElement} */
export function graphView() {
  const { needs, conflicts } = connectedSets(),
    involved = new Set([...needs, ...conflicts].flat());
  const levels = model.levels.map((sets) => sets.filter((set) => involved.has(set)));
  const unplaced = [...involved].filter((set) => !levels.some((sets) => sets.includes(set)));
  if (unplaced.length) levels.push(unplaced); // in a cycle: no level holds them
  const shown = levels.filter((sets) => sets.length > 0),
    alone = model.stackSets.map((_, i) => i).filter((i) => !involved.has(i));
  return h(
    "section",
    { class: "panel", "aria-labelledby": "graph-title" },
    h(
      "div",
      { class: "panel-head" },
      h("h2", { id: "graph-title" }, "Dependencies"),
      h(
        "span",
        { class: "muted" },
        plural(needs.length, "dependency", "dependencies"),
        ", ",
        plural(conflicts.length, "conflict"),
        ", ",
        plural(shown.length, "level"),
      ),
      exportButtons("dependencies", () => ({
        header: ["from", "relation", "to"],
        rows: [
          ...needs.map(([a, b]) => [model.stackSets[b].name, "dependsOn", model.stackSets[a].name]),
          ...conflicts.map(([a, b]) => [model.stackSets[a].name, "antiDependsOn", model.stackSets[b].name]),
        ],
      })),
    ),
    involved.size > 0
      ? h(
          "div",
          { class: "graph-box", tabindex: 0, role: "region", "aria-label": "Dependency graph, scrollable" },
          drawnToFit({}, (width) => graphToFit(shown, needs, conflicts, width)),
        )
      : h("p", { class: "none" }, "No stack set depends on another, and none conflict."),
    involved.size > 0 &&
      h(
        "p",
        { class: "muted small pad" },
        h("span", { class: "key need" }),
        " is created before, and deleted after, what it points to   ",
        h("span", { class: "key conflict" }),
        " never share a target",
      ),
    alone.length > 0 &&
      h(
        "div",
        { class: "pad" },
        h("h3", null, "On their own"),
        h(
          "ul",
          { class: "cells" },
          alone.map((i) =>
            h(
              "li",
              null,
              h(
                "button",
                {
                  type: "button",
                  class: "cell-link",
                  onclick: () => go({ view: "set", set: model.stackSets[i].name }),
                },
                model.stackSets[i].name,
              ),
            ),
          ),
        ),
      ),
  );
}

/** How much smaller a picture may become before its names cannot be read. */
const LEAST_SCALE = 0.62;

/**
 * The picture, as small as it must be to be seen whole; where it would be too small to
 * read, the levels as lists.
 * @param {number[][]} levels
 * @param {[number, number][]} needs
 * @param {[number, number][]} conflicts
 * @param {number} width
 */
function graphToFit(levels, needs, conflicts, width) {
  const wanted = levels.length * (NODE_WIDTH + LEVEL_GAP);
  if (width < wanted * LEAST_SCALE) return graphList(levels, needs, conflicts);
  const picture = graphPicture(levels, needs, conflicts);
  if (wanted > width) {
    picture.setAttribute("height", String((Number(picture.getAttribute("height")) * width) / wanted));
    picture.setAttribute("width", String(width));
  }
  return picture;
}

/**
 * @param {number[][]} levels
 * @param {[number, number][]} needs
 * @param {[number, number][]} conflicts
 */
function graphList(levels, needs, conflicts) {
  const names = (/** @type {number[]} */ sets) => sets.map((set) => model.stackSets[set].name).join(", ");
  return h(
    "ol",
    { class: "graph-list" },
    levels.map((sets, depth) =>
      h(
        "li",
        null,
        h("h3", null, "Level " + depth),
        sets.map((set) => {
          const above = needs.filter(([, b]) => b === set).map(([a]) => a),
            beside = conflicts.filter((pair) => pair.includes(set)).map(([a, b]) => (a === set ? b : a));
          return h(
            "p",
            null,
            h(
              "button",
              { type: "button", class: "cell-link", onclick: () => go({ view: "set", set: model.stackSets[set].name }) },
              model.stackSets[set].name,
            ),
            above.length > 0 && h("span", { class: "muted small" }, " needs ", names(above)),
            beside.length > 0 && h("span", { class: "muted small" }, " never beside ", names(beside)),
          );
        }),
      ),
    ),
  );
}

/**
 * @param {number[][]} levels
 * @param {[number, number][]} needs
 * @param {[number, number][]} conflicts
 */
function graphPicture(levels, needs, conflicts) {
  const { boxes, ways, height: bottom } = placesOf(levels, needs),
    width = levels.length * (NODE_WIDTH + LEVEL_GAP),
    height = bottom + 16;
  const picture = s("svg", {
    class: "graph",
    width,
    height,
    viewBox: `0 0 ${width} ${height}`,
    role: "group",
    "aria-label": "Dependencies between stack sets",
  });
  levels.forEach((_, depth) =>
    picture.append(s("text", { class: "level", x: 10 + depth * (NODE_WIDTH + LEVEL_GAP), y: 18 }, "Level " + depth)),
  );
  for (const way of ways) picture.append(needLine(way));
  for (const [a, b] of conflicts) {
    const from = boxes.get(a),
      to = boxes.get(b);
    if (from && to) picture.append(conflictLine(from, to));
  }
  for (const place of boxes.values()) picture.append(graphNode(place, needs));
  return picture;
}

/** @param {Place[]} way */
function needLine(way) {
  let path = "",
    x = 0,
    y = 0;
  way.forEach((place, i) => {
    const left = place.x - (i === way.length - 1 ? 7 : 0),
      middle = place.y + place.height / 2,
      bend = Math.max(30, (left - x) / 2);
    if (i > 0) path += `C${x + bend} ${y} ${left - bend} ${middle} ${left} ${middle} `;
    x = place.x + NODE_WIDTH;
    y = middle;
    if (i < way.length - 1) path += (i === 0 ? "M" : "L") + `${x} ${y} `;
  });
  const tip = way[way.length - 1];
  return s(
    "g",
    { class: "need" },
    s("path", { d: path }),
    s("path", { class: "tip-mark", d: `M${tip.x - 7} ${y - 4} l7 4 l-7 4 z` }),
  );
}

/**
 * @param {Place} a
 * @param {Place} b
 */
function conflictLine(a, b) {
  if (a.x === b.x) {
    const y0 = a.y + NODE_HEIGHT / 2,
      y1 = b.y + NODE_HEIGHT / 2,
      x = a.x + NODE_WIDTH;
    return s("path", { class: "conflict", d: `M${x} ${y0} C${x + 40} ${y0} ${x + 40} ${y1} ${x} ${y1}` });
  }
  const [left, right] = a.x < b.x ? [a, b] : [b, a];
  return s("path", {
    class: "conflict",
    d: `M${left.x + NODE_WIDTH} ${left.y + NODE_HEIGHT - 8} L${right.x} ${right.y + NODE_HEIGHT - 8}`,
  });
}

/**
 * @param {Place} node
 * @param {[number, number][]} needs
 */
function graphNode({ set, x, y }, needs) {
  const stackSet = model.stackSets[set],
    counts = stackSet.after || {},
    total = VERDICT_ORDER.reduce((n, v) => n + (counts[v] || 0), 0) || 1;
  const above = needs.filter(([, b]) => b === set).map(([a]) => model.stackSets[a].name),
    below = needs.filter(([a]) => a === set).map(([, b]) => model.stackSets[b].name);
  const open = () => go({ view: "set", set: stackSet.name });
  const words =
    stackSet.name +
    "; needs " +
    (above.join(", ") || "nothing") +
    "; needed by " +
    (below.join(", ") || "nothing") +
    "; " +
    plural(unhealthyOf(counts), "cell") +
    " not healthy";
  const node = s(
    "g",
    {
      class: "node" + (state.set === stackSet.name ? " chosen" : ""),
      tabindex: 0,
      role: "link",
      "aria-label": words,
      onclick: open,
      onkeydown: (/** @type {KeyboardEvent} */ e) => e.key === "Enter" && open(),
    },
    s("title", null, words),
    s("rect", { class: "box", x, y, width: NODE_WIDTH, height: NODE_HEIGHT, rx: 8 }),
    s("text", { x: x + 12, y: y + 20 }, shortened(stackSet.name, 26)),
  );
  let at = x + 12;
  for (const v of VERDICT_ORDER.slice().reverse()) {
    const share = ((counts[v] || 0) / total) * (NODE_WIDTH - 24);
    if (share > 0)
      node.append(s("rect", { class: "v-" + v, x: at, y: y + 31, width: Math.max(1.5, share), height: 6 }));
    at += share;
  }
  return node;
}
