/** Looks: sets of controls with a name, kept on the server. */

import { deleteLook, listLooks, saveLook } from "./api.js";
import { byId, element } from "./dom.js";

const NONE = "None chosen";
/** Nobody could ask for the looks yet, or this server keeps none. */
const QUIET = ["token_missing", "token_refused", "server_gone"];

/** Events: `apply` (detail: a ControlsPatch), `problem` (detail: a Problem), `said` (detail: words). */
export class Looks extends EventTarget {
  #select = byId("look");
  #name = byId("look-name");
  #all;
  #known = [];

  /** @param {() => object} all the controls as they are now, a ControlsPatch */
  constructor(all) {
    super();
    this.#all = all;
    this.#select.addEventListener("change", () => this.#choose());
    byId("look-delete").addEventListener("click", () => this.#delete());
    byId("look-save").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#save(this.#name.value.trim());
    });
  }

  /** Ask which there are; before a token is given there are none. */
  async load() {
    try {
      this.#show((await listLooks()).looks, this.#select.value);
    } catch (error) {
      if (!QUIET.includes(error.code)) this.#tell("problem", error);
    }
  }

  #choose() {
    const chosen = this.#known.find(({ name }) => name === this.#select.value);
    byId("look-delete").hidden = !chosen;
    if (chosen) this.#tell("apply", chosen.controls);
  }

  #save(name) {
    return this.#attempt(async () => {
      const saved = await saveLook(name, this.#all());
      const others = this.#known.filter((known) => known.name !== name);
      this.#show([...others, saved], name);
      this.#name.value = "";
      byId("look-more").open = false;
      this.#tell("said", `The look ${name} is kept.`);
    });
  }

  #delete() {
    const name = this.#select.value;
    return this.#attempt(async () => {
      await deleteLook(name);
      this.#show(this.#known.filter((known) => known.name !== name), "");
      this.#select.focus();
      this.#tell("said", `The look ${name} is deleted.`);
    });
  }

  async #attempt(what) {
    try {
      await what();
    } catch (error) {
      this.#tell("problem", error);
    }
  }

  #show(looks, chosen) {
    this.#known = looks.toSorted((one, other) => one.name.localeCompare(other.name));
    const options = this.#known.map(({ name }) => element("option", { value: name }, name));
    this.#select.replaceChildren(element("option", { value: "" }, NONE), ...options);
    this.#select.value = this.#known.some(({ name }) => name === chosen) ? chosen : "";
    byId("look-delete").hidden = !this.#select.value;
    byId("look-choice").hidden = this.#known.length === 0;
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
