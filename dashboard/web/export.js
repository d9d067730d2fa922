// @ts-check
// Any table as a file.

import { h } from "./dom.js";

/**
 * A spreadsheet runs what begins with = + - @: such text gets an apostrophe.
 * @param {unknown} value
 */
function csvField(value) {
  if (typeof value === "number") return String(value);
  let text = String(value ?? "");
  if (/^[=+\-@\t\r]/.test(text)) text = "'" + text;
  return /[",\n\r]/.test(text) ? '"' + text.replaceAll('"', '""') + '"' : text;
}

/**
 * @param {string[]} header
 * @param {unknown[][]} rows
 */
function csvOf(header, rows) {
  return [header, ...rows].map((row) => row.map(csvField).join(",")).join("\r\n") + "\r\n";
}

/**
 * @param {string[]} header
 * @param {unknown[][]} rows
 */
function jsonOf(header, rows) {
  return (
    JSON.stringify(
      rows.map((row) => Object.fromEntries(header.map((key, i) => [key, row[i]]))),
      null,
      1,
    ) + "\n"
  );
}

/**
 * @param {string} file
 * @param {string} type
 * @param {string} text
 */
function download(file, type, text) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = file;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

/**
 * @param {string} name
 * @param {() => {header: string[], rows: unknown[][]}} read
 */
export function exportButtons(name, read) {
  /** @param {"csv" | "json"} kind */
  const save = (kind) => () => {
    const { header, rows } = read();
    if (kind === "csv") download(name + ".csv", "text/csv;charset=utf-8", csvOf(header, rows));
    else download(name + ".json", "application/json", jsonOf(header, rows));
  };
  return h(
    "span",
    { class: "exports" },
    h(
      "button",
      { type: "button", class: "quiet", onclick: save("csv"), "aria-label": "Export " + name + " as CSV" },
      "CSV",
    ),
    h(
      "button",
      { type: "button", class: "quiet", onclick: save("json"), "aria-label": "Export " + name + " as JSON" },
      "JSON",
    ),
  );
}
