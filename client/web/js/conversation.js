/** From pressing the button to hanging up: a call, what is said in it, and how it stands. */

import { callWith } from "./call.js";
import { Facts } from "./facts.js";
import { Problem, problemOf } from "./problem.js";
import { Speech } from "./speech.js";

const QUIET_AFTER_MS = { microphone: 6_000, sample: 1_500 };
const BREATH_MS = 800; // a pause inside a sentence
const READING_MS = 1_200; // for a word that would be gone too soon
const REMARK_MS = 8_000;
const SHOWN_WITHIN_MS = 3_000; // pictures of a connection that is back; a hidden page sees none
const PASSED_ON = ["session", "stream", "open", "roundtrip"];

/**
 * Events: `change` (facts have changed), `session` (detail: SessionCreated), `stream` (detail:
 * MediaStream to be shown), `open` (messages can be sent), `controls` (detail: Controls),
 * `stats` (detail: StatsMessage), `recording` (detail: RecordingMessage), `refused` (detail: the
 * code of what the server could not do, which has been told in words), `roundtrip` (detail:
 * ms), `trouble` (the connection is replaced), `heard` (detail: the microphone's track or null).
 */
export class Conversation extends EventTarget {
  #facts = new Facts();
  #call = null;
  #speech = null;
  #sight = null; // the camera's track, where the server is to see it

  constructor() {
    super();
    this.#facts.addEventListener("change", () => this.#tell("change"));
  }

  /** How things stand. */
  get facts() {
    return this.#facts.now;
  }

  /**
   * Call; everything that takes time starts at once.
   * @param {() => object} request makes a SessionRequest
   * @param {Record<string, Blob | null>} pictures see `createSession`
   * @param {{microphone: string | null} | {address: string}} voice
   */
  async start(request, pictures, voice) {
    if (this.#call) return;
    const kind = kindOf(voice);
    this.#facts.restart({ phase: "call", voice: kind, audible: kind === "sample" });
    let call = null;
    try {
      call = this.#call = this.#newCall(request, pictures);
      this.#speech = this.#newSpeech(call);
      await Promise.all([call.open(), this.#speech.use(voice)]);
    } catch (error) {
      if (call === this.#call) this.#finish({ ending: "failed", problem: problemOf(error) });
    }
  }

  /** The first picture of a connection is on the screen. */
  pictureShown() {
    if (!this.#call) return;
    const { alive } = this.facts;
    this.#facts.set({ alive: true, trouble: null });
    if (alive) return;
    this.#waitForQuiet();
    this.#play();
  }

  /**
   * Say something else from now on, in a running call.
   * @param {{microphone: string | null} | {address: string}} voice
   */
  async use(voice) {
    const speech = this.#speech;
    this.complain(null);
    if (!speech) return;
    const before = this.facts.voice;
    if (kindOf(voice) !== before) this.#take(kindOf(voice));
    try {
      await speech.use(voice);
      if (this.facts.alive) await this.#play();
    } catch (error) {
      const back = { voice: before, audible: before === "sample", problem: problemOf(error) };
      if (this.#speech === speech) this.#facts.set(back);
    }
  }

  /** @param {boolean} muted the microphone */
  mute(muted) {
    this.#speech?.mute(muted);
    this.#facts.set({ muted });
  }

  /** @param {boolean} audible whether the presenter is heard */
  hear(audible) {
    this.#facts.set({ audible });
  }

  /** Stop what is being said, at once. */
  interrupt() {
    this.#speech?.stop();
    this.send({ type: "interrupt" });
  }

  /** @param {MediaStreamTrack | null} track of a camera that the server is to see from now on */
  show(track) {
    this.#sight = track;
    this.#call?.show(track);
  }

  /** @param {object} message a MotionMessage @returns {boolean} whether it is on its way */
  drive(message) {
    return this.#call?.drive(message) ?? false;
  }

  /** @param {object} message to the server @returns {boolean} whether it is on its way */
  send(message) {
    return this.#call?.send(message) ?? false;
  }

  /** What the browser counts of the connection, as a list. */
  async report() {
    return (await this.#call?.report()) ?? [];
  }

  /** Hang up. */
  end() {
    if (this.#call) this.#finish({ ending: "ended" });
  }

  /** As if there had never been a call. */
  forget() {
    this.end();
    this.#facts.restart();
  }

  /** @param {unknown} error shown to people, whether a call runs or not */
  complain(error) {
    this.#facts.set({ problem: error && problemOf(error) });
  }

  /** @param {string} words shown for a while; nothing is wrong */
  remark(words) {
    this.#facts.set({ remark: words });
    this.#facts.later({ remark: "" }, REMARK_MS);
  }

  /** @param {object} facts that others find out: `weak`, `recording` */
  note(facts) {
    const { now } = this.#facts;
    if (Object.keys(facts).some((name) => now[name] !== facts[name])) this.#facts.set(facts);
  }

  #newCall(request, pictures) {
    const call = callWith(request, pictures, this.#sight);
    for (const name of PASSED_ON) {
      call.addEventListener(name, ({ detail }) => this.#tell(name, detail));
    }
    call.addEventListener("session", ({ detail }) => this.#tell("controls", detail.controls));
    call.addEventListener("message", ({ detail }) => this.#receive(detail));
    call.addEventListener("trouble", ({ detail: trouble }) => {
      this.#facts.set({ trouble, speaking: false, weak: null, unheard: false });
      this.#tell("trouble");
    });
    call.addEventListener("back", () => this.#facts.later({ trouble: null }, SHOWN_WITHIN_MS));
    const lost = (problem) => this.#finish({ ending: "lost", problem });
    call.addEventListener("lost", ({ detail }) => lost(detail));
    return call;
  }

  #newSpeech(call) {
    const speech = new Speech();
    speech.addEventListener("track", ({ detail }) => call.speak(detail));
    speech.addEventListener("asking", ({ detail: asking }) => this.note({ asking }));
    speech.addEventListener("heard", ({ detail }) => this.#tell("heard", detail));
    speech.addEventListener("remark", ({ detail }) => this.remark(detail));
    speech.addEventListener("gone", ({ detail }) => this.complain(detail));
    return speech;
  }

  #take(kind) {
    this.#speech.mute(false);
    this.#facts.set({ voice: kind, muted: false, audible: kind === "sample" });
  }

  async #play() {
    const speech = this.#speech;
    try {
      await speech.play();
    } catch (error) {
      if (this.#speech === speech) this.complain(error);
    }
  }

  #receive(message) {
    const { type } = message;
    if (type === "controls") this.#tell(type, message.controls);
    else if (type === "stats" || type === "recording") this.#tell(type, message);
    else if (type === "error") this.#refused(message);
    else if (type === "state") this.#follow(message);
  }

  #refused({ code, message }) {
    this.complain(new Problem(code, message));
    this.#tell("refused", code);
  }

  #follow({ state, reason }) {
    if (state === "ended") return this.#finish({ ending: "ended", reason });
    if (state === "draining") return this.#facts.set({ draining: true });
    this.#facts.set({ unheard: state === "lost" });
    if (state === "lost") return;
    if (state === "speaking") return this.#facts.set({ speaking: true, quiet: false });
    this.#facts.later({ speaking: false }, BREATH_MS);
    this.#waitForQuiet();
    if (state !== "interrupted") return;
    this.#facts.set({ speaking: false, interrupted: true });
    this.#facts.later({ interrupted: false }, READING_MS); // the server is idle again at once
  }

  #waitForQuiet() {
    this.#facts.later({ quiet: true }, QUIET_AFTER_MS[this.facts.voice]);
  }

  #finish(how) {
    const { voice } = this.facts;
    this.#call?.end();
    this.#speech?.close();
    this.#call = this.#speech = null;
    this.#facts.restart({ voice, ...how });
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

const kindOf = (voice) => ("microphone" in voice ? "microphone" : "sample");
