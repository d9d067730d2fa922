// @ts-check
// Which stack set needs which: a column for each level, an edge from what is
// needed to who needs it, conflicts as dashed lines. Sets without either stand
// in a list below.

const NODE_WIDTH = 200, NODE_HEIGHT = 46, LEVEL_GAP = 76, NODE_GAP = 16;

/** @typedef {{x: number, y: number, set: number}} Node2 */

function connectedSets() {
  const places = new Map(model.stackSets.map((set, i) => [set.name, i]));
  /** @type {[number, number][]} */
  const needs = [];
  /** @type {[number, number][]} */
  const conflicts = [];
  model.stackSets.forEach((set, i) => {
    for (const other of set.dependsOn || []) if (places.has(other)) needs.push([/** @type {number} */ (places.get(other)), i]);
    for (const other of set.antiDependsOn || []) {
      const j = places.get(other);
      if (j !== undefined && !conflicts.some(([a, b]) => a === j && b === i)) conflicts.push([i, j]);
    }
  });
  return { needs, conflicts };
}

/**
 * @param {number[][]} levels
 * @param {[number, number][]} needs
 * @returns {Map<number, Node2>}
 */
function placeNodes(levels, needs) {
  /** @type {Map<number, Node2>} */
  const nodes = new Map();
  levels.forEach((sets, depth) => {
    const pull = (/** @type {number} */ set) => {
      const from = needs.filter(([, to]) => to === set).map(([a]) => nodes.get(a)?.y ?? 0);
      return from.length ? from.reduce((a, b) => a + b, 0) / from.length : 1e6;
    };
    sets.slice().sort((a, b) => pull(a) - pull(b) || a - b).forEach((set, i) => nodes.set(set, { set, x: 10 + depth * (NODE_WIDTH + LEVEL_GAP), y: 34 + i * (NODE_HEIGHT + NODE_GAP) }));
  });
  return nodes;
}

/** @returns {HTMLElement} */
function graphView() {
  const { needs, conflicts } = connectedSets(), involved = new Set([...needs, ...conflicts].flat());
  const levels = model.levels.map((sets) => sets.filter((set) => involved.has(set)));
  const unplaced = [...involved].filter((set) => !levels.some((sets) => sets.includes(set)));
  if (unplaced.length) levels.push(unplaced); // in a cycle: no level holds them
  const shown = levels.filter((sets) => sets.length > 0), alone = model.stackSets.map((_, i) => i).filter((i) => !involved.has(i));
  return h("section", { class: "panel", "aria-labelledby": "graph-title" },
    h("div", { class: "panel-head" }, h("h2", { id: "graph-title" }, "Dependencies"), h("span", { class: "muted" }, plural(needs.length, "dependency", "dependencies"), ", ", plural(conflicts.length, "conflict"), ", ", plural(shown.length, "level")),
      exportButtons("dependencies", () => ({ header: ["from", "relation", "to"], rows: [...needs.map(([a, b]) => [model.stackSets[b].name, "dependsOn", model.stackSets[a].name]), ...conflicts.map(([a, b]) => [model.stackSets[a].name, "antiDependsOn", model.stackSets[b].name])] }))),
    involved.size > 0 ? h("div", { class: "graph-box", tabindex: 0, role: "region", "aria-label": "Dependency graph, scrollable" }, graphPicture(shown, needs, conflicts)) : h("p", { class: "none" }, "No stack set depends on another, and none conflict."),
    involved.size > 0 && h("p", { class: "muted small pad" }, h("span", { class: "key need" }), " is created before, and deleted after, what it points to   ", h("span", { class: "key conflict" }), " never share a target"),
    alone.length > 0 && h("div", { class: "pad" }, h("h3", null, "On their own"), h("ul", { class: "cells" }, alone.map((i) => h("li", null, h("button", { type: "button", class: "cell-link", onclick: () => go({ view: "fleet", set: model.stackSets[i].name }) }, model.stackSets[i].name))))));
}

/**
 * @param {number[][]} levels
 * @param {[number, number][]} needs
 * @param {[number, number][]} conflicts
 */
function graphPicture(levels, needs, conflicts) {
  const nodes = placeNodes(levels, needs), width = levels.length * (NODE_WIDTH + LEVEL_GAP), height = 40 + Math.max(...levels.map((l) => l.length)) * (NODE_HEIGHT + NODE_GAP);
  const picture = s("svg", { class: "graph", width, height, viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": "Dependencies between stack sets" });
  levels.forEach((_, depth) => picture.append(s("text", { class: "level", x: 10 + depth * (NODE_WIDTH + LEVEL_GAP), y: 18 }, "Level " + depth)));
  for (const [a, b] of needs) {
    const from = nodes.get(a), to = nodes.get(b);
    if (from && to) picture.append(needLine(from, to));
  }
  for (const [a, b] of conflicts) {
    const from = nodes.get(a), to = nodes.get(b);
    if (from && to) picture.append(conflictLine(from, to));
  }
  for (const node of nodes.values()) picture.append(graphNode(node, needs));
  return picture;
}

/**
 * @param {Node2} from
 * @param {Node2} to
 */
function needLine(from, to) {
  const x0 = from.x + NODE_WIDTH, y0 = from.y + NODE_HEIGHT / 2, x1 = to.x - 7, y1 = to.y + NODE_HEIGHT / 2, bend = Math.max(30, (x1 - x0) / 2);
  return s("g", { class: "need", "data-from": from.set, "data-to": to.set },
    s("path", { d: `M${x0} ${y0} C${x0 + bend} ${y0} ${x1 - bend} ${y1} ${x1} ${y1}` }), s("path", { class: "tip-mark", d: `M${x1} ${y1 - 4} l7 4 l-7 4 z` }));
}

/**
 * @param {Node2} a
 * @param {Node2} b
 */
function conflictLine(a, b) {
  if (a.x === b.x) {
    const y0 = a.y + NODE_HEIGHT / 2, y1 = b.y + NODE_HEIGHT / 2, x = a.x + NODE_WIDTH;
    return s("path", { class: "conflict", d: `M${x} ${y0} C${x + 40} ${y0} ${x + 40} ${y1} ${x} ${y1}` });
  }
  const [left, right] = a.x < b.x ? [a, b] : [b, a];
  return s("path", { class: "conflict", d: `M${left.x + NODE_WIDTH} ${left.y + NODE_HEIGHT - 8} L${right.x} ${right.y + NODE_HEIGHT - 8}` });
}

/**
 * @param {Node2} node
 * @param {[number, number][]} needs
 */
function graphNode({ set, x, y }, needs) {
  const stackSet = model.stackSets[set], counts = stackSet.after || {}, total = VERDICT_ORDER.reduce((n, v) => n + (counts[v] || 0), 0) || 1;
  const above = needs.filter(([, b]) => b === set).map(([a]) => model.stackSets[a].name), below = needs.filter(([a]) => a === set).map(([, b]) => model.stackSets[b].name);
  const open = () => go({ view: "fleet", set: stackSet.name });
  const words = stackSet.name + "; needs " + (above.join(", ") || "nothing") + "; needed by " + (below.join(", ") || "nothing") + "; " + plural(unhealthyOf(counts), "cell") + " not healthy";
  const node = s("g", { class: "node", tabindex: 0, role: "link", "aria-label": words, onclick: open, onkeydown: (/** @type {KeyboardEvent} */ e) => e.key === "Enter" && open() },
    s("title", null, words), s("rect", { class: "box", x, y, width: NODE_WIDTH, height: NODE_HEIGHT, rx: 8 }),
    s("text", { x: x + 12, y: y + 20 }, shortened(stackSet.name, 26)));
  let at = x + 12;
  for (const v of VERDICT_ORDER.slice().reverse()) {
    const share = ((counts[v] || 0) / total) * (NODE_WIDTH - 24);
    if (share > 0) node.append(s("rect", { class: "v-" + v, x: at, y: y + 31, width: Math.max(1.5, share), height: 6 }));
    at += share;
  }
  return node;
}
