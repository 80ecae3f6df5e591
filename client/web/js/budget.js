/** Where the time goes from a voice to the picture of it: a bar, and the same as a table. */

import { byId, element } from "./dom.js";
import { stepWords } from "./words.js";

const SHOWN_FROM_MS = 0.05;

/**
 * @param {...Record<string, Spread>} places and their steps
 * @returns {number} ms that all steps usually take together
 */
export function wholeOf(...places) {
  const steps = places.flatMap((place) => Object.values(place));
  return steps.reduce((sum, { p50_ms: usual }) => sum + usual, 0);
}

/** @typedef {{p50_ms: number, p95_ms: number}} Spread */

/**
 * @param {Record<string, Spread>} server steps there, in their order
 * @param {Record<string, Spread>} page steps on the way here and in this browser
 */
export function showBudget(server, page) {
  const steps = [
    ...Object.entries(server).map(([name, spread]) => ({ name, place: "server", ...spread })),
    ...Object.entries(page).map(([name, spread]) => ({ name, place: name, ...spread })),
  ];
  const whole = wholeOf(server, page);
  byId("budget").hidden = steps.length === 0;
  byId("budget-whole").textContent = `${Math.round(whole)} ms`;
  renew(byId("budget-bar"), steps, piece, (made, { p50_ms: usual }) => {
    made.style.flexGrow = String(usual / whole || 0);
    made.hidden = usual < SHOWN_FROM_MS;
  });
  renew(byId("budget-steps"), steps, line, (made, { p50_ms: usual, p95_ms: slow }) => {
    made.cells[1].textContent = usual.toFixed(1);
    made.cells[2].textContent = slow.toFixed(1);
  });
}

/** Make the elements anew when other steps are told; else only what they show changes. */
function renew(parent, steps, make, fill) {
  const names = steps.map(({ name }) => name).join(" ");
  if (parent.dataset.names !== names) parent.replaceChildren(...steps.map(make));
  parent.dataset.names = names;
  steps.forEach((step, index) => fill(parent.children[index], step));
}

const piece = ({ name, place }, index) =>
  coloured(element("span", { title: stepWords(name) }), place, index);

function line({ name, place }, index) {
  const swatch = coloured(element("i"), place, index);
  const heading = element("th", { scope: "row" }, swatch, stepWords(name));
  return element("tr", { data: { step: name } }, heading, element("td"), element("td"));
}

function coloured(made, place, index) {
  made.dataset.place = place;
  made.style.setProperty("--nth", String(index));
  return made;
}
