// @ts-check
// Links into the AWS console, derived from names. A stack's own ARN is not on
// the page; its account's list of stacks, narrowed to the stack set's, is one
// click away from it.

import { accountOf, model, regionOf, setOf } from "./data.js";
import { h } from "./dom.js";
/** @import { StackSet } from "./data.js" */
/** @import { Child } from "./dom.js" */

/** @param {string} region */
function consoleHost(region) {
  if (region.startsWith("cn-")) return region + ".console.amazonaws.cn";
  if (region.startsWith("us-gov-")) return region + ".console.amazonaws-us-gov.com";
  return region + ".console.aws.amazon.com";
}

/**
 * @param {string} region
 * @param {string} place
 */
function consoleLink(region, place) {
  if (!/^[a-z]{2}(-[a-z0-9]+)+$/.test(region)) return "";
  return "https://" + consoleHost(region) + "/cloudformation/home?region=" + region + "#" + place;
}

/** @param {StackSet} set */
export function stackSetLink(set) {
  if (!model.links.console) return "";
  const place = set.id
    ? "/stacksets/" + encodeURIComponent(set.id) + "/stacks"
    : "/stacksets?filteringText=" + encodeURIComponent(set.name);
  return consoleLink(model.links.home, place);
}

/**
 * With an access portal the link signs in to the stack's account first; without
 * one it opens whatever account the browser is signed in to.
 * @param {number} cell
 */
export function stackLink(cell) {
  const { console: wanted, portal, role } = model.links;
  if (!wanted) return "";
  const link = consoleLink(
    regionOf(cell),
    "/stacks?filteringText=" + encodeURIComponent("StackSet-" + setOf(cell).name + "-"),
  );
  if (!link || !portal || !role) return link;
  return (
    portal.replace(/\/$/, "") +
    "/#/console?account_id=" +
    accountOf(cell).id +
    "&role_name=" +
    encodeURIComponent(role) +
    "&destination=" +
    encodeURIComponent(link)
  );
}

/**
 * @param {string} address
 * @param {...Child} children
 */
export function outside(address, ...children) {
  if (!address) return null;
  return h(
    "a",
    { class: "outside", href: address, target: "_blank", rel: "noopener noreferrer" },
    children,
    h("span", { "aria-hidden": "true" }, " ↗"),
    h("span", { class: "hidden" }, " (opens the AWS console)"),
  );
}
