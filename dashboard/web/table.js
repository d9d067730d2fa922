// @ts-check
// A sortable table that builds only the rows in sight, so that a hundred
// thousand are no more work than thirty. It stays a real table: rows carry their
// number, the header its sort order.

import { count, h, plural } from "./dom.js";
import { exportButtons } from "./export.js";
import { naturalKey } from "./matrix-layout.js";
import { go, state } from "./state.js";
/** @import { Child } from "./dom.js" */

/**
 * @typedef {object} Column
 * @property {string} key name in exports and in the address
 * @property {string} label
 * @property {string} [title]
 * @property {Child} [head] shown instead of the label
 * @property {boolean} [number] right-aligned, sorted high to low first
 * @property {string} [width] in rem, 8rem if not given
 * @property {(row: number) => string | number} value for sorting and exports
 * @property {(row: number) => Child} [show]
 */
/**
 * @typedef {object} TableOptions
 * @property {string} name
 * @property {string} label
 * @property {Column[]} columns
 * @property {string} [sort] a column's key, with - in front for descending
 * @property {number} [rowHeight]
 * @property {string} [none]
 * @property {(row: number) => void} [open] what a row leads to
 * @property {(row: number) => string} [openLabel]
 */

const PRINTED_ROWS = 500,
  LEAST_SHARE = 0.6, // of the width that a table would like to have
  CARD_LINE = 24;

/** @type {Set<DataTable>} the tables of the present view */
export const shownTables = new Set();

window.addEventListener("beforeprint", () => shownTables.forEach((table) => table.paint(true, true)));
window.addEventListener("afterprint", () => shownTables.forEach((table) => table.paint(true)));

export class DataTable {
  /** @param {TableOptions} options */
  constructor(options) {
    this.options = options;
    this.rowHeight = options.rowHeight || 36;
    /** @type {number[]} */
    this.rows = [];
    this.sort = sortOf(options.name) || options.sort || "";
    this.first = -1;
    this.shown = 0;
    this.body = h("tbody");
    this.head = h("tr", { "aria-rowindex": 1 });
    const widths = options.columns.map((by) => parseFloat(by.width || "8rem"));
    this.wanted = widths.reduce((a, b) => a + b, 0);
    this.cards = false;
    this.lineHeight = this.rowHeight;
    this.table = h(
      "table",
      { class: "data", "aria-label": options.label },
      h(
        "colgroup",
        null,
        widths.map((width) => h("col", { style: { width: (100 * width) / this.wanted + "%" } })),
      ),
      h("thead", null, this.head),
      this.body,
    );
    this.scroller = h(
      "div",
      {
        class: "scroller",
        tabindex: 0,
        role: "region",
        "aria-label": options.label + ", scrollable",
        onscroll: () => this.paint(false),
      },
      this.table,
    );
    this.tally = h("span", { class: "muted tally" });
    this.element = h(
      "div",
      { class: "table-box" },
      h(
        "div",
        { class: "table-tools" },
        this.tally,
        exportButtons(options.name, () => this.exported()),
      ),
      this.scroller,
    );
    new ResizeObserver(() => this.fit()).observe(this.scroller);
    shownTables.add(this);
    this.paintHead();
  }

  /**
   * Columns share the width that there is; where they would become too narrow to read,
   * every row becomes a card instead, a line for each column. No column is cut off.
   */
  fit() {
    const room = this.scroller.clientWidth,
      rem = parseFloat(getComputedStyle(document.documentElement).fontSize) || 14;
    const cards = room > 0 && room < this.wanted * rem * LEAST_SHARE;
    if (cards !== this.cards) {
      this.cards = cards;
      this.table.classList.toggle("stacked", cards);
      this.rowHeight = cards ? this.options.columns.length * CARD_LINE + 18 : this.lineHeight;
      this.first = -1;
    }
    this.paint(this.first < 0);
  }

  /** @param {number[]} rows */
  show(rows) {
    this.rows = rows.slice();
    this.order();
    this.tally.textContent = plural(rows.length, "row");
    this.table.setAttribute("aria-rowcount", String(rows.length + 1));
    this.paint(true);
  }

  order() {
    const descending = this.sort.startsWith("-"),
      key = this.sort.replace(/^-/, "");
    const by = this.options.columns.find((c) => c.key === key);
    if (!by) return;
    const keys = new Map(
      this.rows.map((row) => {
        const value = by.value(row);
        return [row, typeof value === "string" ? naturalKey(value) : value];
      }),
    );
    this.rows.sort((a, b) => {
      const x = /** @type {any} */ (keys.get(a)),
        y = /** @type {any} */ (keys.get(b));
      return (x < y ? -1 : x > y ? 1 : 0) * (descending ? -1 : 1) || a - b;
    });
  }

  /** @param {Column} by */
  sortBy(by) {
    const up = by.key,
      down = "-" + by.key;
    const first = by.number ? down : up,
      second = by.number ? up : down;
    this.sort = this.sort === first ? second : first;
    keepSort(this.options.name, this.sort);
    this.order();
    this.paintHead();
    this.scroller.scrollTop = 0;
    this.paint(true);
  }

  paintHead() {
    this.head.replaceChildren(
      ...this.options.columns.map((by) => {
        const order = this.sort === by.key ? "ascending" : this.sort === "-" + by.key ? "descending" : "none";
        const focus =
          document.activeElement?.getAttribute("data-sort") === by.key && this.head.contains(document.activeElement);
        const button = h(
          "button",
          { type: "button", "data-sort": by.key, title: by.title, onclick: () => this.sortBy(by) },
          by.head ? [by.head, h("span", { class: "hidden" }, by.label)] : by.label,
          h(
            "span",
            { class: "arrow", "aria-hidden": "true" },
            order === "ascending" ? "↑" : order === "descending" ? "↓" : "",
          ),
        );
        if (focus) queueMicrotask(() => button.focus());
        return h("th", { scope: "col", "aria-sort": order, class: by.number ? "number" : null }, button);
      }),
    );
  }

  /**
   * @param {boolean} anew
   * @param {boolean} [all] as many as are printed
   */
  paint(anew, all = false) {
    const inSight = Math.ceil((this.scroller.clientHeight || 600) / this.rowHeight) + 8;
    const first = all
      ? 0
      : Math.max(0, Math.min(Math.floor(this.scroller.scrollTop / this.rowHeight) - 4, this.rows.length - inSight));
    if (!anew && first === this.first && this.shown === inSight) return;
    this.first = first;
    this.shown = inSight;
    const last = Math.min(this.rows.length, all ? PRINTED_ROWS : first + inSight);
    const lines = [];
    if (first > 0) lines.push(this.gap(first));
    for (let i = first; i < last; i++) lines.push(this.line(i));
    if (last < this.rows.length)
      lines.push(
        all ? this.note("and " + count(this.rows.length - last) + " more") : this.gap(this.rows.length - last),
      );
    if (this.rows.length === 0) lines.push(this.note(this.options.none || "Nothing matches."));
    this.body.replaceChildren(...lines);
  }

  /** @param {number} rows */
  gap(rows) {
    return h(
      "tr",
      { "aria-hidden": "true", class: "gap" },
      h("td", { colspan: this.options.columns.length, style: { height: rows * this.rowHeight + "px" } }),
    );
  }

  /** @param {string} text */
  note(text) {
    return h("tr", null, h("td", { colspan: this.options.columns.length, class: "none" }, text));
  }

  /** @param {number} i */
  line(i) {
    const row = this.rows[i],
      { columns, open } = this.options;
    const cells = columns.map((by, at) => this.field(by, row, at === 0));
    const line = h(
      "tr",
      { "aria-rowindex": i + 2, class: open ? "opens" : null, style: { height: this.rowHeight + "px" } },
      cells,
    );
    if (open)
      line.addEventListener(
        "click",
        (event) => /** @type {Element} */ (event.target).closest("a, button") || open(row),
      );
    return line;
  }

  /**
   * @param {Column} by
   * @param {number} row
   * @param {boolean} first
   */
  field(by, row, first) {
    const { open, openLabel } = this.options,
      value = by.show ? by.show(row) : by.value(row),
      side = by.number ? "number" : null;
    if (!first) return h("td", { class: side, "data-label": by.label }, value);
    if (!open) return h("th", { scope: "row", class: side, "data-label": by.label }, value);
    return h(
      "th",
      { scope: "row", class: side, "data-label": by.label },
      h(
        "button",
        { type: "button", class: "link", title: openLabel ? openLabel(row) : null, onclick: () => open(row) },
        value,
      ),
    );
  }

  exported() {
    const { columns } = this.options;
    return { header: columns.map((c) => c.key), rows: this.rows.map((row) => columns.map((c) => c.value(row))) };
  }
}

/** @param {string} table */
function sortOf(table) {
  const entry = state.sort.split(",").find((s) => s.startsWith(table + "."));
  return entry ? entry.slice(table.length + 1) : "";
}

/**
 * @param {string} table
 * @param {string} sort
 */
function keepSort(table, sort) {
  const others = state.sort.split(",").filter((s) => s && !s.startsWith(table + "."));
  go({ sort: [...others, table + "." + sort].join(",") });
}
