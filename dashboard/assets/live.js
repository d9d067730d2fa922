// @ts-check
// A live page follows its server: a stream tells that something changed, the new
// state is fetched and drawn in place. A page from disk never gets here.

const liveBase = document.documentElement.dataset.live || "";

/** @param {string} path */
const apiPath = (path) => liveBase.replace(/\/$/, "") + "/api/" + path;

async function refresh() {
  const answer = await fetch(apiPath("state"), { credentials: "same-origin", cache: "no-store" });
  if (!answer.ok) throw new Error("the server answered " + answer.status);
  const { core, details } = await answer.json();
  model = modelOf(core);
  unpackedStories = storiesOf(details);
  stories = Promise.resolve(unpackedStories);
  paintAll(true);
}

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

function followServer() {
  if (!model.live) return;
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

/** @param {Approval} approval */
function approvalButtons(approval) {
  const outcome = h("span", { role: "status", class: "small" });
  const decide = (/** @type {boolean} */ approve) => async () => {
    outcome.textContent = "Sending …";
    const answer = await fetch(apiPath("approvals"), {
      method: "POST",
      credentials: "same-origin",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ id: approval.id, approve }),
    });
    outcome.textContent = answer.ok
      ? approve
        ? "Approved."
        : "Denied."
      : "Not accepted: " + visible(await answer.text());
    if (answer.ok) await refresh();
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
