/** What the presenter hears: the microphone, or a recorded sentence. Both give a track. */

import { Problem } from "./problem.js";

const MICROPHONE_ERRORS = {
  NotAllowedError: "microphone_denied",
  SecurityError: "microphone_denied",
  NotFoundError: "microphone_missing",
  OverconstrainedError: "microphone_missing",
};

/** The microphone, with the browser's echo cancellation. */
export class Microphone {
  #track = null;
  #closed = false;

  /**
   * Open it; the browser asks for permission the first time.
   * @returns {Promise<MediaStreamTrack>}
   */
  async open() {
    if (!navigator.mediaDevices) throw new Problem("microphone_insecure");
    const audio = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio });
      [this.#track] = stream.getAudioTracks();
    } catch (error) {
      throw new Problem(MICROPHONE_ERRORS[error.name] ?? "microphone_busy");
    }
    if (this.#closed) this.#track.stop(); // hung up while the browser was still asking
    return this.#track;
  }

  /** @param {boolean} muted */
  mute(muted) {
    if (this.#track) this.#track.enabled = !muted;
  }

  close() {
    this.#closed = true;
    this.#track?.stop();
  }
}

/** Whether the browser is going to ask before it gives the microphone. */
export async function microphoneAsks() {
  try {
    const { state } = await navigator.permissions.query({ name: "microphone" });
    return state === "prompt";
  } catch {
    return true; // a browser that does not tell
  }
}

/** Recorded sentences, played into a track instead of into the room. */
export class Recording {
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
