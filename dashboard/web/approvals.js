// @ts-check
// What waits for a person's answer, and the way to give it.

import { h, visible } from "./dom.js";
import { send } from "./server.js";
/** @import { Approval } from "./data.js" */

/** @param {Approval} approval */
export function approvalButtons(approval) {
  const outcome = h("span", { role: "status", class: "small" });
  const decide = (/** @type {boolean} */ approve) => async () => {
    outcome.textContent = "Sending …";
    const refused = await send("approvals", { id: approval.id, approve });
    outcome.textContent = refused ? "Not accepted: " + visible(refused) : approve ? "Approved." : "Denied.";
  };
  return h(
    "p",
    { class: "decide" },
    h(
      "button",
      { type: "button", class: "primary", onclick: decide(true), "aria-label": "Approve " + approval.id },
      "Approve",
    ),
    h("button", { type: "button", onclick: decide(false), "aria-label": "Deny " + approval.id }, "Deny"),
    outcome,
  );
}
