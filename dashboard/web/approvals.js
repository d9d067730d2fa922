// @ts-check
// What waits for a person's answer, and the way to give it: what would be done is
// said before the answer, and how the answer can be taken back after it.

import { model } from "./data.js";
import { count, h, plural, visible } from "./dom.js";
import { nextShown, shellWord } from "./said.js";
import { send } from "./server.js";
import { clock, instant } from "./time.js";
import { glyph } from "./verdicts.js";
/** @import { Approval } from "./data.js" */
/** @import { Child } from "./dom.js" */

/** @param {Approval} a */
const subjectOf = (a) => a.stackSet || "all stack sets";

/** What is asked first, then what was answered. */
export function approvalList() {
  const asked = model.approvals.filter((a) => !a.decision),
    answered = model.approvals.filter((a) => a.decision);
  return [...asked.map(askedShown), ...answered.map(answeredShown)];
}

/**
 * @param {string} mark
 * @param {string} kind
 * @param {Approval} a
 * @param {...Child} more
 */
function entry(mark, kind, a, ...more) {
  return h(
    "article",
    { class: "group" + (mark === "blocked" ? " notice" : "") },
    h("div", { class: "group-mark" }, glyph(mark, 24)),
    h(
      "div",
      { class: "group-body" },
      h("h3", { class: "reason" }, a.reason),
      h("p", { class: "muted small" }, kind, " · ", subjectOf(a)),
      more,
    ),
  );
}

/** @param {Approval} a */
function askedShown(a) {
  return entry(
    "blocked",
    "Waits for approval" + (a.since ? " since " + clock(instant(a.since)) : ""),
    a,
    a.hint && h("p", { class: "hint" }, a.hint),
    consequences(a),
    model.live
      ? askedButtons(a)
      : nextShown([{ does: "Approve it, for 24 hours", command: "setmend approvals approve " + shellWord(a.id) }]),
  );
}

/**
 * What an approval lets happen.
 * @param {Approval} a
 */
function consequences(a) {
  const facts = [
    a.all ? ["Counted", count(a.of || 0) + " of " + count(a.all)] : null,
    a.cells === undefined ? null : ["Cells that would be acted on", count(a.cells)],
    a.operations ? ["Operations, at least", count(a.operations)] : null,
  ].filter((fact) => fact !== null);
  const destroyed = a.destroys || [];
  return h(
    "dl",
    { class: "consequences" },
    facts.map(([term, value]) => h("div", null, h("dt", null, term), h("dd", null, value))),
    a.cells === undefined
      ? null
      : h(
          "div",
          null,
          h("dt", null, "Would be destroyed"),
          h(
            "dd",
            null,
            destroyed.length
              ? h("ul", null, destroyed.map((d) => h("li", null, plural(d.cells, "stack"), " of ", d.stackSet, ": ", d.note)))
              : "nothing",
          ),
        ),
  );
}

/** @param {Approval} a */
function askedButtons(a) {
  return h(
    "p",
    { class: "decide" },
    h(
      "button",
      { type: "button", class: "primary", onclick: () => openDialog(a, true), "aria-label": "Approve " + a.id },
      "Approve …",
    ),
    h("button", { type: "button", onclick: () => openDialog(a, false), "aria-label": "Deny " + a.id }, "Deny …"),
  );
}

/**
 * Asks once more, with all that follows from a yes in sight.
 * @param {Approval} a
 * @param {boolean} approve
 */
function openDialog(a, approve) {
  const before = document.activeElement,
    outcome = h("span", { role: "status", class: "small" }),
    note = h("textarea", { id: "approval-note", rows: 2, maxlength: 500 });
  const sendIt = h("button", { type: "submit", class: "primary" }, approve ? "Approve for 24 hours" : "Deny");
  const form = h(
    "form",
    { method: "dialog" },
    h("h2", { id: "approval-title" }, approve ? "Approve this for " : "Deny this for ", subjectOf(a), "?"),
    h("p", { class: "reason" }, a.reason),
    approve && consequences(a),
    h(
      "p",
      { class: "muted small" },
      approve
        ? "It takes effect at the next heal, holds for what was counted and no more, and can be undone until then."
        : "Nothing of it is done until it is asked and answered anew.",
    ),
    h("label", { for: "approval-note" }, "Note, for who reads it later"),
    note,
    h("p", { class: "decide" }, sendIt, h("button", { type: "button", onclick: () => dialog.close() }, "Cancel"), outcome),
  );
  const dialog = h("dialog", { class: "approval", "aria-labelledby": "approval-title" }, form);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    sendIt.disabled = true;
    outcome.textContent = "Sending …";
    const refused = await send("approvals", { id: a.id, approve, note: note.value.trim() });
    if (!refused) return dialog.close();
    sendIt.disabled = false;
    outcome.textContent = "Not accepted: " + visible(refused);
  });
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (before instanceof HTMLElement && before.isConnected) before.focus();
  });
  document.body.append(dialog);
  dialog.showModal();
}

/** @param {Approval} a */
function answeredShown(a) {
  const approved = a.decision === "approved",
    outcome = h("span", { role: "status", class: "small" });
  const undo = async () => {
    const refused = await send("approvals", { id: a.id, undo: true });
    outcome.textContent = refused ? "Not undone: " + visible(refused) : "";
  };
  return entry(
    approved ? "healthy" : "blocked",
    approved ? "Approved" : "Denied",
    a,
    h(
      "p",
      { class: "hint" },
      (approved ? "Approved" : "Denied") + " by " + (a.by || "somebody unnamed"),
      a.until ? " until " + clock(instant(a.until)) : "",
      approved ? "; it takes effect at the next heal." : ".",
      a.note ? h("span", { class: "where" }, "“", a.note, "”") : null,
    ),
    model.live
      ? h(
          "p",
          { class: "decide" },
          h("button", { type: "button", onclick: undo, "aria-label": "Undo the answer to " + a.id }, "Undo"),
          outcome,
        )
      : null,
  );
}
