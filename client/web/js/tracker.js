/** Follows a face in a worker of its own, so that the page stays quick. */

import { fetchModel } from "./api.js";

const SCRIPT = new URL("tracker_worker.js", import.meta.url);
const WITHIN_MS = 30_000;

/**
 * @typedef {object} Reading what was seen in one picture
 * @property {number} time seconds, of when the picture was taken
 * @property {number} took ms
 * @property {number} faces that were seen
 * @property {Record<string, number>} [scores] of the face that is followed, by name
 * @property {number[]} [matrix] where its head is, column by column
 */

/** Events: `reading` (detail: Reading), `failed` (it cannot go on). */
export class Tracker extends EventTarget {
  #worker = null;
  #busy = false;
  #waiting = null;

  /** Pictures that were passed over, because newer ones came before they could be read. */
  skipped = 0;

  /** Get ready; fails where this browser, or this server, has not what it takes. */
  async load() {
    this.#worker = new Worker(SCRIPT, { type: "module" });
    await this.#answer(); // that it runs: it finds its library
    const model = await fetchModel();
    await this.#answer({ model }, [model]);
    this.#worker.addEventListener("message", ({ data }) => this.#receive(data));
  }

  /**
   * Read a picture; while one is read the newest waits, and older ones are passed over.
   * @param {VideoFrame | ImageBitmap} picture is closed here
   * @param {number} time seconds, of when it was taken
   */
  read(picture, time) {
    if (!this.#busy) return this.#ask({ picture, time });
    if (this.#waiting) this.skipped += 1;
    this.#waiting?.picture.close();
    this.#waiting = { picture, time };
  }

  close() {
    this.#worker?.terminate();
    this.#waiting?.picture.close();
    this.#waiting = null;
  }

  /** What the worker says next, by itself or to a message; fails with the worker. */
  #answer(message, transferred) {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error("the tracker does not answer")), WITHIN_MS);
      const once = { once: true };
      this.#worker.addEventListener("error", () => reject(new Error("no tracker here")), once);
      const settle = ({ data }) => {
        clearTimeout(late);
        return data.failed ? reject(new Error(data.failed)) : resolve();
      };
      this.#worker.addEventListener("message", settle, once);
      if (message) this.#worker.postMessage(message, transferred);
    });
  }

  #ask(what) {
    this.#busy = true;
    this.#worker.postMessage(what, [what.picture]);
  }

  #receive({ failed, ...reading }) {
    if (failed) return this.dispatchEvent(new Event("failed"));
    this.#busy = false;
    const next = this.#waiting;
    this.#waiting = null;
    if (next) this.#ask(next);
    this.dispatchEvent(new CustomEvent("reading", { detail: reading }));
  }
}
