/** How loud the microphone is, shown, so that people see that they are heard. */

import { byId } from "./dom.js";

const EVERY_MS = 60;
const QUIETEST_DB = -60;
const LOUDEST_DB = -12;
const FALLING = 0.8; // of the level before, so that it does not flicker
const DEAD_AFTER_MS = 5_000; // of nothing but zeros: a switch on the microphone, or a wrong one

/** Events: `dead` (detail: whether nothing at all comes from the microphone). */
export class Level extends EventTarget {
  #meter = byId("level");
  #shown = [byId("level"), byId("mute")];
  #context = null;
  #timer = 0;
  #level = 0;
  #sound = 0;
  #dead = false;

  /** @param {MediaStreamTrack | null} track what to measure from now on */
  listen(track) {
    clearInterval(this.#timer);
    this.#context?.close();
    this.#context = null;
    this.#meter.hidden = !track;
    this.#tellDead(false);
    this.#show(0);
    if (!track) return;
    this.#context = new AudioContext();
    const analyser = new AnalyserNode(this.#context, { fftSize: 1024 });
    this.#context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
    this.#sound = performance.now();
    this.#timer = setInterval(() => this.#measure(analyser, track), EVERY_MS);
  }

  #measure(analyser, track) {
    const wave = new Float32Array(analyser.fftSize);
    analyser.getFloatTimeDomainData(wave);
    const power = wave.reduce((sum, value) => sum + value * value, 0) / wave.length;
    const now = performance.now();
    if (power > 0 || !track.enabled || this.#context.state !== "running") this.#sound = now;
    this.#tellDead(now - this.#sound > DEAD_AFTER_MS);
    const share = (10 * Math.log10(power) - QUIETEST_DB) / (LOUDEST_DB - QUIETEST_DB);
    this.#show(Math.max(Math.min(1, share), FALLING * this.#level));
  }

  #show(level) {
    this.#level = level;
    for (const shown of this.#shown) shown.style.setProperty("--level", level.toFixed(2));
    const tenths = String(10 * Math.round(10 * level));
    if (this.#meter.getAttribute("aria-valuenow") !== tenths) {
      this.#meter.setAttribute("aria-valuenow", tenths);
    }
  }

  #tellDead(dead) {
    if (this.#dead === dead) return;
    this.#dead = dead;
    this.dispatchEvent(new CustomEvent("dead", { detail: dead }));
  }
}
