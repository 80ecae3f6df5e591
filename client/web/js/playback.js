/** Recorded sentences, played into a track instead of into the room. */

import { Problem } from "./problem.js";

export class Playback {
  #context = new AudioContext({ sampleRate: 48_000 });
  #out = this.#context.createMediaStreamDestination();
  #loaded = new Map();
  #playing = null;
  #wanted = 0;

  /** What is played, and silence between. */
  get track() {
    return this.#out.stream.getAudioTracks()[0];
  }

  /**
   * Get a sound file ready to be played.
   * @param {string} address
   * @returns {Promise<AudioBuffer>}
   */
  load(address) {
    if (!this.#loaded.has(address)) this.#loaded.set(address, this.#decode(address));
    return this.#loaded.get(address);
  }

  /**
   * Play a sound file from its beginning, in place of the one that plays.
   * @param {string} address
   */
  async play(address) {
    this.stop();
    const turn = this.#wanted;
    this.#context.resume(); // not awaited: a browser may wait for a click
    const buffer = await this.load(address);
    if (turn !== this.#wanted || this.#context.state === "closed") return;
    this.#playing = new AudioBufferSourceNode(this.#context, { buffer });
    this.#playing.connect(this.#out);
    this.#playing.start();
  }

  stop() {
    this.#wanted += 1;
    this.#playing?.disconnect();
    this.#playing = null;
  }

  close() {
    this.stop();
    if (this.#context.state !== "closed") this.#context.close();
  }

  async #decode(address) {
    try {
      const answer = await fetch(address);
      return await this.#context.decodeAudioData(await answer.arrayBuffer());
    } catch {
      this.#loaded.delete(address); // so that it is tried again
      throw new Problem("sample_unreadable");
    }
  }
}
