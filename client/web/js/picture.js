/** Choosing how large and how fine the pictures are. */

import { byId, chip } from "./dom.js";

const SIZES = { 256: "Small", 512: "Full" };
const QUALITIES = { low: "Saves data", medium: "Balanced", high: "Best" };

/** Events: `quality` (detail: "low", "medium" or "high"). */
export class PictureChooser extends EventTarget {
  #sizes = byId("sizes");
  #qualities = byId("qualities");

  constructor() {
    super();
    const chips = Object.entries(QUALITIES).map(([value, label]) =>
      chip({ name: "quality", value, label, defaultChecked: value === "high" }),
    );
    this.#qualities.replaceChildren(...chips);
    this.#qualities.addEventListener("change", () => {
      this.#name();
      this.dispatchEvent(new CustomEvent("quality", { detail: this.quality }));
    });
    this.#sizes.addEventListener("change", () => this.#name());
  }

  /** @param {number[]} sizes that the server draws, in pixels */
  build(sizes) {
    const largest = Math.max(...sizes);
    const chips = sizes.map((size) => {
      const label = SIZES[size] ?? `${size} pixels`;
      return chip({ name: "size", value: String(size), label, defaultChecked: size === largest });
    });
    this.#sizes.replaceChildren(...chips);
    this.#name();
  }

  /** @returns {number | undefined} pixels */
  get size() {
    return Number(this.#sizes.querySelector(":checked")?.value) || undefined;
  }

  /** @returns {"low" | "medium" | "high"} */
  get quality() {
    return this.#qualities.querySelector(":checked").value;
  }

  #name() {
    const [size, quality] = [SIZES[this.size], QUALITIES[this.quality]];
    byId("picture-brief").textContent = [size, quality].filter(Boolean).join(", ");
  }
}
