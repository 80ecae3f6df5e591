/** Sliders for the single numbers of a face: by region, and found by their names. */

import { element } from "./dom.js";
import { slider } from "./slider.js";
import { coefficientWords, regionOf } from "./words.js";

const DEGREES = ["yaw", "pitch", "roll"];

/** @typedef {{name: string, low: number, high: number}} Range */

/**
 * All sliders of a component; hidden until its source is `sliders`.
 * @param {string} component
 * @param {string} title of it, in words
 * @param {Range[]} ranges
 */
export function coefficientSliders(component, title, ranges) {
  const regions = Object.entries(Object.groupBy(ranges, ({ name }) => regionOf(name)));
  const made = element("div", { className: "coefficients", hidden: true, data: { component } });
  if (regions.length === 1) made.append(...ranges.map(one));
  else made.append(search(made, title), ...regions.map(folded));
  return made;
}

const folded = ([region, ranges]) =>
  element("details", {}, element("summary", {}, region), ...ranges.map(one));

function one({ name, low, high }) {
  const unit = DEGREES.includes(name) ? "°" : "%";
  const step = unit === "°" ? 1 : 0.01;
  return slider(`sliders.${name}`, coefficientWords(name), { min: low, max: high, step, unit });
}

/** A field that leaves only those whose names have its words in them. */
function search(made, title) {
  const field = element("input", { type: "search", placeholder: "Find one", autocomplete: "off" });
  field.setAttribute("aria-label", `Find a slider of ${title.toLowerCase()}`);
  field.addEventListener("input", (event) => {
    event.stopPropagation(); // it is no control
    const words = field.value.trim().toLowerCase().split(/\s+/);
    for (const region of made.querySelectorAll("details")) {
      const sliders = [...region.querySelectorAll(".slider")];
      for (const it of sliders) it.hidden = !matches(it, words);
      region.hidden = sliders.every(({ hidden }) => hidden);
      region.open = words[0] !== "" && !region.hidden;
    }
  });
  return field;
}

const matches = (made, words) =>
  words.every((word) => made.firstChild.firstChild.textContent.toLowerCase().includes(word));
