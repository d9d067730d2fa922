// @ts-check
// Reasons and what resolves them: AWS's words first, which is what one looks
// for, then where it happened and what setmend says; commands ready to copy.

import { h } from "./dom.js";
/** @import { Next } from "./data.js" */
/** @import { Child } from "./dom.js" */

/**
 * @param {{reason?: string, said?: string, where?: string}} told
 * @param {boolean} [whole] with our own words below AWS's
 */
export function reasonShown({ reason = "", said = "", where = "" }, whole = true) {
  return h(
    "span",
    { class: "reason" },
    said || reason,
    where && h("span", { class: "muted small where" }, where),
    whole && said && reason && h("span", { class: "muted small where" }, reason),
  );
}

/** @param {string} text */
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // A page from disk or in a frame may not write to the clipboard: the text is
    // selected instead, so that one key copies it.
    return false;
  }
}

/** @param {string} command */
export function commandShown(command) {
  const code = h("code", { class: "code" }, command),
    button = h("button", { type: "button", class: "quiet", "aria-label": "Copy: " + command }, "Copy");
  button.addEventListener("click", async () => {
    const copied = await copy(command);
    if (!copied) getSelection()?.selectAllChildren(code);
    button.textContent = copied ? "Copied" : "Selected";
    setTimeout(() => (button.textContent = "Copy"), 2000);
  });
  return h("span", { class: "command" }, code, button);
}

/** A word as a POSIX shell takes it. @param {string} word */
export const shellWord = (word) =>
  /^[\w./][\w./:-]*$/.test(word) ? word : "'" + word.replaceAll("'", "'\\''") + "'";

/**
 * What a person can do, the likeliest first.
 * @param {Next[] | undefined | null} next
 * @param {(next: Next) => Child} [button] the live page's
 * @param {string[]} [cell] stack set, account and region of the cell that is looked at
 */
export function nextShown(next, button = () => null, cell = []) {
  if (!next?.length) return null;
  return h(
    "ul",
    { class: "next" },
    next.map((n) => h("li", null, h("span", { class: "muted small" }, n.does), commandShown([n.command, ...(n.cell ? cell.map(shellWord) : [])].join(" ")), button(n))),
  );
}
