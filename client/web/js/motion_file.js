/** Motion files: a face's motion of another day, played again by the source `file`. */

import { sendMotion } from "./api.js";
import { byId } from "./dom.js";
import { clockWords } from "./words.js";

const EVERYTHING = {
  mouth: { source: "file" },
  pose: { source: "file" },
  expression: { source: "file" },
};

/** Events: `apply` (detail: a ControlsPatch), `problem` (detail: a Problem). */
export class MotionFile extends EventTarget {
  #session = null;
  #file = byId("motion-file");
  #button = byId("motion-load");

  constructor() {
    super();
    this.#button.addEventListener("click", () => this.#file.click());
    this.#file.addEventListener("change", () => {
      if (this.#file.files[0]) this.#load(this.#file.files[0]);
      this.#file.value = ""; // so that the same file can be chosen again
    });
  }

  /** @param {string} session that files go to from now on */
  follow(session) {
    this.#session = session;
    byId("motion-loaded").textContent = "";
  }

  async #load(file) {
    this.#button.ariaBusy = "true";
    try {
      const { seconds, loop } = await sendMotion(this.#session, file, byId("motion-loop").checked);
      const again = loop ? ", again and again" : "";
      byId("motion-loaded").textContent = `${file.name}, ${clockWords(seconds)}${again}`;
      this.dispatchEvent(new CustomEvent("apply", { detail: EVERYTHING }));
    } catch (error) {
      this.dispatchEvent(new CustomEvent("problem", { detail: error }));
    }
    this.#button.ariaBusy = null;
  }
}
