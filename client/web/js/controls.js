/** The panel that steers mouth, head and expression. */

import { byId, chip, element } from "./dom.js";
import { spoken } from "./words.js";

const SEND_AFTER_MS = 120; // while a slider moves, not every pixel of it is sent
const SOURCES = { voice: "Voice", idle: "Idle", still: "Still" };

const GAIN = { max: 2, start: 1 };
const SHARE = { max: 1, start: 1 };
const SMOOTHING = { max: 1, start: 0 };

const COMPONENTS = [
  { name: "mouth", title: "Mouth" },
  { name: "pose", title: "Head" },
  { name: "expression", title: "Expression" },
];

/** Events: `patch` (detail: a ControlsPatch). */
export class ControlPanel extends EventTarget {
  #form = byId("controls");
  #changed = {};
  #pending = {};
  #timer = 0;

  constructor() {
    super();
    this.#form.addEventListener("input", ({ target }) => this.#change(target));
    this.#form.addEventListener("submit", (event) => event.preventDefault());
    this.#form.addEventListener("reset", () => setTimeout(() => this.#changeAll()));
  }

  /**
   * Build the panel.
   * @param {{emotions: string[], sources: Record<string, string[]>}} offered by the server
   */
  build({ emotions, sources }) {
    const groups = COMPONENTS.map(({ name, title }) =>
      group(title, [
        choice(`${name}.source`, `Source of ${title.toLowerCase()}`, sources[name] ?? []),
        row(
          slider(`${name}.gain`, name === "pose" ? "Motion" : "Amount", GAIN),
          slider(`${name}.smoothing`, "Smoothness", SMOOTHING),
        ),
      ]),
    );
    const emotion = group("Emotion", [
      choice("emotion", "Emotion", emotions),
      slider("emotion_strength", "Strength", SHARE),
    ]);
    const eyes = group("Eyes", [
      row(slider("blink", "Blinking", GAIN), slider("gaze", "Gaze", GAIN)),
    ]);
    byId("control-groups").replaceChildren(...groups, emotion, eyes);
  }

  /** What was changed by hand, for the next session. */
  get patch() {
    return this.#changed;
  }

  /**
   * Show the server's values, except where a change is still on its way.
   * @param {object} controls
   */
  show(controls) {
    for (const input of this.#form.querySelectorAll("input")) {
      const value = input.name.split(".").reduce((part, key) => part?.[key], controls);
      if (value === undefined || this.#isPending(input.name)) continue;
      if (input.type === "radio") input.checked = input.value === value;
      else fill(input, value);
    }
  }

  #change(input) {
    if (input.type === "range") fill(input, input.valueAsNumber);
    const value = input.type === "range" ? input.valueAsNumber : input.value;
    put(this.#changed, input.name, value);
    put(this.#pending, input.name, value);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#send(), SEND_AFTER_MS);
  }

  #changeAll() {
    const given = "input[type=range], input:checked";
    for (const input of this.#form.querySelectorAll(given)) this.#change(input);
  }

  #send() {
    const detail = this.#pending;
    this.#pending = {};
    this.dispatchEvent(new CustomEvent("patch", { detail }));
  }

  #isPending(name) {
    return name.split(".").reduce((part, key) => part?.[key], this.#pending) !== undefined;
  }
}

/** Set `patch.a.b` for the name "a.b". */
function put(patch, name, value) {
  const [first, second] = name.split(".");
  if (second) (patch[first] ??= {})[second] = value;
  else patch[first] = value;
}

/** Show a slider's value, also as the length of its bar and as a number. */
function fill(range, value) {
  range.value = String(value);
  range.style.setProperty("--filled", `${(100 * range.valueAsNumber) / Number(range.max)}%`);
  const words = `${Math.round(100 * range.valueAsNumber)} %`;
  range.setAttribute("aria-valuetext", words);
  range.parentElement.querySelector(".value").textContent = words;
}

function slider(name, label, { max, start }) {
  // defaultValue: what the form's reset goes back to
  const range = element("input", { type: "range", name, min: "0", max, step: "0.05" });
  range.defaultValue = String(start);
  // Not an <output>: that would speak up whenever the server tells a value.
  const number = element("span", { className: "value", ariaHidden: "true" });
  const heading = element("span", { className: "slider-label" }, label, number);
  const whole = element("label", { className: "slider" }, heading, range);
  fill(range, start);
  return whole;
}

function choice(name, label, values) {
  const chips = values.map((value, index) =>
    chip({ name, value, label: SOURCES[value] ?? spoken(value), defaultChecked: index === 0 }),
  );
  const className = values.length > 3 ? "chips many" : "chips";
  const whole = element("div", { className, role: "radiogroup" }, ...chips);
  whole.setAttribute("aria-label", label);
  return whole;
}

const row = (...parts) => element("div", { className: "row" }, ...parts);

const group = (title, parts) =>
  element("fieldset", { className: "group" }, element("legend", {}, title), ...parts);
