// @ts-check
// Drawing the matrix: only what is in sight, each verdict's cell painted once
// and then stamped.

import { model } from "./data.js";
import { h, visible } from "./dom.js";
import { laneAt } from "./matrix-layout.js";
import { state } from "./state.js";
import { lookOf } from "./verdicts.js";
/** @import { Layout, Panel } from "./matrix-layout.js" */

/**
 * @typedef {object} Camera
 * @property {number} size pixels a cell, gap included
 * @property {number} tall pixels from row to row
 * @property {number} left
 * @property {number} top
 * @property {number} width
 * @property {number} height
 * @property {number} headWidth of the row labels
 * @property {number} headHeight of the column labels
 * @property {Float64Array} x
 * @property {Panel[]} panels
 * @property {number} span pixels from one panel to the next
 * @property {boolean} regions whether there is room to name every region
 */

/** The size from which cells show their glyph. */
export const GLYPH_SIZE = 10;

/** @type {Map<string, string>} custom properties as the canvas wants them */
const knownColours = new Map();

/** An element to ask colours of: one that stays costs nothing to ask again. */
const colourProbe = h("span", { hidden: true });

/** The colours are others when the scheme changes. */
export const forgetColours = () => knownColours.clear();

/**
 * A custom property's colour. light-dark() is resolved by asking for the colour
 * of an element that has it.
 * @param {string} property
 */
export function cssColour(property) {
  const known = knownColours.get(property);
  if (known) return known;
  if (!colourProbe.isConnected) document.body.append(colourProbe);
  colourProbe.style.color = "var(" + property + ")";
  const colour = getComputedStyle(colourProbe).color;
  knownColours.set(property, colour);
  return colour;
}

/**
 * @param {string} verdict
 * @param {number} size
 * @param {number} scale device pixels a CSS pixel
 */
function stampOf(verdict, size, scale) {
  const stamp = document.createElement("canvas"),
    inner = size > 4 ? size - (size > 8 ? 2 : 1) : size;
  stamp.width = stamp.height = Math.max(1, Math.round(inner * scale));
  const pen = /** @type {CanvasRenderingContext2D} */ (stamp.getContext("2d")),
    look = lookOf(verdict);
  pen.scale(stamp.width / 16, stamp.height / 16);
  pen.fillStyle = cssColour("--v-" + look.name);
  if (look.name === "notChecked") paintUnchecked(pen, size);
  else if (look.name === "removed" || look.name === "absent") paintRemoved(pen);
  else {
    pen.beginPath();
    pen.roundRect(0, 0, 16, 16, size > 8 ? 3 : 0);
    pen.fill();
  }
  if (size >= GLYPH_SIZE && look.name !== "removed" && look.name !== "absent") {
    pen.strokeStyle = cssColour(look.name === "notChecked" ? "--v-notChecked-ink" : "--v-" + look.name + "-ink");
    pen.globalAlpha = look.name === "healthy" ? 0.5 : 1; // what is well should not shout
    pen.lineWidth = size < 14 ? 2.4 : 1.9;
    pen.lineCap = pen.lineJoin = "round";
    pen.stroke(new Path2D(look.path));
  }
  return stamp;
}

/**
 * What was removed leaves a dot.
 * @param {CanvasRenderingContext2D} pen
 */
function paintRemoved(pen) {
  pen.beginPath();
  pen.arc(8, 8, 2.2, 0, 2 * Math.PI);
  pen.fill();
}

/**
 * What was not checked is a hatched, open box: no fill that could be read as
 * health, whatever the colours.
 * @param {CanvasRenderingContext2D} pen
 * @param {number} size
 */
function paintUnchecked(pen, size) {
  pen.strokeStyle = cssColour("--v-notChecked");
  pen.lineWidth = size < 8 ? 4 : 1.6;
  if (size < 8) return pen.strokeRect(2, 2, 12, 12);
  pen.beginPath();
  pen.roundRect(0.8, 0.8, 14.4, 14.4, 3);
  pen.stroke();
}

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {Layout} layout
 * @param {Camera} camera
 * @param {Panel} panel
 * @param {Uint8Array} mask
 */
export function paintCells(pen, layout, camera, panel, mask) {
  const { size, tall, x } = camera,
    { y, first } = panel,
    columns = layout.columns.lanes.length,
    scale = window.devicePixelRatio || 1;
  const shown = state.when === "before" ? model.cells.before : model.cells.verdict;
  const stamps = model.verdicts.map((verdict) => stampOf(verdict, size, scale));
  const inner = size > 4 ? size - (size > 8 ? 2 : 1) : size,
    innerTall = inner + (tall - size);
  const [firstRow, lastRow, firstColumn, lastColumn] = inSight(camera, panel);
  for (const faded of [true, false]) {
    pen.globalAlpha = faded ? 0.13 : 1;
    for (let r = firstRow; r <= lastRow; r++) {
      for (let c = firstColumn; c <= lastColumn; c++) {
        const cell = layout.at[(first + r) * columns + c] - 1;
        if (cell >= 0 && (mask[cell] === 0) === faded) pen.drawImage(stamps[shown[cell]], x[c], y[r], inner, innerTall);
      }
    }
  }
  pen.globalAlpha = 1;
}

/**
 * Rows and columns of a panel that can be seen.
 * @param {Camera} camera
 * @param {Panel} panel
 */
function inSight({ x, left, top, width, height, headWidth, headHeight, panels }, { y }) {
  const alone = panels.length === 1;
  return [
    laneAt(y, top),
    laneAt(y, top + height - headHeight),
    alone ? laneAt(x, left) : 0,
    alone ? laneAt(x, left + width - headWidth) : x.length - 2,
  ];
}

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {Layout} layout
 * @param {Camera} camera
 * @param {Panel} panel
 */
export function paintRowLabels(pen, layout, camera, panel) {
  const { tall, headWidth } = camera,
    { y, first, end } = panel,
    [firstRow, lastRow] = inSight(camera, panel),
    { lanes, groups } = layout.rows;
  pen.textBaseline = "middle";
  for (let g = lanes[first + firstRow]?.group ?? 0; g <= (lanes[first + lastRow]?.group ?? -1); g++) {
    const start = Math.max(groups[g].start, first) - first,
      label = groups[g].label + (groups[g].start < first ? " (continued)" : "");
    if (layout.byUnit) paintGroupLabel(pen, label, y[start] - 9, headWidth - 20);
    else paintGroupLabel(pen, label, y[start] + Math.max(6.5, tall / 2), headWidth - 96);
  }
  if (tall < 10) return;
  pen.font = "11px " + FONT;
  pen.fillStyle = cssColour("--muted");
  for (let r = firstRow; r <= lastRow && first + r < end; r++) {
    const text = fitted(pen, visible(lanes[first + r].label), layout.byUnit ? headWidth - 30 : 86);
    if (layout.byUnit) pen.fillText(text, 20, y[r] + tall / 2 - 0.5);
    else {
      pen.textAlign = "right";
      pen.fillText(text, headWidth - 8, y[r] + tall / 2 - 0.5);
      pen.textAlign = "left";
    }
  }
}

export const FONT = 'Inter, ui-sans-serif, system-ui, -apple-system, "Segoe UI", sans-serif';

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {string} label
 * @param {number} y
 * @param {number} room
 */
function paintGroupLabel(pen, label, y, room) {
  pen.font = "600 11.5px " + FONT;
  pen.fillStyle = cssColour("--text");
  pen.fillText(fitted(pen, visible(label), room, true), 12, y);
}

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {string} text
 * @param {number} room
 * @param {boolean} [fromEnd] keep the end, as of a path
 */
function fitted(pen, text, room, fromEnd = false) {
  if (pen.measureText(text).width <= room) return text;
  let length = Math.floor((text.length * room) / pen.measureText(text).width);
  const cut = () => (fromEnd ? "…" + text.slice(text.length - length) : text.slice(0, length) + "…");
  while (length > 1 && pen.measureText(cut()).width > room) length--;
  return cut();
}

/** Pixels of the names of single columns, below those of their groups. */
export const REGION_HEAD = 84;

/**
 * Column groups carry slanted names that end at a bracket over exactly their columns;
 * where they are closer than a line of text, only as many as can be read. Below, each
 * column's own name is written upright over it, where there is room.
 * @param {CanvasRenderingContext2D} pen
 * @param {Layout} layout
 * @param {Camera} camera
 */
export function paintColumnLabels(pen, layout, camera) {
  const { size, x, headHeight, regions } = camera,
    { groups, lanes } = layout.columns,
    base = headHeight - 8 - (regions ? REGION_HEAD : 0);
  const inner = size > 4 ? size - (size > 8 ? 2 : 1) : size;
  let free = -Infinity;
  pen.textBaseline = "middle";
  for (const { label, start, end } of groups) {
    const from = x[start],
      to = x[end - 1] + inner,
      middle = (from + to) / 2;
    pen.fillStyle = cssColour("--line-strong");
    pen.fillRect(from, base + 4, to - from, 1.5);
    if (middle < free) continue;
    free = middle + 14;
    pen.fillRect(middle - 0.5, base, 1, 4);
    pen.save();
    pen.translate(middle, base - 2);
    pen.rotate(-Math.PI / 4);
    pen.font = "600 11px " + FONT;
    pen.fillStyle = cssColour("--text");
    pen.fillText(fitted(pen, visible(label), (base - 10) * 1.35, true), 0, 0);
    pen.restore();
  }
  if (!regions) return;
  pen.font = "10px " + FONT;
  pen.fillStyle = cssColour("--muted");
  lanes.forEach(({ label }, i) => {
    pen.save();
    pen.translate(x[i] + inner / 2, headHeight - 6);
    pen.rotate(-Math.PI / 2);
    pen.fillText(fitted(pen, visible(label), REGION_HEAD - 10), 0, 0);
    pen.restore();
  });
}
