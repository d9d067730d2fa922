// @ts-check
// One field over everything: what is typed filters every view, and what it could
// mean is offered to jump to.

import { accountLabel, groupKey, model, unitPath } from "./data.js";
import { byId, h, plural } from "./dom.js";
import { wordsOf } from "./filter.js";
import { actionName } from "./run.js";
import { go, state, watchers } from "./state.js";
import { lookOf } from "./verdicts.js";
/** @import { State } from "./state.js" */

const OFFERED = 5;

/** @typedef {{kind: string, label: string, more: string, change: Partial<State>}} Offer */

/**
 * @param {string} text
 * @returns {Offer[]}
 */
function offersFor(text) {
  const words = wordsOf(text),
    fits = (/** @type {string} */ candidate) => words.every((word) => candidate.toLowerCase().includes(word));
  if (words.length === 0) return [];
  /** @type {Offer[]} */
  const sets = model.stackSets
    .filter((set) => fits(set.name + " " + (set.description || "")))
    .map((set) => ({
      kind: "Stack set",
      label: set.name,
      more: plural(set.instances, "cell"),
      change: { view: "set", set: set.name, q: "" },
    }));
  const accounts = model.accounts
    .filter((a) => fits(a.id + " " + (a.name || "")))
    .map((a) => ({
      kind: "Account",
      label: accountLabel(a),
      more: a.id,
      change: { view: "fleet", account: a.id, q: "" },
    }));
  const units = model.ous.flatMap((unit, i) =>
    fits(unitPath(i) + " " + unit.id)
      ? [{ kind: "OU", label: unitPath(i), more: unit.id, change: { view: "fleet", ou: unit.id, q: "" } }]
      : [],
  );
  const regions = model.regions
    .filter(fits)
    .map((region) => ({ kind: "Region", label: region, more: "", change: { view: "fleet", region, q: "" } }));
  const verdicts = model.verdicts
    .filter((v) => fits(lookOf(v).label))
    .map((v) => ({
      kind: "Verdict",
      label: lookOf(v).label,
      more: lookOf(v).meaning,
      change: { view: "fleet", v, q: "" },
    }));
  const reasons = model.groups.flatMap((g) =>
    fits([model.texts[g.reason], model.texts[g.said], model.texts[g.hint]].join(" "))
      ? [
          {
            kind: "Reason",
            label: model.texts[g.said] || model.texts[g.reason],
            more: plural(g.cells.length, "cell"),
            change: { view: "fleet", as: "table", group: groupKey(g), q: "" },
          },
        ]
      : [],
  );
  const actions = model.actions
    .filter((a) => fits([a.id, a.operationId, a.action, a.reason].join(" ")))
    .map((a) => ({
      kind: "Operation",
      label: actionName(a.id),
      more: a.outcome,
      change: { view: "run", action: a.id, q: "" },
    }));
  return [sets, accounts, units, regions, verdicts, reasons, actions].flatMap((offers) => offers.slice(0, OFFERED));
}

export function setUpSearch() {
  const field = /** @type {HTMLInputElement} */ (byId("search")),
    list = byId("offers");
  /** @type {Offer[]} */
  let offers = [];
  let at = -1,
    timer = 0;
  const close = () => {
    list.hidden = true;
    at = -1;
    field.setAttribute("aria-expanded", "false");
    field.removeAttribute("aria-activedescendant");
  };
  const take = (/** @type {Offer} */ offer) => {
    close();
    field.value = "";
    go(offer.change);
  };
  const paint = () => {
    list.hidden = offers.length === 0;
    field.setAttribute("aria-expanded", String(!list.hidden));
    if (at >= 0) field.setAttribute("aria-activedescendant", "offer-" + at);
    else field.removeAttribute("aria-activedescendant");
    list.replaceChildren(
      ...offers.map((offer, i) =>
        h(
          "li",
          {
            id: "offer-" + i,
            role: "option",
            "aria-selected": String(i === at),
            onmousedown: (/** @type {Event} */ e) => {
              e.preventDefault();
              take(offer);
            },
          },
          h("span", { class: "kind" }, offer.kind),
          h("span", { class: "offer" }, offer.label),
          h("span", { class: "muted small" }, offer.more),
        ),
      ),
    );
  };
  field.value = state.q;
  field.addEventListener("input", () => {
    offers = offersFor(field.value);
    at = -1;
    paint();
    clearTimeout(timer);
    timer = window.setTimeout(() => go({ q: field.value.trim() }), 120);
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (offers.length === 0) return;
      at =
        (at + (event.key === "ArrowDown" ? 1 : -1) + offers.length + (at < 0 && event.key === "ArrowUp" ? 1 : 0)) %
        offers.length;
      paint();
      event.preventDefault();
    } else if (event.key === "Enter") {
      clearTimeout(timer);
      if (at >= 0) take(offers[at]);
      else {
        close();
        go({ q: field.value.trim() });
      }
    } else if (event.key === "Escape") {
      if (!list.hidden) close();
      else {
        field.value = "";
        go({ q: "" });
      }
      event.stopPropagation();
    }
  });
  field.addEventListener("blur", close);
  watchers.push((changed) => {
    if (changed.has("q") && document.activeElement !== field) field.value = state.q;
  });
}
