/** Choosing one of several microphones; the choice is remembered. */

import { byId, element } from "./dom.js";
import { listMicrophones } from "./microphone.js";

const NAME = "visavis-microphone";

/** Events: `choose` (detail: a device's id). */
export class MicrophoneChooser extends EventTarget {
  #select = byId("microphones");

  constructor() {
    super();
    this.#select.addEventListener("change", () => {
      remember(this.#select.value);
      this.dispatchEvent(new CustomEvent("choose", { detail: this.#select.value }));
    });
    navigator.mediaDevices?.addEventListener("devicechange", () => this.refresh());
    this.refresh();
  }

  /** What was chosen, now or another day; null leaves it to the browser. */
  get wanted() {
    return remembered();
  }

  /**
   * List what there is now.
   * @param {MediaStreamTrack | null} [heard] the microphone that is open
   */
  async refresh(heard = null) {
    const found = await listMicrophones();
    const chosen = heard?.getSettings().deviceId ?? (this.#select.value || this.wanted);
    this.#select.replaceChildren(
      ...found.map(({ id, name }) => element("option", { value: id }, name)),
    );
    const known = found.some(({ id }) => id === chosen);
    this.#select.value = known ? chosen : (found[0]?.id ?? "");
    byId("microphone-choice").hidden = found.length === 0;
  }
}

function remember(id) {
  try {
    localStorage.setItem(NAME, id);
  } catch {
    // A browser that keeps nothing takes its own choice the next time.
  }
}

function remembered() {
  try {
    return localStorage.getItem(NAME);
  } catch {
    return null;
  }
}
