/** The picture: a portrait before the call, live in it, and the last one while it is disturbed. */

import { byId } from "./dom.js";

/** Events: `picture` (the first one of a stream is on the screen). */
export class Screen extends EventTarget {
  #live = byId("live");
  #still = byId("still");
  #turn = 0;

  /** @param {{name: string, picture: string} | null} presenter */
  showPortrait(presenter) {
    byId("poster").hidden = !presenter;
    if (!presenter) return;
    byId("poster").src = presenter.picture;
    byId("name").textContent = presenter.name;
  }

  /** @param {MediaStream} stream shown from its first picture on */
  show(stream) {
    const turn = ++this.#turn;
    this.#live.srcObject = stream;
    const shown = () => {
      if (turn !== this.#turn) return;
      this.#still.hidden = true;
      this.dispatchEvent(new Event("picture"));
    };
    if (this.#live.requestVideoFrameCallback) this.#live.requestVideoFrameCallback(shown);
    else this.#live.addEventListener("loadeddata", shown, { once: true });
  }

  /** Keep the last picture on the screen until another stream comes. */
  hold() {
    const { videoWidth: width, videoHeight: height } = this.#live;
    if (!width) return;
    Object.assign(this.#still, { width, height, hidden: false });
    this.#still.getContext("2d").drawImage(this.#live, 0, 0);
  }

  /** @param {boolean} audible whether the sound is heard, too */
  hear(audible) {
    this.#live.muted = !audible;
  }

  /** Back to the portrait. */
  clear() {
    this.#turn += 1;
    this.#live.srcObject = null;
    this.#still.hidden = true;
  }
}
