/** Choosing how much of a portrait is seen, and what is behind the person. */

import { byId, chip } from "./dom.js";
import { redraw } from "./photo.js";

const FRAMINGS = { face: "Face", whole: "Whole picture" };
const BACKGROUNDS = { as_is: "As it is", blur: "Blurred", colour: "Colour", picture: "Picture" };

/** Events: `change` (something else is chosen), `problem` (detail: a Problem with a picture). */
export class SceneChooser extends EventTarget {
  #framings = byId("framings");
  #backgrounds = byId("backgrounds");
  #colour = byId("background-colour");
  #file = byId("background-file");
  #picture = null;

  constructor() {
    super();
    this.#framings.replaceChildren(...chips("framing", FRAMINGS));
    this.#backgrounds.replaceChildren(...chips("background", BACKGROUNDS));
    for (const group of [this.#framings, this.#backgrounds, this.#colour]) {
      group.addEventListener("change", () => this.#changed());
    }
    byId("background-button").addEventListener("click", () => this.#file.click());
    this.#file.addEventListener("change", () => {
      if (this.#file.files[0]) this.#take(this.#file.files[0]);
      this.#file.value = ""; // so that the same file can be chosen again
    });
    this.#changed();
  }

  /** @returns {"face" | "whole"} */
  get framing() {
    return chosen(this.#framings);
  }

  /** The part of a SessionRequest that says it. */
  get request() {
    const type = chosen(this.#backgrounds);
    const background = type === "colour" ? { type, colour: this.#colour.value } : { type };
    return { framing: this.framing, background };
  }

  /** @returns {Blob | null} the picture behind the person, where one is wanted */
  get picture() {
    return chosen(this.#backgrounds) === "picture" ? this.#picture : null;
  }

  /** Whether a picture is wanted that has not been chosen yet; shows where to. */
  get lacksPicture() {
    const lacks = chosen(this.#backgrounds) === "picture" && !this.#picture;
    if (lacks) {
      byId("scene").open = true;
      byId("background-button").focus();
    }
    return lacks;
  }

  async #take(file) {
    try {
      this.#picture = await redraw(file);
    } catch (problem) {
      this.dispatchEvent(new CustomEvent("problem", { detail: problem }));
      return;
    }
    byId("background-name").textContent = file.name;
    this.#changed();
  }

  #changed() {
    const background = chosen(this.#backgrounds);
    byId("colour-choice").hidden = background !== "colour";
    byId("picture-choice").hidden = background !== "picture";
    const words = [FRAMINGS[this.framing], BACKGROUNDS[background]];
    byId("scene-brief").textContent = words.join(", ");
    this.dispatchEvent(new Event("change"));
  }
}

const chosen = (group) => group.querySelector(":checked").value;

const chips = (name, labels) =>
  Object.entries(labels).map(([value, label], index) =>
    chip({ name, value, label, defaultChecked: index === 0 }),
  );
