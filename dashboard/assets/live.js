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

function followServer() {
  if (!model.live) return;
  const events = new EventSource(apiPath("events"));
  let version = "";
  events.addEventListener("open", () => showLive("on", "Live"));
  events.addEventListener("error", () => showLive("off", "Connection lost"));
  events.addEventListener("state", async (event) => {
    const told = /** @type {MessageEvent} */ (event).data;
    if (told === version) return;
    const first = version === "";
    version = told;
    if (first && told === document.documentElement.dataset.version) return;
    try {
      await refresh();
    } catch (error) {
      version = "";
      showLive("off", visible(error));
    }
  });
}

/** @param {Approval} approval */
function approvalButtons(approval) {
  const outcome = h("span", { role: "status", class: "small" });
  const decide = (/** @type {boolean} */ approve) => async () => {
    outcome.textContent = "Sending …";
    const answer = await fetch(apiPath("approvals"), { method: "POST", credentials: "same-origin", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ id: approval.id, approve }) });
    outcome.textContent = answer.ok ? (approve ? "Approved." : "Denied.") : "Not accepted: " + visible(await answer.text());
    if (answer.ok) await refresh();
  };
  return h("p", { class: "decide" },
    h("button", { type: "button", class: "primary", onclick: decide(true), "aria-label": "Approve " + approval.id }, "Approve"),
    h("button", { type: "button", onclick: decide(false), "aria-label": "Deny " + approval.id }, "Deny"), outcome);
}
