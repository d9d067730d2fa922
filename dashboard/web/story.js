// @ts-check
// A cell's story, in a panel beside whatever led to it: what it should be and
// why, what it is and why, what differs, what was tried, what a person can do.

import { accountLabel, accountOf, becauseOf, beforeOf, cellKey, cellOfKey, desireOf, heldOf, model, omittedStories, regionOf, setOf, stories, textOf, unitOf, unitPath, verdictOf } from "./data.js";
import { resourceDrift } from "./diff.js";
import { nextShown, reasonShown } from "./said.js";
import { byId, h, plural } from "./dom.js";
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
  const set = setOf(cell),
    account = accountOf(cell),
    held = heldOf(cell),
    group = model.groups.find((g) => g.cells.includes(cell)),
    because = becauseOf(cell);
  return h(
    "dl",
    null,
    fact(
      "Why",
      reasonShown({
        reason: textOf("reason", cell) || (textOf("said", cell) ? "" : "No reason was recorded."),
        said: textOf("said", cell),
        where: textOf("where", cell),
      }),
      textOf("class", cell) && h("span", { class: "tag" }, textOf("class", cell)),
    ),
    held && fact("What holds it back", held.why, nextShown(held.next)),
    group && fact("Next", nextShown(group.next, undefined, [set.name, account.id, regionOf(cell)])),
    fact("Should it be there?", "It ", desireWords(desireOf(cell)), because ? ": " + because.replace(/\.$/, "") : "", "."),
    fact("Where", unitPath(unitOf(cell))),
    fact("Account", (account.state || "state unknown").toLowerCase().replaceAll("_", " ")),
    textOf("state", cell) ? fact("In AWS", h("span", { class: "code" }, textOf("state", cell))) : null,
    fact("Last drift check of the set", age(instant(set.lastDriftCheck))),
  );
}

/** @param {Step} step */
function storyStep(step) {
  const action = model.actions.find((a) => a.id === step.action);
  return h(
    "li",
    { class: "step tone-" + step.tone },
    h(
      "div",
      null,
      h("strong", null, step.remedy),
      " ",
      h("span", { class: "outcome" }, step.outcome),
      step.class && h("span", { class: "tag" }, step.class),
      h("div", { class: "muted small" }, clock(instant(step.at))),
    ),
    (step.reason || step.said) && h("div", { class: "small" }, reasonShown(step)),
    action &&
      h(
        "button",
        { type: "button", class: "link small", onclick: () => go({ view: "run", action: action.id }) },
        "Show the operation",
      ),
  );
}

/**
 * Whether details were left out to keep the page small.
 * @param {number} cell
 * @param {Story | undefined} story
 */
const leftOut = (cell, story) => omittedStories > 0 && !story && verdictOf(cell) === "healthy" && beforeOf(cell) !== "healthy";

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
    leftOut(cell, story) &&
      h(
        "p",
        { class: "muted" },
        "What differed and was tried is left out of this page to keep it small; report.json has it.",
      ),
    steps.length + drift.length === 0 &&
      !leftOut(cell, story) &&
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
          h("span", { class: "outcome" }, h("span", { class: "dot tone-" + model.texts[d.tone[i]] }), model.texts[d.outcome[i]]),
          h(
            "div",
            { class: "small" },
            reasonShown({ reason: model.texts[d.reason[i]], said: model.texts[d.said[i]], where: model.texts[d.where[i]] }),
          ),
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
  const hint = textOf("hint", cell),
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
