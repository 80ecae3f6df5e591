/** The panel that mixes: where mouth, head and expression come from, and how much of it. */

import { coefficientSliders } from "./coefficients.js";
import { byId, check, chip, element } from "./dom.js";
import { fill, slider } from "./slider.js";
import { SOURCES, spoken } from "./words.js";

const SEND_AFTER_MS = 120; // while a slider moves, not every pixel of it is sent

const GAIN = { max: 2, start: 1, step: 0.05 };
const SHARE = { max: 1, start: 1 };
const SMOOTHING = { max: 1 };
const STEADINESS = { max: 1, start: 0.4 };
const FADE = { max: 2000, start: 200, step: 50, unit: "ms" };

const COMPONENTS = [
  { name: "mouth", title: "Mouth", amount: "Amount" },
  { name: "pose", title: "Head", amount: "Motion" },
  { name: "expression", title: "Expression", amount: "Amount" },
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
   * @param {{emotions: string[], sources: Record<string, string[]>,
   *   coefficients: Record<string, import("./coefficients.js").Range[]>}} offered by the server
   */
  build({ emotions, sources, coefficients }) {
    const groups = COMPONENTS.map(({ name, title, amount }) =>
      group(title, [
        source(name, title, sources[name] ?? []),
        row(
          slider(`${name}.gain`, amount, GAIN),
          slider(`${name}.smoothing`, "Smoothness", SMOOTHING),
        ),
        coefficientSliders(name, title, coefficients?.[name] ?? []),
      ]),
    );
    const emotion = group("Emotion", [
      choice("emotion", "Emotion", emotions),
      slider("emotion_strength", "Strength", SHARE),
    ]);
    const eyes = group("Eyes", [
      row(slider("blink", "Blinking", GAIN), slider("gaze", "Gaze", GAIN)),
    ]);
    const mixing = element(
      "details",
      { className: "more" },
      element("summary", {}, "How sources mix"),
      check("voice_first", "Lips follow the voice while it speaks"),
      check("mirror", "My left is their right, as in a mirror"),
      row(slider("steadiness", "Calm", STEADINESS), slider("fade_ms", "Cross-fade", FADE)),
    );
    byId("control-groups").replaceChildren(emotion, ...groups, eyes, mixing);
  }

  /** What was changed, for the next session. */
  get patch() {
    return this.#changed;
  }

  /** All that is shown, as a ControlsPatch. */
  get all() {
    const whole = {};
    for (const input of this.#inputs) put(whole, input.name, valueOf(input));
    return whole;
  }

  /**
   * Where a component takes its motion from now.
   * @param {"mouth" | "pose" | "expression"} component
   */
  sourceOf(component) {
    return this.#form.elements[`${component}.source`]?.value;
  }

  /**
   * Change controls as if by hand.
   * @param {object} patch a ControlsPatch
   */
  apply(patch) {
    if (Object.keys(this.#pending).length) this.#send(); // first what was changed first
    this.#write(patch);
    join(this.#changed, patch);
    this.dispatchEvent(new CustomEvent("patch", { detail: patch }));
  }

  /**
   * Show the server's values, except where a change is still on its way.
   * @param {object} controls
   */
  show(controls) {
    this.#write(controls, (name) => read(this.#pending, name) !== undefined);
  }

  get #inputs() {
    return [...this.#form.elements].filter(
      ({ name, type, checked }) => name && (type !== "radio" || checked),
    );
  }

  #write(controls, leftAlone = () => false) {
    for (const input of this.#form.elements) {
      const value = input.name ? read(controls, input.name) : undefined;
      if (value === undefined || leftAlone(input.name)) continue;
      if (input.type === "radio") input.checked = input.value === value;
      else if (input.type === "checkbox") input.checked = value;
      else if (input.type === "range") fill(input, value);
      else input.value = value;
    }
    this.#showSliders();
  }

  #change(input) {
    if (!input.name) return;
    const value = valueOf(input);
    if (input.type === "range") fill(input, value);
    put(this.#changed, input.name, value);
    put(this.#pending, input.name, value);
    this.#showSliders();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#send(), SEND_AFTER_MS);
  }

  #changeAll() {
    for (const input of this.#inputs) this.#change(input);
  }

  /** The single numbers are there for those who steer by them. */
  #showSliders() {
    for (const sliders of this.#form.querySelectorAll(".coefficients")) {
      sliders.hidden = this.sourceOf(sliders.dataset.component) !== "sliders";
    }
  }

  #send() {
    clearTimeout(this.#timer);
    const detail = this.#pending;
    this.#pending = {};
    this.dispatchEvent(new CustomEvent("patch", { detail }));
  }
}

function valueOf(input) {
  if (input.type === "range") return input.valueAsNumber;
  return input.type === "checkbox" ? input.checked : input.value;
}

/** `patch.a.b` for the name "a.b". */
const read = (patch, name) => name.split(".").reduce((part, key) => part?.[key], patch);

/** Set `patch.a.b` for the name "a.b". */
function put(patch, name, value) {
  const [first, second] = name.split(".");
  if (second) (patch[first] ??= {})[second] = value;
  else patch[first] = value;
}

/** Take over what a patch names; nothing is shared with it. */
function join(patch, more) {
  for (const [name, value] of Object.entries(more)) {
    if (value === null) continue;
    patch[name] = typeof value === "object" ? { ...patch[name], ...value } : value;
  }
}

function source(component, title, names) {
  const options = names.map((name, index) => {
    const option = element("option", { value: name }, SOURCES[name] ?? spoken(name));
    option.defaultSelected = index === 0;
    return option;
  });
  const select = element("select", { name: `${component}.source` }, ...options);
  select.setAttribute("aria-label", `Source of ${title.toLowerCase()}`);
  const hold = check(`${component}.hold`, "Hold");
  hold.title = "Keep what it does now, whatever its source does";
  hold.append(element("span", { className: "unseen" }, title.toLowerCase()));
  return element(
    "div",
    { className: "source" },
    hold,
    element("span", { className: "select" }, select),
  );
}

function choice(name, label, values) {
  const chips = values.map((value, index) =>
    chip({ name, value, label: spoken(value), defaultChecked: index === 0 }),
  );
  const whole = element("div", { className: "chips many", role: "radiogroup" }, ...chips);
  whole.setAttribute("aria-label", label);
  return whole;
}

const row = (...parts) => element("div", { className: "row" }, ...parts);

const group = (title, parts) =>
  element("fieldset", { className: "group" }, element("legend", {}, title), ...parts);
