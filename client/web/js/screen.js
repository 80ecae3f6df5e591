/** The picture: a portrait before the call, live in it, and the last one while it is disturbed. */

import { byId } from "./dom.js";

/** Events: `picture` (the first one of a stream is on the screen). */
export class Screen extends EventTarget {
  #live = byId("live");
  #still = byId("still");
  #poster = byId("poster");
  #framing = "face";
  #turn = 0;

  constructor() {
    super();
    this.#poster.addEventListener("load", () => this.#shape());
    this.#live.addEventListener("resize", () => this.#shape()); // of the pictures that come
  }

  /**
   * @param {{name: string, picture: string} | null} presenter
   * @param {"face" | "whole"} framing how much of the picture will be seen
   */
  showPortrait(presenter, framing) {
    this.#poster.hidden = !presenter;
    this.#framing = framing;
    if (!presenter) return;
    if (this.#poster.src !== presenter.picture) this.#poster.src = presenter.picture;
    byId("name").textContent = presenter.name;
    this.#shape();
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
    this.#shape();
  }

  /** Give the frame the shape of what is in it. */
  #shape() {
    const { srcObject, videoWidth, videoHeight } = this.#live;
    const { naturalWidth, naturalHeight } = this.#poster;
    let ratio = 1;
    if (srcObject && videoHeight) ratio = videoWidth / videoHeight;
    else if (this.#framing === "whole" && naturalHeight) ratio = naturalWidth / naturalHeight;
    this.#live.parentElement.style.setProperty("--ratio", String(ratio));
  }
}
