// @ts-check
// Building elements. Text becomes text nodes here and nowhere is markup parsed:
// the page's policy would refuse it anyway (Trusted Types).

performance.mark("setmend:start");

/** @typedef {Node | string | number | null | undefined | false} Child */
/** @typedef {Child | Children[]} Children */
/** @typedef {Record<string, any>} Attributes */

const SVG_NAMESPACE = "http://www.w3.org/2000/svg";

/**
 * Characters that reorder or hide text. A name or a reason could use them to
 * read as something else, so they are shown as what they are.
 */
const DECEPTIVE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** @param {unknown} text */
function visible(text) {
  return String(text).replace(
    DECEPTIVE,
    (c) => "⟨U+" + c.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0") + "⟩",
  );
}

/**
 * @param {Element} element
 * @param {Attributes | null} attributes
 */
function setAttributes(element, attributes) {
  for (const [key, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key === "style")
      for (const [property, setting] of Object.entries(value))
        /** @type {HTMLElement} */ (element).style.setProperty(property, String(setting));
    else if (key === "href" && !/^(https:\/\/|#|data:image\/)/.test(value)) continue;
    else element.setAttribute(key, value === true ? "" : visible(value));
  }
}

/**
 * @param {Element} element
 * @param {Children[]} children
 */
function append(element, children) {
  for (const child of /** @type {Child[]} */ (children.flat(20))) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : visible(child));
  }
}

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Attributes | null} [attributes]
 * @param {...Children} children
 * @returns {HTMLElementTagNameMap[K]}
 */
function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  setAttributes(element, attributes || null);
  append(element, children);
  return element;
}

/**
 * @param {string} tag
 * @param {Attributes | null} [attributes]
 * @param {...Children} children
 * @returns {SVGElement}
 */
function s(tag, attributes, ...children) {
  const element = /** @type {SVGElement} */ (document.createElementNS(SVG_NAMESPACE, tag));
  setAttributes(element, attributes || null);
  append(element, children);
  return element;
}

/** @type {(() => void)[]} what is to be drawn once the view is in the page and has a size */
let onceShown = [];

/**
 * A box whose content is drawn to its width, and drawn again when that changes.
 * @param {Attributes} attributes
 * @param {(width: number) => Node} draw
 */
function drawnToFit(attributes, draw) {
  const box = h("div", attributes);
  let drawn = 0;
  const paint = () => {
    const style = getComputedStyle(box),
      width = box.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    if (!(width > 0) || width === drawn) return; // taken out of the page, it has none
    drawn = width;
    box.replaceChildren(draw(width));
  };
  onceShown.push(paint);
  new ResizeObserver(paint).observe(box);
  return box;
}

/** @param {string} id */
function byId(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error("the page has no #" + id);
  return element;
}

const wholeNumbers = new Intl.NumberFormat("en");

/** @param {number} n */
const count = (n) => wholeNumbers.format(n);

/**
 * @param {number} n
 * @param {string} one
 * @param {string} [many]
 */
const plural = (n, one, many) => count(n) + " " + (n === 1 ? one : many || one + "s");

/** @param {string | undefined} time an RFC 3339 time; Go's zero time is none */
function instant(time) {
  const ms = time ? Date.parse(time) : NaN;
  return ms > 0 ? ms : NaN;
}

/** @param {number} ms since 1970 */
function clock(ms) {
  return isNaN(ms) ? "–" : new Date(ms).toISOString().slice(0, 19).replace("T", " ") + " UTC";
}

/** @param {number} ms since 1970 */
const timeOfDay = (ms) => (isNaN(ms) ? "–" : new Date(ms).toISOString().slice(11, 19));

/** @param {number} seconds */
function duration(seconds) {
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
const now = () => Math.max(Date.now(), (model && instant(model.dataAt)) || 0);

/** @param {number} ms since 1970 */
function ago(ms) {
  if (isNaN(ms)) return "never";
  const seconds = (now() - ms) / 1000;
  return seconds < 5 ? "just now" : duration(seconds) + " ago";
}

/**
 * A time told as its age, with the time itself on hover.
 * @param {number} ms
 * @param {boolean} [briefly] in the largest unit only
 */
function age(ms, briefly = false) {
  const text = briefly ? ago(ms).replace(/^(\d+ (?:h|min)) .* ago$/, "$1 ago") : ago(ms);
  return h("time", { title: clock(ms), datetime: isNaN(ms) ? null : new Date(ms).toISOString() }, text);
}
