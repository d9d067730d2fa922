// @ts-check
// The fleet: the matrix on a canvas, with its scrolling, zoom, pointer and
// keyboard, and the same cells as a table for whoever reads rather than looks.

import { accountLabel, accountOf, beforeOf, cellKey, reasonOf, regionOf, setOf, model, textOf, unitOf, unitPath, verdictOf } from "./data.js";
import { h, plural, visible } from "./dom.js";
import { filtering, selection } from "./filter.js";
import { laneAt, layOut, offsetsOf, panelsOf } from "./matrix-layout.js";
import { FONT, GLYPH_SIZE, REGION_HEAD, cssColour, paintCells, paintColumnLabels, paintRowLabels } from "./matrix-paint.js";
import { go, state } from "./state.js";
import { openStory } from "./story.js";
import { DataTable } from "./table.js";
import { VERDICT_ORDER, glyph, lookOf, pill } from "./verdicts.js";
/** @import { Panel } from "./matrix-layout.js" */
/** @import { Chosen } from "./filter.js" */
/** @import { State } from "./state.js" */
/** @import { Column } from "./table.js" */

const ZOOMS = [2, 3, 4, 6, 8, 10, 12, 14, 16, 20, 26];
const UNIT_GAP = 22,
  SET_GAP = 6,
  SLANT = 70; // the last slanted name needs room beside the columns

class Matrix {
  constructor() {
    this.canvas = h("canvas", { "aria-hidden": "true" });
    this.space = h("div", { class: "matrix-space" }, this.canvas);
    this.scroller = h(
      "div",
      {
        class: "matrix",
        tabindex: 0,
        role: "application",
        "aria-label": "Fleet matrix",
        "aria-roledescription": "matrix",
        "aria-describedby": "matrix-help",
        onscroll: () => this.later(),
        onmousemove: (/** @type {MouseEvent} */ e) => this.hover(e),
        onmouseleave: () => this.point(-1, -1),
        onclick: (/** @type {MouseEvent} */ e) => this.click(e),
        onkeydown: (/** @type {KeyboardEvent} */ e) => this.key(e),
        onwheel: (/** @type {WheelEvent} */ e) => this.wheel(e),
      },
      this.space,
    );
    this.tip = h("div", { class: "tip", hidden: true });
    this.voice = h("div", { class: "hidden", role: "status" });
    this.element = h(
      "div",
      { class: "matrix-box" },
      this.scroller,
      this.tip,
      this.voice,
      h(
        "p",
        { id: "matrix-help", class: "hidden" },
        "Arrow keys move from cell to cell, Enter opens its story, plus and minus zoom, 0 fits the width.",
      ),
    );
    this.row = this.column = -1;
    this.frame = 0;
    new ResizeObserver(() => this.resize()).observe(this.scroller);
  }

  /** @param {Chosen} chosen */
  show(chosen) {
    this.mask = chosen.mask;
    this.layout = layOut(filtering() ? chosen.hits : Array.from(chosen.mask, (_, i) => i));
    this.row = this.column = -1;
    this.resize();
  }

  resize() {
    if (!this.layout || !this.scroller.isConnected) return;
    const { clientWidth: width, clientHeight: height } = this.scroller;
    if (width === 0) return;
    const { rows, columns, byUnit } = this.layout;
    const headWidth = width < 700 ? 150 : 230,
      size = Number(state.zoom) || this.usual(width - headWidth);
    const tall = byUnit ? size : Math.max(size, 12); // few rows: each has its region's name
    const regions = byUnit && size >= 10,
      headHeight = 132 + (regions ? REGION_HEAD : 0);
    const x = offsetsOf(columns, size, size < 6 ? 2 : SET_GAP, 0, 0),
      span = headWidth + x[x.length - 1] + SLANT;
    const place = (/** @type {number} */ from, /** @type {number} */ to) =>
      byUnit ? offsetsOf(rows, tall, UNIT_GAP, UNIT_GAP, 0, from, to) : offsetsOf(rows, tall, 6, 4, 13, from, to);
    const count = Math.max(1, Math.min(rows.groups.length * 4, Math.floor((width + SLANT) / span)));
    const panels = panelsOf(rows, count, span, place),
      deepest = Math.max(0, ...panels.map(({ y }) => y[y.length - 1]));
    this.camera = { size, tall, width, height, headWidth, headHeight, x, panels, span, regions, left: 0, top: 0 };
    this.space.style.width = (panels.length > 1 ? width : span) + "px";
    this.space.style.height = headHeight + deepest + 12 + "px";
    const scale = window.devicePixelRatio || 1;
    this.canvas.width = width * scale;
    this.canvas.height = height * scale;
    this.canvas.style.width = width + "px";
    this.canvas.style.height = height + "px";
    this.paint();
  }

  /**
   * The greatest zoom, up to most, at which the columns fit.
   * @param {number} room
   * @param {number} most
   */
  fit(room, most) {
    const columns = this.layout?.columns,
      lanes = columns?.lanes.length || 1,
      gaps = columns?.groups.length || 0;
    return (
      ZOOMS.findLast((size) => size <= most && lanes * size + gaps * (size < 6 ? 2 : SET_GAP) + SLANT <= room) ||
      ZOOMS[0]
    );
  }

  /**
   * The zoom without a choice: it fits, unless glyphs are one short scroll away.
   * @param {number} room
   */
  usual(room) {
    const fits = this.fit(room, 16),
      lanes = this.layout?.columns.lanes.length || 1;
    return fits < GLYPH_SIZE && lanes * GLYPH_SIZE < room * 1.4 ? GLYPH_SIZE : fits;
  }

  later() {
    if (!this.frame) this.frame = requestAnimationFrame(() => this.paint());
  }

  paint() {
    this.frame = 0;
    const { camera, layout, mask } = this,
      pen = this.canvas.getContext("2d");
    if (!camera || !layout || !mask || !pen) return;
    const { width, height, headWidth, headHeight, panels, span } = camera,
      alone = panels.length < 2,
      scale = window.devicePixelRatio || 1;
    camera.left = alone ? this.scroller.scrollLeft : 0;
    camera.top = this.scroller.scrollTop;
    const { left, top } = camera;
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.clearRect(0, 0, width, height);
    if (layout.rows.lanes.length === 0) return this.paintNothing(pen);
    for (const panel of panels) {
      const from = panel.left,
        to = alone ? width : Math.min(width, from + span);
      this.clipped(pen, from + headWidth, headHeight, to, height, from + headWidth - left, headHeight - top, () => {
        paintCells(pen, layout, camera, panel, mask);
        this.paintCursor(pen, panel);
      });
      this.clipped(pen, from, headHeight, from + headWidth - 2, height, from, headHeight - top, () =>
        paintRowLabels(pen, layout, camera, panel),
      );
      this.clipped(pen, from + headWidth, 0, to, headHeight, from + headWidth - left, 0, () =>
        paintColumnLabels(pen, layout, camera),
      );
    }
  }

  /** @param {CanvasRenderingContext2D} pen */
  paintNothing(pen) {
    pen.font = "14px " + FONT;
    pen.fillStyle = cssColour("--muted");
    pen.fillText("Nothing matches.", 24, 40);
  }

  /**
   * Draws within a rectangle, from an origin.
   * @param {CanvasRenderingContext2D} pen
   * @param {number} x0
   * @param {number} y0
   * @param {number} x1
   * @param {number} y1
   * @param {number} dx
   * @param {number} dy
   * @param {() => void} draw
   */
  clipped(pen, x0, y0, x1, y1, dx, dy, draw) {
    pen.save();
    pen.beginPath();
    pen.rect(x0, y0, x1 - x0, y1 - y0);
    pen.clip();
    pen.translate(dx, dy);
    draw();
    pen.restore();
  }

  /**
   * @param {CanvasRenderingContext2D} pen
   * @param {Panel} panel
   */
  paintCursor(pen, panel) {
    if (!this.camera || this.row < panel.first || this.row >= panel.end) return;
    const { x, size, tall } = this.camera;
    pen.strokeStyle = cssColour("--text");
    pen.lineWidth = 2;
    pen.strokeRect(x[this.column] - 2, panel.y[this.row - panel.first] - 2, size + 2, tall + 2);
  }

  /** @returns {number} the cell under the cursor, -1 for none */
  cell() {
    return this.layout && this.row >= 0
      ? this.layout.at[this.row * this.layout.columns.lanes.length + this.column] - 1
      : -1;
  }

  /** @param {MouseEvent} event */
  hover(event) {
    const place = this.placeOf(event);
    if (!place) return this.point(-1, -1);
    this.point(place.row, place.column);
    this.tell(event.clientX, event.clientY);
  }

  /** @param {MouseEvent} event */
  placeOf(event) {
    if (!this.camera || !this.layout || this.layout.at.length === 0) return null;
    const box = this.scroller.getBoundingClientRect(),
      { x, size, tall, headWidth, headHeight, left, top, panels, span } = this.camera;
    const inside = event.clientX - box.left,
      panel = panels[panels.length > 1 ? Math.min(panels.length - 1, Math.floor(inside / span)) : 0];
    if (!panel || inside < panel.left + headWidth || event.clientY - box.top < headHeight) return null;
    const px = inside - panel.left - headWidth + left,
      py = event.clientY - box.top - headHeight + top;
    const column = laneAt(x, px),
      row = laneAt(panel.y, py);
    return px >= x[column] && px < x[column] + size && py >= panel.y[row] && py < panel.y[row] + tall
      ? { row: panel.first + row, column }
      : null;
  }

  /**
   * @param {number} row
   * @param {number} column
   */
  point(row, column) {
    if (row === this.row && column === this.column) return;
    this.row = row;
    this.column = column;
    if (row < 0) this.tip.hidden = true;
    this.later();
  }

  /**
   * @param {number} x
   * @param {number} y
   */
  tell(x, y) {
    const cell = this.cell();
    this.tip.hidden = cell < 0;
    if (cell < 0) return;
    this.tip.replaceChildren(
      h(
        "div",
        null,
        pill(shownVerdict(cell)),
        beforeOf(cell) !== verdictOf(cell) &&
          h(
            "span",
            { class: "muted small" },
            state.when === "before"
              ? " then " + lookOf(verdictOf(cell)).label.toLowerCase()
              : " was " + lookOf(beforeOf(cell)).label.toLowerCase(),
          ),
      ),
      h("strong", null, setOf(cell).name),
      h("div", { class: "muted" }, accountLabel(accountOf(cell)), " · ", regionOf(cell)),
      h("div", { class: "reason small" }, reasonOf(cell)),
    );
    this.keepInSight(x, y);
  }

  /**
   * Puts the tip beside a point, on the side where it has room.
   * @param {number} x
   * @param {number} y
   */
  keepInSight(x, y) {
    const { offsetWidth: wide, offsetHeight: high } = this.tip,
      { clientWidth, clientHeight } = document.documentElement;
    const beside = (/** @type {number} */ at, /** @type {number} */ size, /** @type {number} */ most, /** @type {number} */ gap) =>
      at + gap + size + 4 <= most ? at + gap : Math.max(4, Math.min(at - gap - size, most - size - 4));
    this.tip.style.left = beside(x, wide, clientWidth, 14) + "px";
    this.tip.style.top = beside(y, high, clientHeight, 18) + "px";
  }

  /** @param {MouseEvent} event */
  click(event) {
    const place = this.placeOf(event);
    if (!place) return;
    this.point(place.row, place.column);
    if (this.cell() >= 0) openStory(this.cell());
  }

  /** @param {WheelEvent} event */
  wheel(event) {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    this.zoom(event.deltaY < 0 ? 1 : -1);
  }

  /** @param {number} by */
  zoom(by) {
    const at = ZOOMS.indexOf(this.camera?.size || 14);
    go({ zoom: String(ZOOMS[Math.max(0, Math.min(ZOOMS.length - 1, at + by))]) });
  }

  fitWidth() {
    if (this.camera) go({ zoom: String(this.fit(this.camera.width - this.camera.headWidth, 26)) });
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const moves = /** @type {Record<string, [number, number]>} */ ({
      ArrowLeft: [0, -1],
      ArrowRight: [0, 1],
      ArrowUp: [-1, 0],
      ArrowDown: [1, 0],
      PageUp: [-10, 0],
      PageDown: [10, 0],
      Home: [0, -1e6],
      End: [0, 1e6],
    });
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (moves[event.key]) this.move(...moves[event.key]);
    else if (event.key === "Enter" && this.cell() >= 0) openStory(this.cell());
    else if (event.key === "+" || event.key === "=") this.zoom(1);
    else if (event.key === "-") this.zoom(-1);
    else if (event.key === "0") this.fitWidth();
    else return;
    event.preventDefault();
  }

  /**
   * @param {number} down
   * @param {number} right
   */
  move(down, right) {
    if (!this.layout || !this.camera || this.layout.at.length === 0) return;
    const within = (/** @type {number} */ n, /** @type {number} */ length) => Math.max(0, Math.min(length - 1, n));
    const fresh = this.row < 0;
    this.point(
      within(fresh ? 0 : this.row + down, this.layout.rows.lanes.length),
      within(fresh ? 0 : this.column + right, this.layout.columns.lanes.length),
    );
    this.reveal();
    const cell = this.cell(),
      row = this.layout.rows,
      column = this.layout.columns;
    const place =
      row.lanes[this.row].label +
      ", " +
      row.groups[row.lanes[this.row].group].label +
      "; " +
      column.groups[column.lanes[this.column].group].label +
      ", " +
      column.lanes[this.column].label;
    this.voice.textContent = visible(
      cell < 0
        ? place + ": no instance, and none is wanted"
        : lookOf(shownVerdict(cell)).label + ": " + place + ". " + reasonOf(cell),
    );
    const box = this.scroller.getBoundingClientRect(),
      { x, left, top, headWidth, headHeight, size, tall } = this.camera,
      panel = this.panelOf(this.row);
    if (panel)
      this.tell(
        box.left + panel.left + headWidth + x[this.column] - left + size,
        box.top + headHeight + panel.y[this.row - panel.first] - top + tall,
      );
  }

  /** @param {number} row */
  panelOf(row) {
    return this.camera?.panels.find(({ first, end }) => row >= first && row < end);
  }

  /** Scrolls the cursor into sight. */
  reveal() {
    const panel = this.panelOf(this.row);
    if (!this.camera || !panel) return;
    const { x, size, tall, width, height, headWidth, headHeight, panels } = this.camera,
      y = panel.y[this.row - panel.first],
      s = this.scroller;
    if (panels.length === 1)
      s.scrollLeft = Math.max(
        Math.min(s.scrollLeft, x[this.column] - 10),
        x[this.column] + size + 10 - (width - headWidth),
      );
    s.scrollTop = Math.max(Math.min(s.scrollTop, y - UNIT_GAP), y + tall + 10 - (height - headHeight));
    this.camera.left = panels.length === 1 ? s.scrollLeft : 0;
    this.camera.top = s.scrollTop;
  }
}

/** @param {number} cell */
const shownVerdict = (cell) => (state.when === "before" ? beforeOf(cell) : verdictOf(cell));

/** @returns {Column[]} */
export function cellColumns() {
  return [
    { key: "stackSet", label: "Stack set", width: "15rem", value: (i) => setOf(i).name },
    {
      key: "account",
      label: "Account",
      width: "9rem",
      value: (i) => accountOf(i).id,
      show: (i) => h("span", { class: "code" }, accountOf(i).id),
    },
    { key: "accountName", label: "Name", width: "12rem", value: (i) => accountOf(i).name || "" },
    { key: "ou", label: "OU", width: "12rem", value: (i) => unitPath(unitOf(i)) },
    { key: "region", label: "Region", width: "8rem", value: regionOf },
    { key: "verdict", label: "Verdict", width: "9rem", value: verdictOf, show: (i) => pill(verdictOf(i)) },
    { key: "before", label: "Before", width: "9rem", value: beforeOf, show: (i) => pill(beforeOf(i)) },
    {
      key: "reason",
      label: "Reason",
      width: "26rem",
      value: reasonOf,
      show: (i) => h("span", { title: reasonOf(i) }, reasonOf(i)),
    },
    {
      key: "hint",
      label: "Hint",
      width: "18rem",
      value: (i) => textOf("hint", i),
      show: (i) => h("span", { title: textOf("hint", i) }, textOf("hint", i)),
    },
  ];
}

/**
 * @param {string} label
 * @param {keyof State} key
 * @param {[string, string][]} choices
 */
function segmented(label, key, choices) {
  return h(
    "div",
    { class: "segmented", role: "group", "aria-label": label },
    choices.map(([value, text]) =>
      h(
        "button",
        { type: "button", "aria-pressed": String(state[key] === value), onclick: () => go({ [key]: value }) },
        text,
      ),
    ),
  );
}

/** @type {Matrix | null} */
export let matrix = null;

export const currentMatrix = () => matrix;

/** Forgets the matrix of a view that is gone. */
export function forgetMatrix() {
  matrix = null;
}

/** @returns {HTMLElement} */
export function fleetView() {
  const chosen = selection(),
    asTable = state.as === "table";
  const tools = h(
    "div",
    { class: "panel-tools" },
    segmented("Shown as", "as", [
      ["matrix", "Matrix"],
      ["table", "Table"],
    ]),
    !asTable &&
      segmented("Rows", "by", [
        ["ou", "Accounts by OU"],
        ["set", "Stack sets"],
      ]),
    segmented("Cells", "only", [
      ["", "All"],
      ["wrong", "Wrong only"],
    ]),
    !asTable &&
      segmented("Order", "order", [
        ["", "By name"],
        ["worst", "Worst first"],
      ]),
    segmented("State", "when", [
      ["after", "Now"],
      ["before", "Before the run"],
    ]),
    !asTable &&
      h(
        "div",
        { class: "segmented", role: "group", "aria-label": "Zoom" },
        h("button", { type: "button", "aria-label": "Zoom out", onclick: () => matrix?.zoom(-1) }, "−"),
        h("button", { type: "button", "aria-label": "Zoom in", onclick: () => matrix?.zoom(1) }, "+"),
        h("button", { type: "button", onclick: () => matrix?.fitWidth() }, "Fit"),
      ),
  );
  const section = h(
    "section",
    { class: "panel", "aria-labelledby": "fleet-title" },
    h(
      "div",
      { class: "panel-head" },
      h("h2", { id: "fleet-title" }, "The fleet"),
      h("span", { class: "muted" }, plural(chosen.hits.length, "cell")),
      tools,
    ),
  );
  if (asTable) {
    const table = new DataTable({
      name: "cells",
      label: "Cells",
      columns: cellColumns(),
      open: openStory,
      openLabel: (i) => "Story of " + cellKey(i),
      rowHeight: 34,
    });
    table.show(chosen.hits);
    section.append(table.element);
    return section;
  }
  section.append(matrixOf());
  return section;
}

/** The matrix of what is selected, with its legend. */
export function matrixOf() {
  const earlier = matrix;
  matrix = new Matrix();
  matrix.show(selection());
  if (earlier && earlier.layout?.at.length === matrix.layout?.at.length) matrix.point(earlier.row, earlier.column);
  return h("div", null, legend(), regionsSaid(), matrix.element);
}

/** Which regions the columns of a stack set are, from left to right. */
function regionsSaid() {
  if (state.by === "set" || model.regions.length === 0) return "";
  return h(
    "p",
    { class: "muted small regions" },
    "A stack set's columns are its regions, from left to right: ",
    model.regions.toSorted().join(", "),
    ".",
  );
}

function legend() {
  return h(
    "ul",
    { class: "legend" },
    ["absent", "removed", ...VERDICT_ORDER]
      .reverse()
      .map((v) => h("li", { title: lookOf(v).meaning }, glyph(v, 14), lookOf(v).label)),
    h("li", { class: "muted" }, h("span", { class: "blank" }), "none wanted"),
  );
}
