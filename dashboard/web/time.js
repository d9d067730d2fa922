// @ts-check
// Times as people read them: UTC, ages, durations.

import { model } from "./data.js";
import { h } from "./dom.js";

/** @param {string | undefined} time an RFC 3339 time; Go's zero time is none */
export function instant(time) {
  const ms = time ? Date.parse(time) : NaN;
  return ms > 0 ? ms : NaN;
}

/** @param {number} ms since 1970 */
export function clock(ms) {
  return isNaN(ms) ? "–" : new Date(ms).toISOString().slice(0, 19).replace("T", " ") + " UTC";
}

/** @param {number} ms since 1970 */
export const timeOfDay = (ms) => (isNaN(ms) ? "–" : new Date(ms).toISOString().slice(11, 19));

/** @param {number} seconds */
export function duration(seconds) {
  if (isNaN(seconds)) return "–";
  const n = Math.max(0, Math.round(seconds));
  if (n < 60) return n + " s";
  if (n < 3600) return Math.floor(n / 60) + " min" + (n % 60 && n < 600 ? " " + (n % 60) + " s" : "");
  if (n < 172800)
    return Math.floor(n / 3600) + " h" + (n % 3600 >= 60 ? " " + Math.floor((n % 3600) / 60) + " min" : "");
  return Math.floor(n / 86400) + " days";
}

/**
 * Now, or when the data was read if that is later: a run against an embedded AWS
 * may be ahead of our clock.
 */
export const now = () => Math.max(Date.now(), (model && instant(model.dataAt)) || 0);

/** @param {number} ms since 1970 */
function ago(ms) {
  if (isNaN(ms)) return "never";
  const seconds = (now() - ms) / 1000;
  return seconds < 5 ? "just now" : duration(seconds) + " ago";
}

/**
 * A time shown as its age, with the time itself on hover.
 * @param {number} ms
 * @param {boolean} [briefly] in the largest unit only
 */
export function age(ms, briefly = false) {
  const text = briefly ? ago(ms).replace(/^(\d+ (?:h|min)) .* ago$/, "$1 ago") : ago(ms);
  return h("time", { title: clock(ms), datetime: isNaN(ms) ? null : new Date(ms).toISOString() }, text);
}
