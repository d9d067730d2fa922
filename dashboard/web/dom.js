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
export function visible(text) {
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
export function h(tag, attributes, ...children) {
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
export function s(tag, attributes, ...children) {
  const element = /** @type {SVGElement} */ (document.createElementNS(SVG_NAMESPACE, tag));
  setAttributes(element, attributes || null);
  append(element, children);
  return element;
}

/** @type {(() => void)[]} what is to be drawn once the view is in the page and has a size */
let onceShown = [];

/** Forgets what was to be drawn in a view that is gone. */
export function forgetDrawings() {
  onceShown = [];
}

/** Draws what waited for the view to have a size. */
export function drawWaiting() {
  for (const draw of onceShown) draw();
}

/**
 * A box whose content is drawn to its width, and drawn again when that changes.
 * @param {Attributes} attributes
 * @param {(width: number) => Node} draw
 */
export function drawnToFit(attributes, draw) {
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
export function byId(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error("the page has no #" + id);
  return element;
}

const wholeNumbers = new Intl.NumberFormat("en");

/** @param {number} n */
export const count = (n) => wholeNumbers.format(n);

/**
 * @param {number} n
 * @param {string} one
 * @param {string} [many]
 */
export const plural = (n, one, many) => count(n) + " " + (n === 1 ? one : many || one + "s");
