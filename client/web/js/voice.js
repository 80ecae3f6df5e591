/** Choosing what the presenter says: what comes from the microphone, or a sample sentence. */

import { byId, element } from "./dom.js";

const FOLDER = "samples/";

/** Events: `choose` (another voice, see `sample`). */
export class VoiceChooser extends EventTarget {
  #modes = byId("voice-modes");
  #list = byId("samples");
  #samples = [];
  #chosen = null;

  constructor() {
    super();
    this.#modes.addEventListener("change", () => this.#choose(this.#chosen));
  }

  /** Load the list of sentences; without one there is only the microphone. */
  async load() {
    try {
      this.#samples = await (await fetch(`${FOLDER}samples.json`)).json();
    } catch {
      this.#samples = [];
    }
    byId("voice-sample").disabled = this.#samples.length === 0;
    this.#list.replaceChildren(...this.#samples.map((sample) => this.#button(sample)));
    this.#mark(this.#samples[0] ?? null);
  }

  /** @returns {"microphone" | "sample"} */
  get mode() {
    return this.#modes.querySelector("input:checked").value;
  }

  /** @param {"microphone" | "sample"} mode shown without an event */
  set mode(mode) {
    byId(`voice-${mode}`).checked = true;
    this.#list.hidden = mode !== "sample";
  }

  /** @returns {{id: string, title: string, address: string} | null} null: the microphone */
  get sample() {
    return this.mode === "sample" ? this.#chosen : null;
  }

  #button(sample) {
    return element(
      "button",
      {
        type: "button",
        className: "sample",
        data: { id: sample.id },
        onclick: () => this.#choose(sample),
      },
      element("span", { className: "sample-title" }, sample.title),
      element("span", { className: "sample-text" }, sample.text),
    );
  }

  #choose(sample) {
    this.#list.hidden = this.mode !== "sample";
    this.#mark(sample);
    this.dispatchEvent(new Event("choose"));
  }

  #mark(sample) {
    this.#chosen = sample && { ...sample, address: FOLDER + sample.file };
    for (const button of this.#list.children) {
      button.setAttribute("aria-pressed", String(button.dataset.id === sample?.id));
    }
  }
}
