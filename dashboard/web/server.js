// @ts-check
// What a live page asks of its server. A page from disk has none.

const base = document.documentElement.dataset.live || "";

/** @param {string} path */
export const apiPath = (path) => base.replace(/\/$/, "") + "/api/" + path;

/** @type {() => Promise<void>} */
let redraw = async () => {};

/** @param {() => Promise<void>} refresh what is done after something was changed */
export function whenChanged(refresh) {
  redraw = refresh;
}

/** @returns {Promise<{core: string, details: string}>} packed as the page is */
export async function fetchState() {
  const answer = await fetch(apiPath("state"), { credentials: "same-origin", cache: "no-store" });
  if (!answer.ok) throw new Error("the server answered " + answer.status);
  return answer.json();
}

/**
 * Sends a decision, and draws what came of it.
 * @param {string} path
 * @param {unknown} body
 * @param {boolean} [shows] whether it changes what the page shows
 * @returns {Promise<string>} what the server has against it, "" for nothing
 */
export async function send(path, body, shows = true) {
  try {
    const answer = await fetch(apiPath(path), {
      method: "POST",
      credentials: "same-origin",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!answer.ok) return (await answer.text()).trim() || "The server answered " + answer.status + ".";
    if (shows) await redraw();
    return "";
  } catch (error) {
    return "The server could not be reached: " + error;
  }
}
