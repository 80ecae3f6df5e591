/** The field that takes a token, where the server asks for one. */

import { byId } from "./dom.js";
import { keepToken } from "./token.js";

const ASKED_BY = ["token_missing", "token_refused"];

/** Events: `given` (there is a token to try). */
export class Login extends EventTarget {
  #form = byId("login");
  #field = byId("token");

  constructor() {
    super();
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      keepToken(this.#field.value.trim());
      this.#field.value = "";
      this.#form.hidden = true;
      this.dispatchEvent(new Event("given"));
    });
  }

  /** @param {string | undefined} code of the problem that is shown now */
  showFor(code) {
    const asked = ASKED_BY.includes(code);
    if (asked && this.#form.hidden) {
      this.#form.hidden = false;
      this.#field.focus({ preventScroll: true });
    }
    if (!code) this.#form.hidden = true;
  }
}
