/** What the server hears: the microphone, or a sample sentence. Both give a track. */

import { asksFor } from "./device.js";
import { Microphone } from "./microphone.js";
import { Playback } from "./playback.js";

const GONE = "The microphone was unplugged.";
const ABSENT = "The microphone that you chose is not there.";

/**
 * Events: `track` (detail: MediaStreamTrack), `asking` (detail: whether the browser asks for
 * the microphone), `heard` (detail: the microphone's track, null when none is open),
 * `remark` (detail: words), `gone` (detail: a Problem; no microphone is left).
 */
export class Speech extends EventTarget {
  #microphone = null;
  #playback = null;
  #sample = null;
  #muted = false;
  #closed = false;

  /**
   * Take the sound from there from now on.
   * @param {{microphone: string | null} | {address: string}} voice
   */
  async use(voice) {
    if ("microphone" in voice) return this.#useMicrophone(voice.microphone);
    this.#letMicrophoneGo();
    this.#sample = voice;
    this.#playback ??= new Playback();
    this.#playback.load(voice.address).catch(() => {}); // told when it is played
    this.#tell("track", this.#playback.track);
  }

  /** Say the sample sentence, if that is what was chosen. */
  async play() {
    if (this.#sample) await this.#playback.play(this.#sample.address);
  }

  /** Say nothing more of the sample sentence. */
  stop() {
    this.#playback?.stop();
  }

  /** @param {boolean} muted the microphone */
  mute(muted) {
    this.#muted = muted;
    this.#microphone?.mute(muted);
  }

  /** Nothing is heard of it afterwards. */
  close() {
    this.#letMicrophoneGo();
    this.#playback?.close();
    this.#closed = true;
  }

  async #useMicrophone(wanted) {
    const microphone = new Microphone();
    const track = await this.#asked(microphone, wanted);
    if (this.#closed) return microphone.close();
    this.#letMicrophoneGo();
    this.#sample = null;
    this.#playback?.stop();
    this.#microphone = microphone;
    microphone.mute(this.#muted);
    microphone.addEventListener("gone", () => this.#fallBack(microphone));
    this.#tell("track", track);
    this.#tell("heard", track);
    if (wanted && track.getSettings().deviceId !== wanted) this.#nameInstead(ABSENT, track);
    return track;
  }

  async #asked(microphone, wanted) {
    let answered = false;
    const asking = asksFor("microphone").then((asks) => this.#tell("asking", asks && !answered));
    try {
      return await microphone.open(wanted);
    } finally {
      answered = true;
      await asking;
      this.#tell("asking", false);
    }
  }

  /** The device has gone: take the one that the browser would take. */
  async #fallBack(microphone) {
    if (this.#microphone !== microphone) return;
    try {
      const track = await this.#useMicrophone(null);
      if (track) this.#nameInstead(GONE, track);
    } catch (problem) {
      this.#tell("gone", problem);
    }
  }

  #nameInstead(what, { label }) {
    this.#tell("remark", `${what} ${label} is used instead.`);
  }

  #letMicrophoneGo() {
    this.#microphone?.close();
    this.#microphone = null;
    this.#tell("heard", null);
  }

  #tell(name, detail) {
    if (this.#closed) return;
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
