// @ts-check
// Putting it together: unpack, draw, listen.

import { paintBanner, paintCards, paintFilters } from "./banner.js";
import { keepStories, model, modelOf, showReport, storiesOf, unpack } from "./data.js";
import { byId, count, drawWaiting, forgetDrawings, visible } from "./dom.js";
import { forgetSelection } from "./filter.js";
import { graphView } from "./graph.js";
import { historyView } from "./history.js";
import { followServer } from "./live.js";
import { fetchState } from "./server.js";
import { forgetColours } from "./matrix-paint.js";
import { currentMatrix, fleetView, forgetMatrix, matrix } from "./matrix.js";
import { overviewView } from "./overview.js";
import { runView } from "./run.js";
import { setUpSearch } from "./search.js";
import { stackSetView } from "./stackset.js";
import { stackSetsView } from "./stacksets.js";
import { FILTERS, go, hashOf, state, watchers } from "./state.js";
import { closeStory, paintStory } from "./story.js";
import { shownTables } from "./table.js";

/** @type {Record<string, () => HTMLElement | HTMLElement[]>} */
const VIEWS = {
  overview: overviewView,
  set: stackSetView,
  sets: stackSetsView,
  fleet: fleetView,
  run: runView,
  history: historyView,
  graph: graphView,
};

/** What each view shows differently when it changes. */
const VIEW_KEYS = /** @type {Record<string, string[]>} */ ({
  fleet: ["by", "as", "when", "order"],
  set: ["when"],
  run: ["action"],
  overview: [],
  sets: [],
  history: [],
  graph: [],
});

function paintView() {
  const view = VIEWS[state.view] ? state.view : "overview";
  shownTables.clear();
  forgetDrawings();
  document.body.dataset.view = view;
  const content = VIEWS[view]();
  const main = byId("view");
  main.replaceChildren(...(Array.isArray(content) ? content : [content]));
  if (!main.querySelector(".matrix")) forgetMatrix();
  currentMatrix()?.resize();
  drawWaiting();
  for (const tab of document.querySelectorAll("nav a")) {
    const mine = tab.getAttribute("data-view") === (view === "set" ? "sets" : view);
    if (mine) tab.setAttribute("aria-current", "page");
    else tab.removeAttribute("aria-current");
    tab.setAttribute("href", hashOf({ ...state, view: tab.getAttribute("data-view") || "", cell: "", action: "" }));
  }
}

/** @param {boolean} [afresh] the same view with newer data */
export function paintAll(afresh = false) {
  paintBanner();
  paintCards();
  paintFilters();
  const attention = model.groups.reduce((n, g) => n + g.cells.length, 0) + model.loose.length + model.approvals.filter((a) => !a.decision).length;
  byId("attention-count").textContent = attention ? count(attention) : "";
  if (afresh) keepingPlace(paintView);
  else paintView();
  paintStory(afresh);
}

/** A search may find more when the stories are there. */
function searchAgain() {
  forgetSelection();
  paintFilters();
  keepingPlace(paintView);
}

/** @param {Set<string>} changed */
function onState(changed) {
  if (FILTERS.some((key) => changed.has(key))) {
    paintFilters();
    if (changed.has("v")) paintCards();
  }
  const redraw =
    changed.has("view") ||
    FILTERS.some((key) => changed.has(key)) ||
    (VIEW_KEYS[state.view] || []).some((key) => changed.has(key));
  if (redraw && changed.has("view")) paintView();
  else if (redraw) keepingPlace(paintView);
  else if (changed.has("zoom")) matrix?.resize();
  if (changed.has("cell")) paintStory();
}

/**
 * Redraws the view and keeps what has the focus, and how far everything is
 * scrolled, by their places in the view.
 * @param {() => void} redraw
 */
function keepingPlace(redraw) {
  const view = byId("view"),
    boxes = ".scroller, .matrix, .timeline-box, .graph-box";
  const scrolled = [...view.querySelectorAll(boxes)].map((box) => [box.scrollLeft, box.scrollTop]);
  const path = pathTo(view, document.activeElement),
    y = window.scrollY;
  redraw();
  window.scrollTo({ top: y });
  view.querySelectorAll(boxes).forEach((box, i) => scrolled[i] && box.scrollTo(scrolled[i][0], scrolled[i][1]));
  const found = path && path.reduce((/** @type {Element | undefined} */ at, i) => at?.children[i], view);
  if (found instanceof HTMLElement || found instanceof SVGElement) found.focus({ preventScroll: true });
}

/**
 * @param {Element} from
 * @param {Element | null} to
 * @returns {number[] | null} null if to is not within
 */
function pathTo(from, to) {
  const path = [];
  for (let at = to; at !== from; at = at.parentElement) {
    if (!at?.parentElement) return null;
    path.unshift([...at.parentElement.children].indexOf(at));
  }
  return path;
}

function setUpTheme() {
  const repaint = () => {
    forgetColours();
    if (model) keepingPlace(paintView);
  };
  const root = document.documentElement,
    dark = matchMedia("(prefers-color-scheme: dark)");
  const apply = (/** @type {string | null} */ theme) => {
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
    else delete root.dataset.theme;
    repaint();
  };
  const stored = () => {
    try {
      return localStorage.getItem("setmend-theme");
    } catch {
      return null; // a sandboxed frame has no storage
    }
  };
  apply(stored());
  dark.addEventListener("change", repaint);
  byId("theme").addEventListener("click", () => {
    const next = (root.dataset.theme || (dark.matches ? "dark" : "light")) === "dark" ? "light" : "dark";
    apply(next);
    try {
      localStorage.setItem("setmend-theme", next);
    } catch {
      // Then it lasts as long as the page.
    }
  });
}

function setUpKeys() {
  document.addEventListener("keydown", (event) => {
    const typing = event.target instanceof HTMLInputElement;
    if (event.key === "Escape" && state.cell) closeStory();
    else if (event.key === "/" && !typing) {
      event.preventDefault();
      byId("search").focus();
    }
  });
  document.querySelector(".skip")?.addEventListener("click", (event) => {
    event.preventDefault(); // the hash is the state's
    byId("view").focus();
  });
  document.querySelector("nav")?.addEventListener("click", (event) => {
    const link = /** @type {Element} */ (event.target).closest("a");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    go({ view: link.getAttribute("data-view") || "overview", cell: "", action: "" });
  });
}

/** Shows what the server has now, in the place of what it had. */
async function refresh() {
  const packed = await fetchState(),
    next = modelOf(await unpack(packed.core)),
    told = storiesOf(await unpack(packed.details));
  keepStories(told);
  showReport(next, Promise.resolve(told));
  paintAll(true);
}

/** @param {string} why */
function showFailure(why) {
  byId("headline").textContent = "This page could not be drawn: " + visible(why);
  byId("banner").className = "banner bad";
}

async function begin() {
  setUpTheme();
  const first = modelOf(await unpack(byId("core").textContent || ""));
  performance.mark("setmend:unpacked");
  const unpackStories = async () => {
    const told = storiesOf(await unpack(byId("details").textContent || ""));
    keepStories(told);
    if (state.q) searchAgain();
    return told;
  };
  showReport(first, new Promise((resolve, reject) => setTimeout(() => unpackStories().then(resolve, reject), 0)));
  setUpKeys();
  setUpSearch();
  watchers.push(onState);
  paintAll();
  performance.mark("setmend:usable");
  performance.measure("setmend:load", { start: 0, end: "setmend:usable" });
  document.documentElement.dataset.ready = "yes";
  followServer(refresh);
  setInterval(() => document.hidden || paintBanner(), 30000);
}

begin().catch((error) => showFailure(String(error)));
