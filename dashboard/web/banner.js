// @ts-check
// The state of the fleet in a sentence, and the cards that count and filter.

import { chosenGroup, model } from "./data.js";
import { byId, count, h, plural, visible } from "./dom.js";
import { filtering, selection } from "./filter.js";
import { FILTERS, chosenVerdicts, clearedFilters, go, state, toggleVerdict } from "./state.js";
import { VERDICT_ORDER, glyph, lookOf, verdictBar } from "./verdicts.js";
import { nextShown } from "./said.js";
import { age, duration, instant, now } from "./time.js";
/** @import { State } from "./state.js" */

/** @import { Group } from "./data.js" */

/** @type {Record<string, (took: string) => string>} */
const RESULT_WORDS = {
  healed: (took) => "took " + took + " and left nothing wrong",
  attention: (took) => "took " + took + " and left work for a person",
  stopped: (took) => "was stopped after " + took,
  failed: (took) => "failed after " + took,
};

const TONE_GLYPHS = /** @type {Record<string, string>} */ ({
  good: "healthy",
  unsure: "notChecked",
  busy: "outdated",
  attention: "inoperable",
  bad: "failed",
});

/** Seconds the run took, by the clock it ran on. */
export function runSeconds() {
  const { started, ended, virtualSeconds } = model.run;
  return virtualSeconds > 0 ? virtualSeconds : (instant(ended) - instant(started)) / 1000;
}

function runSentence() {
  const { id, engine, result, cutOff } = model.run;
  if (!id) return [];
  if (engine === "read") return ["A fresh reading; nothing was healed"];
  const how = RESULT_WORDS[result],
    state = how ? how(duration(runSeconds())) : cutOff ? "was cut off" : "is under way";
  return ["Run ", h("span", { class: "code" }, id), " ", state];
}

export function paintBanner() {
  const { headline, dataAt, api, overrides, deeds } = model;
  const data = instant(dataAt),
    acted = deeds.reduce((n, deed) => n + deed.cells, 0);
  byId("banner").className = "banner " + headline.tone;
  byId("banner-mark").replaceChildren(glyph(TONE_GLYPHS[headline.tone] || "notChecked", 40));
  byId("headline").textContent = visible(headline.text);
  byId("headline-detail").textContent = visible(headline.detail || "");
  byId("headline-next").replaceChildren(...[nextShown(headline.next)].filter((part) => part !== null));
  const parts = isNaN(data)
    ? []
    : [
        h("span", { class: now() - data > 86400000 ? "old" : null }, "Data ", h("strong", null, age(data))),
        h("span", null, runSentence()),
        acted ? h("span", null, plural(acted, "cell"), " acted on") : null,
        api.calls
          ? h("span", null, plural(api.calls, "API call"), api.throttled ? ", " + count(api.throttled) + " throttled" : "")
          : null,
        overrides.saved
          ? h(
              "span",
              { class: overrides.lost ? "old" : null },
              overrides.lost
                ? plural(overrides.lost, "override") + " lost"
                : plural(overrides.restored, "override") + " restored",
            )
          : null,
      ];
  byId("run-line").replaceChildren(...parts.filter((part) => part !== null));
  byId("fleet-bar").replaceChildren(verdictBar(model.after));
}

export function paintCards() {
  const chosen = chosenVerdicts();
  byId("cards").replaceChildren(...VERDICT_ORDER.map((verdict) => card(verdict, chosen.has(verdict))));
}

/**
 * @param {string} verdict
 * @param {boolean} chosen
 */
function card(verdict, chosen) {
  const now = model.after[verdict] || 0,
    before = model.before[verdict] || 0,
    look = lookOf(verdict);
  const focused = document.activeElement?.id === "card-" + verdict;
  const button = h(
    "button",
    {
      type: "button",
      id: "card-" + verdict,
      class: "card v-" + verdict + (now === 0 ? " zero" : ""),
      "aria-pressed": String(chosen),
      title: look.label + ": " + look.meaning,
      onclick: () => toggleVerdict(verdict),
    },
    h("span", { class: "card-label" }, glyph(verdict, 16), look.label),
    h("span", { class: "card-number" }, count(now)),
    h("span", { class: "card-before" }, now === before ? "unchanged" : "was " + count(before)),
  );
  if (focused) queueMicrotask(() => button.focus());
  return button;
}

/** What narrows the views, each of which can be taken away. */
export function paintFilters() {
  const bar = byId("filters");
  bar.hidden = !filtering();
  if (bar.hidden) return;
  const names = /** @type {Record<string, string>} */ ({
    v: "Verdict",
    q: "Text",
    set: "Stack set",
    ou: "OU",
    account: "Account",
    region: "Region",
    group: "Reason",
    only: "Only",
  });
  const chips = FILTERS.filter((key) => state[key]).map((key) =>
    h(
      "button",
      { type: "button", class: "chip", onclick: () => go({ [key]: "" }) },
      h("span", { class: "muted" }, names[key], ": "),
      filterText(key),
      h("span", { "aria-hidden": "true" }, " ✕"),
      h("span", { class: "hidden" }, " (remove)"),
    ),
  );
  const { hits } = selection();
  bar.replaceChildren(
    h(
      "span",
      { role: "status" },
      h("strong", null, count(hits.length)),
      " of ",
      plural(model.cells.count, "cell"),
      " match",
    ),
    ...chips,
    h("button", { type: "button", class: "link", onclick: () => go(clearedFilters()) }, "Clear all"),
  );
}

/** @param {keyof State} key */
function filterText(key) {
  if (key === "v") return [...chosenVerdicts()].map((v) => lookOf(v).label).join(", ");
  if (key === "group") return groupText(chosenGroup());
  if (key === "ou") return model.ous.find((u) => u.id === state.ou)?.name || state.ou;
  if (key === "account") return model.accounts.find((a) => a.id === state.account)?.name || state.account;
  return state[key];
}

/** @param {Group | undefined} group */
const groupText = (group) => (group && (model.texts[group.said] || model.texts[group.reason])) || "–";
