// @ts-check
// A live page follows its server: a stream tells that something changed, the new
// state is fetched and drawn in place. A page from disk never gets here.

import { model } from "./data.js";
import { byId, visible } from "./dom.js";
import { apiPath, whenChanged } from "./server.js";

/**
 * @param {"on" | "off"} how
 * @param {string} text
 */
function showLive(how, text) {
  const mark = byId("live");
  mark.hidden = false;
  mark.className = "live " + how;
  mark.textContent = text;
}

/** The least time between two drawings: a run changes its state every second. */
const LEAST_PAUSE = 3000;

/** @param {() => Promise<void>} refresh draws what the server has now */
export function followServer(refresh) {
  if (!model.live) return;
  whenChanged(refresh);
  let drawn = document.documentElement.dataset.version || "",
    told = drawn,
    last = 0,
    timer = 0,
    pressed = false;
  const update = async () => {
    timer = 0;
    if (told === drawn || document.hidden) return;
    if (pressed) return later(300); // a button that is redrawn while pressed is not clicked
    const next = told;
    try {
      await refresh();
      drawn = next;
      showLive("on", "Live");
    } catch (error) {
      showLive("off", visible(error));
    }
    last = Date.now();
    if (told !== drawn) later(LEAST_PAUSE);
  };
  const later = (/** @type {number} */ ms) => {
    if (!timer) timer = window.setTimeout(update, ms);
  };
  document.addEventListener("pointerdown", () => (pressed = true));
  document.addEventListener("pointerup", () => (pressed = false));
  document.addEventListener("pointercancel", () => (pressed = false));
  document.addEventListener("visibilitychange", () => later(0));
  const events = new EventSource(apiPath("events"));
  events.addEventListener("open", () => showLive("on", "Live"));
  events.addEventListener("error", () => showLive("off", "Connection lost"));
  events.addEventListener("state", (event) => {
    told = /** @type {MessageEvent} */ (event).data;
    if (told !== drawn) later(Math.max(0, last + LEAST_PAUSE - Date.now()));
  });
}
