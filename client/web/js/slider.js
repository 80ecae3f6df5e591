/** A slider with its name and its value in words. */

import { element } from "./dom.js";

const STEPS = 20; // from one end to the other

/** What a value is called: by the unit of its slider. */
const WORDS = {
  "%": (value) => `${Math.round(100 * value)} %`,
  ms: (value) => `${Math.round(value)} ms`,
  "°": (value) => `${Math.round(value)}°`,
};

/**
 * @param {string} name in the form
 * @param {string} label
 * @param {{min?: number, max: number, start?: number, step?: number, unit?: "%" | "ms" | "°"}} range
 *   start is what the form's reset goes back to
 */
export function slider(name, label, { min = 0, max, start = 0, step, unit = "%" }) {
  const range = element("input", { type: "range", name, min, max, data: { unit } });
  range.step = String(step ?? (max - min) / STEPS);
  range.defaultValue = String(start);
  // Not an <output>: that would speak up whenever the server tells a value.
  const number = element("span", { className: "value", ariaHidden: "true" });
  const heading = element("span", { className: "slider-label" }, label, number);
  const whole = element("label", { className: "slider" }, heading, range);
  fill(range, start);
  return whole;
}

/** Show a slider's value, also as the length of its bar and in words. */
export function fill(range, value) {
  range.value = String(value);
  const [min, max] = [Number(range.min), Number(range.max)];
  const filled = (100 * (range.valueAsNumber - min)) / (max - min);
  range.style.setProperty("--filled", `${filled}%`);
  const words = WORDS[range.dataset.unit](range.valueAsNumber);
  range.setAttribute("aria-valuetext", words);
  range.parentElement.querySelector(".value").textContent = words;
}
