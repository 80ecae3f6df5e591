/** Choosing who is seen: an invented presenter, or an own photo. */

import { located } from "./api.js";
import { byId, element } from "./dom.js";
import { redraw } from "./photo.js";

const OWN = "own-photo";

/** Events: `choose` (the choice changed), `problem` (detail: a Problem with a photo). */
export class Presenters extends EventTarget {
  #tiles = byId("presenters");
  #file = byId("photo-file");
  #known = [];
  #photo = null;

  constructor() {
    super();
    this.#tiles.addEventListener("change", () => this.#tell("choose"));
    byId("photo-button").addEventListener("click", () => this.#file.click());
    this.#file.addEventListener("change", () => {
      if (this.#file.files[0]) this.usePhoto(this.#file.files[0]);
      this.#file.value = ""; // so that the same file can be chosen again
    });
    this.#acceptDrops();
  }

  /** @param {{id: string, name: string, picture: string}[]} presenters */
  show(presenters) {
    this.#known = presenters.map(({ id, name, picture }) => ({
      id,
      name,
      picture: located(picture),
    }));
    this.#tiles.replaceChildren(...this.#known.map((presenter) => this.#tile(presenter)));
    this.#select(this.#known[0]?.id);
  }

  /**
   * Who is chosen. `portrait` is the own photo, null for a presenter.
   * @returns {{id: string | null, name: string, picture: string, portrait: Blob | null} | null}
   */
  get chosen() {
    const id = this.#tiles.querySelector("input:checked")?.value;
    if (id === OWN) return { ...this.#photo, id: null };
    const presenter = this.#known.find((known) => known.id === id);
    return presenter ? { ...presenter, portrait: null } : null;
  }

  /**
   * Take an own photo and choose it.
   * @param {File} file
   */
  async usePhoto(file) {
    try {
      const portrait = await redraw(file);
      if (this.#photo) URL.revokeObjectURL(this.#photo.picture);
      const picture = URL.createObjectURL(portrait);
      this.#photo = { name: "Your photo", picture, portrait };
    } catch (problem) {
      return this.#tell("problem", problem);
    }
    this.#tiles.querySelector(`[data-id="${OWN}"]`)?.remove();
    this.#tiles.append(this.#tile({ id: OWN, ...this.#photo }));
    this.#select(OWN);
  }

  #tile({ id, name, picture }) {
    return element(
      "label",
      { className: "tile", title: name, data: { id } },
      element("input", { type: "radio", name: "presenter", value: id }),
      element("img", { src: picture, alt: name, width: 128, height: 128, draggable: false }),
    );
  }

  #select(id) {
    const radio = this.#tiles.querySelector(`[data-id="${id}"] input`);
    if (radio) radio.checked = true;
    this.#tell("choose");
  }

  /** A photo may be dropped anywhere on the page, while no call runs. */
  #acceptDrops() {
    const { body } = document;
    const mark = (dropping) => body.toggleAttribute("data-dropping", dropping);
    const takes = (event) =>
      event.dataTransfer?.types.includes("Files") && body.dataset.phase === "setup";
    addEventListener("dragover", (event) => {
      event.preventDefault(); // or the browser would leave the page to show the file
      mark(takes(event));
    });
    addEventListener("dragleave", (event) => event.relatedTarget ?? mark(false));
    addEventListener("drop", (event) => {
      event.preventDefault();
      mark(false);
      if (takes(event) && event.dataTransfer.files[0]) this.usePhoto(event.dataTransfer.files[0]);
    });
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
