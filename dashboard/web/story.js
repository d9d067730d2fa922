// @ts-check
// A cell's story, in a panel beside whatever led to it: what it should be and
// why, what it is and why, what differs, what was tried, what a person can do.

import { STORY_OMITTED, accountLabel, accountOf, beforeOf, cellKey, cellOfKey, model, reasonOf, regionOf, setOf, stories, unitOf, unitPath, verdictOf } from "./data.js";
import { resourceDrift } from "./diff.js";
import { byId, h, plural, s } from "./dom.js";
import { outside, stackLink, stackSetLink } from "./links.js";
import { go, state } from "./state.js";
import { lookOf, pill } from "./verdicts.js";
import { age, clock, instant, timeOfDay } from "./time.js";
/** @import { Step, Story } from "./data.js" */
/** @import { Children } from "./dom.js" */

/** @type {Element | null} */
let cameFrom = null;

/** @param {number} cell */
export function openStory(cell) {
  cameFrom = document.activeElement;
  go({ cell: cellKey(cell) });
}

export function closeStory() {
  go({ cell: "" });
  if (cameFrom instanceof HTMLElement && cameFrom.isConnected) cameFrom.focus();
}

const AWS_REASON =
  /^(?:(.*?)\s*AWS says: )?(?:ResourceLogicalId:([^,]*), ?ResourceType:([^,]*), ?ResourceStatusReason:)?(.*)$/s;

/**
 * A reason's parts: our own words before AWS's, where it happened, and why.
 * @param {string} text
 */
function reasonParts(text) {
  const [, ours = "", logical, type, why] = AWS_REASON.exec(text) || [];
  return why ? { ours, where: logical ? logical + " · " + type : "", why } : { ours: "", where: "", why: text };
}

/** @param {string} text a reason, less where it happened */
export const plainReason = (text) => reasonParts(text).why;

/**
 * The why first, which is what one looks for; the rest below it.
 * @param {string} text
 * @param {boolean} [whole] with our own words too
 */
export function reasonShown(text, whole = true) {
  const { ours, where, why } = reasonParts(text);
  return h(
    "span",
    { class: "reason" },
    why,
    where && h("span", { class: "muted small where" }, where),
    whole && ours && h("span", { class: "muted small where" }, ours),
  );
}

/** @param {string} desire */
const desireWords = (desire) =>
  ({ must: "must be there", may: "may be there", mustNot: "must not be there" })[desire] || "is there";

/**
 * @param {string} term
 * @param {...Children} description
 */
const fact = (term, ...description) => h("div", { class: "fact" }, h("dt", null, term), h("dd", null, description));

/** @param {number} cell */
function storyHead(cell) {
  const set = setOf(cell),
    account = accountOf(cell);
  return h(
    "header",
    null,
    h(
      "div",
      { class: "story-top" },
      pill(verdictOf(cell)),
      beforeOf(cell) !== verdictOf(cell) &&
        h("span", { class: "muted small" }, "was ", lookOf(beforeOf(cell)).label.toLowerCase(), " before this run"),
      h(
        "button",
        { type: "button", class: "icon", "aria-label": "Close", title: "Close (Esc)", onclick: closeStory },
        "✕",
      ),
    ),
    h("h2", { id: "story-title", tabindex: -1 }, set.name),
    h(
      "p",
      { class: "muted" },
      accountLabel(account),
      account.name ? h("span", { class: "code" }, " ", account.id) : null,
      " · ",
      regionOf(cell),
    ),
    h(
      "p",
      { class: "links" },
      outside(stackLink(cell), "Stack in ", accountLabel(account)),
      outside(stackSetLink(set), "Stack set"),
    ),
  );
}

/** @param {number} cell */
function storyFacts(cell) {
  const c = model.cells,
    texts = model.texts,
    set = setOf(cell),
    account = accountOf(cell);
  return h(
    "dl",
    null,
    fact(
      "Why",
      reasonShown(reasonOf(cell) || "No reason was recorded."),
      texts[c.class[cell]] && h("span", { class: "tag" }, texts[c.class[cell]]),
    ),
    fact(
      "Should it be there?",
      "It ",
      desireWords(texts[c.desire[cell]]),
      texts[c.because[cell]] ? ": " + texts[c.because[cell]].replace(/\.$/, "") : "",
      ".",
    ),
    fact("Where", unitPath(unitOf(cell))),
    fact("Account", (account.state || "state unknown").toLowerCase().replaceAll("_", " ")),
    texts[c.state[cell]] ? fact("In AWS", h("span", { class: "code" }, texts[c.state[cell]])) : null,
    fact("Last drift check of the set", age(instant(set.lastDriftCheck))),
  );
}

/** @param {Step} step */
function storyStep(step) {
  const action = model.actions.find((a) => a.id === step.action);
  return h(
    "li",
    { class: "step " + (step.remedy === "quarantine" ? "bad" : outcomeKind(step.outcome)) },
    h(
      "div",
      null,
      h("strong", null, step.remedy),
      " ",
      h("span", { class: "outcome" }, step.outcome),
      step.class && h("span", { class: "tag" }, step.class),
      h("div", { class: "muted small" }, clock(instant(step.at))),
    ),
    step.reason && h("div", { class: "small" }, reasonShown(step.reason)),
    action &&
      h(
        "button",
        { type: "button", class: "link small", onclick: () => go({ view: "run", action: action.id }) },
        "Show the operation",
      ),
  );
}

/** @param {string} outcome */
export function outcomeKind(outcome) {
  if (/^(succeeded|healed|restored|done)/i.test(outcome)) return "ok";
  if (/^(fail|denied|lost|quarantin|error)/i.test(outcome)) return "bad";
  if (/^(run|start|plan|wait|queue)/i.test(outcome)) return "busy";
  return "partly";
}

/**
 * What will be done about the cell by itself.
 * @param {Story | undefined} story
 */
function storyNext(story) {
  if (!story || !(story.remedy || story.pinned || story.checked)) return null;
  const from = instant(story.notBefore);
  return h(
    "dl",
    null,
    story.remedy ? fact("Next", story.remedy, isNaN(from) ? "" : ", not before " + clock(from)) : null,
    story.pinned ? fact("It cannot be redeployed", story.pinned) : null,
    story.checked ? fact("Its drift was checked", age(instant(story.checked))) : null,
  );
}

/**
 * @param {number} cell
 * @param {Story | undefined} story
 */
function storyBody(cell, story) {
  const drift = story?.drift || [],
    steps = story?.steps || [];
  return h(
    "div",
    null,
    story?.quarantined && h("p", { class: "callout" }, "Quarantined since ", clock(instant(story.quarantined)), "."),
    storyNext(story),
    drift.length > 0 &&
      h(
        "section",
        null,
        h("h3", null, verdictOf(cell) === "drifted" ? "What differs" : "What differed"),
        drift.map(resourceDrift),
      ),
    steps.length > 0 &&
      h("section", null, h("h3", null, "What was tried"), h("ol", { class: "steps" }, steps.map(storyStep))),
    story?.heals
      ? h("p", { class: "muted small" }, "Healed ", plural(story.heals, "time"), " within the quarantine window.")
      : null,
    (model.cells.flags[cell] & STORY_OMITTED) !== 0 &&
      h(
        "p",
        { class: "muted" },
        "What differed and was tried is left out of this page to keep it small; report.json has it.",
      ),
    steps.length + drift.length === 0 &&
      (model.cells.flags[cell] & STORY_OMITTED) === 0 &&
      h("p", { class: "muted small" }, "Nothing was tried on it in this run."),
    storyDecisions(cell),
  );
}

/** @param {number} cell */
function storyDecisions(cell) {
  const d = model.decisions,
    c = model.cells,
    lines = [];
  for (let i = 0; i < d.count; i++) {
    if (d.set[i] === c.set[cell] && d.account[i] === c.account[cell] && d.region[i] === c.region[cell]) {
      lines.push(
        h(
          "li",
          null,
          h("span", { class: "code muted" }, timeOfDay(d.start + d.time[i])),
          " ",
          h("strong", null, model.texts[d.action[i]]),
          " ",
          model.texts[d.outcome[i]],
          h("div", { class: "small" }, reasonShown(model.texts[d.reason[i]])),
        ),
      );
    }
  }
  return lines.length > 0 && h("section", null, h("h3", null, "Decisions"), h("ol", { class: "plain" }, lines));
}

/**
 * Draws the story that the state asks for.
 * @param {boolean} [afresh] told before, and only brought up to date
 */
export async function paintStory(afresh = false) {
  const panel = byId("story"),
    cell = state.cell ? cellOfKey(state.cell) : -1;
  document.body.classList.toggle("telling", state.cell !== "");
  panel.hidden = state.cell === "";
  if (panel.hidden) return;
  if (cell < 0) {
    panel.replaceChildren(
      h(
        "header",
        null,
        h("button", { type: "button", class: "icon", "aria-label": "Close", onclick: closeStory }, "✕"),
        h("h2", { id: "story-title", tabindex: -1 }, "Not in this report"),
        h("p", null, "There is no ", state.cell, " here."),
      ),
    );
    return;
  }
  const hint = model.texts[model.cells.hint[cell]],
    rest = h("div", { class: "rest" });
  panel.replaceChildren(
    storyHead(cell),
    hint ? h("p", { class: "callout" }, h("strong", null, "What to do: "), hint) : "",
    storyFacts(cell),
    rest,
  );
  if (!afresh) {
    panel.scrollTop = 0;
    byId("story-title").focus({ preventScroll: true });
  }
  const story = (await stories).get(cell);
  if (state.cell === cellKey(cell)) rest.replaceChildren(storyBody(cell, story));
}
