/** From pressing the button to hanging up: a call, what is said in it, and how it stands. */

import { createSession } from "./api.js";
import { Call } from "./call.js";
import { Problem, problemOf } from "./problem.js";
import { Microphone, Recording, microphoneAsks } from "./sound.js";

const QUIET_AFTER_MS = { microphone: 6_000, sample: 1_500 };
const BREATH_MS = 800; // a pause inside a sentence
const READING_MS = 1_200; // for a word that would be gone too soon

const BEFORE = {
  phase: "setup", // or "call"
  asking: false, // the browser asks for the microphone
  alive: false, // pictures are seen
  speaking: false, // the presenter, as the server tells
  quiet: false, // nobody has spoken for a while
  interrupted: false, // a moment ago
  voice: "microphone", // or "sample"
  muted: false, // the microphone
  audible: false, // the presenter
  ending: null, // null, "ended", "lost" or "failed": how the last call went out
  reason: null, // in words, where the server gave one
  problem: null, // a Problem to be shown
};

/**
 * Events: `change` (facts have changed), `stream` (detail: MediaStream to be shown),
 * `controls` (detail: Controls), `stats` (detail: StatsMessage), `roundtrip` (detail: ms).
 */
export class Conversation extends EventTarget {
  /** How things stand; read it, change it only through methods. */
  facts = { ...BEFORE };

  #call = null;
  #microphone = null;
  #recording = null;
  #sample = null;
  #timers = {};

  /**
   * Call; everything that takes time starts at once.
   * @param {object} request a SessionRequest
   * @param {Blob | null} portrait
   * @param {"microphone" | {address: string}} voice
   */
  async start(request, portrait, voice) {
    const kind = voice === "microphone" ? "microphone" : "sample";
    this.#set({ ...BEFORE, phase: "call", voice: kind, audible: kind === "sample" });
    let call = null;
    try {
      call = this.#call = this.#newCall();
      const created = createSession(request, portrait);
      created.then(({ controls }) => this.#tell("controls", controls)).catch(() => {});
      await Promise.all([call.open(created), this.#speak(call, voice)]);
    } catch (error) {
      if (this.#call === call) this.#finish({ ending: "failed", problem: problemOf(error) });
    }
  }

  /** The first picture is on the screen. */
  pictureShown() {
    if (this.facts.alive || !this.#call) return;
    this.#set({ alive: true });
    this.#waitForQuiet();
    if (this.#sample) this.#play(this.#sample);
  }

  /**
   * Say something else from now on, in a running call.
   * @param {"microphone" | {address: string}} voice
   */
  async use(voice) {
    const call = this.#call;
    this.complain(null);
    if (!call) return;
    const before = this.facts.voice;
    const kind = voice === "microphone" ? "microphone" : "sample";
    if (kind !== before) this.#set({ voice: kind, muted: false, audible: kind === "sample" });
    try {
      await this.#speak(call, voice);
      if (this.facts.alive && voice !== "microphone") await this.#play(voice);
    } catch (error) {
      if (this.#call !== call) return;
      this.#set({ voice: before, audible: before === "sample", problem: problemOf(error) });
    }
  }

  /** @param {boolean} muted the microphone */
  mute(muted) {
    this.#microphone?.mute(muted);
    this.#set({ muted });
  }

  /** @param {boolean} audible whether the presenter is heard */
  hear(audible) {
    this.#set({ audible });
  }

  /** Stop what is being said, at once. */
  interrupt() {
    this.#recording?.stop();
    this.#call?.send({ type: "interrupt" });
  }

  /** @param {object} patch a ControlsPatch */
  steer(patch) {
    this.#call?.send({ type: "control", controls: patch });
  }

  /** Pictures a second, where a call runs. */
  async pictureRate() {
    return this.#call?.pictureRate();
  }

  /** Hang up. */
  end() {
    if (this.#call) this.#finish({ ending: "ended" });
  }

  /** @param {unknown} error shown to people, whether a call runs or not */
  complain(error) {
    this.#set({ problem: error && problemOf(error) });
  }

  #newCall() {
    const call = new Call();
    call.addEventListener("message", ({ detail }) => this.#receive(detail));
    call.addEventListener("roundtrip", ({ detail }) => this.#tell("roundtrip", detail));
    call.addEventListener("lost", () =>
      this.#finish({ ending: "lost", problem: new Problem("connection_lost") }),
    );
    this.#tell("stream", call.stream);
    return call;
  }

  async #speak(call, voice) {
    if (voice === "microphone") return this.#openMicrophone(call);
    this.#microphone?.close();
    this.#microphone = null;
    this.#sample = voice;
    this.#recording ??= new Recording();
    this.#recording.load(voice.address).catch(() => {}); // told when it is played
    await call.speak(this.#recording.track);
  }

  async #openMicrophone(call) {
    const microphone = new Microphone();
    let track = null;
    const asking = microphoneAsks().then((asks) => this.#set({ asking: asks && !track }));
    try {
      track = await microphone.open();
    } finally {
      await asking;
      this.#set({ asking: false });
    }
    if (this.#call !== call) return microphone.close();
    this.#microphone = microphone;
    this.#sample = null;
    this.#recording?.stop();
    await call.speak(track);
  }

  async #play(sample) {
    const call = this.#call;
    try {
      await this.#recording.play(sample.address);
    } catch (error) {
      if (this.#call === call) this.complain(error);
    }
  }

  #receive(message) {
    if (message.type === "controls") this.#tell("controls", message.controls);
    else if (message.type === "stats") this.#tell("stats", message);
    else if (message.type === "error") this.complain(new Problem(message.code, message.message));
    else if (message.type === "state") this.#follow(message);
  }

  #follow({ state, reason }) {
    if (state === "ended") return this.#finish({ ending: "ended", reason });
    if (state === "speaking") return this.#set({ speaking: true, quiet: false });
    this.#later({ speaking: false }, BREATH_MS);
    this.#waitForQuiet();
    if (state !== "interrupted") return;
    this.#set({ speaking: false, interrupted: true });
    this.#later({ interrupted: false }, READING_MS); // the server is idle again at once
  }

  #waitForQuiet() {
    this.#later({ quiet: true }, QUIET_AFTER_MS[this.facts.voice]);
  }

  #finish(how) {
    this.#call?.end();
    this.#microphone?.close();
    this.#recording?.close();
    this.#call = this.#microphone = this.#recording = this.#sample = null;
    this.#set({ ...BEFORE, voice: this.facts.voice, ...how });
  }

  #set(facts) {
    for (const name of Object.keys(facts)) clearTimeout(this.#timers[name]);
    Object.assign(this.facts, facts);
    this.#tell("change");
  }

  /** Set facts after a while, unless something newer is known of them by then. */
  #later(facts, ms) {
    for (const name of Object.keys(facts)) {
      clearTimeout(this.#timers[name]);
      this.#timers[name] = setTimeout(() => this.#set({ [name]: facts[name] }), ms);
    }
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
