/** Choosing one of several microphones or cameras; the choice is remembered. */

import { listDevices } from "./device.js";
import { byId, element } from "./dom.js";

/** Events: `choose` (detail: a device's id). */
export class DeviceChooser extends EventTarget {
  #kind;
  #select;

  /** @param {import("./device.js").Kind} kind */
  constructor(kind) {
    super();
    this.#kind = kind;
    this.#select = byId(`${kind}s`);
    this.#select.addEventListener("change", () => {
      this.#remember(this.#select.value);
      this.dispatchEvent(new CustomEvent("choose", { detail: this.#select.value }));
    });
    navigator.mediaDevices?.addEventListener("devicechange", () => this.refresh());
    this.refresh();
  }

  /** What was chosen, now or another day; null leaves it to the browser. */
  get wanted() {
    try {
      return localStorage.getItem(this.#name);
    } catch {
      return null;
    }
  }

  /**
   * List what there is now.
   * @param {MediaStreamTrack | null} [used] of the device that is open
   */
  async refresh(used = null) {
    const found = await listDevices(this.#kind);
    const chosen = used?.getSettings().deviceId ?? (this.#select.value || this.wanted);
    this.#select.replaceChildren(
      ...found.map(({ id, name }) => element("option", { value: id }, name)),
    );
    const known = found.some(({ id }) => id === chosen);
    this.#select.value = known ? chosen : (found[0]?.id ?? "");
    byId(`${this.#kind}-choice`).hidden = found.length === 0;
  }

  get #name() {
    return `visavis-${this.#kind}`;
  }

  #remember(id) {
    try {
      localStorage.setItem(this.#name, id);
    } catch {
      // A browser that keeps nothing takes its own choice the next time.
    }
  }
}
