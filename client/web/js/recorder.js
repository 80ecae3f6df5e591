/** Recording on the server: asking for it, the time that runs, and the finished file. */

import { fetchFile, located } from "./api.js";
import { byId, element } from "./dom.js";
import { Problem, problemOf } from "./problem.js";
import { clockWords } from "./words.js";

const ANSWER_WITHIN_MS = 5_000;
const FINISH_WITHIN_MS = 10_000;
const WAIT_AT_END_MS = 4_000; // for the file of a call that is hung up
const TICK_MS = 500;

/** What can be recorded: how it is asked for, what its file is called, and where its time runs. */
const KINDS = {
  call: { type: "record", title: "Recording", ending: "mp4", time: "recorded-time" },
  motion: { type: "record_motion", title: "Motion", ending: "motion.npz", time: "motion-time" },
};

/**
 * Events: `send` (detail: a RecordMessage or RecordMotionMessage), `change` (detail: null, "asked", "running" or
 * "finishing"), `problem` (detail: a Problem).
 */
export class Recorder extends EventTarget {
  #kind;
  #state = null;
  #address = null;
  #since = 0;
  #ticking = 0;
  #waiting = 0;
  #settled = () => {};

  /** @param {keyof typeof KINDS} kind */
  constructor(kind) {
    super();
    this.#kind = KINDS[kind];
  }

  /** Start, or finish; while the server has not answered yet, neither. */
  toggle() {
    if (this.#state === null) this.#ask(true, "asked", ANSWER_WITHIN_MS);
    else if (this.#state === "running") this.#ask(false, "finishing", FINISH_WITHIN_MS);
  }

  /** Finish a film that runs; resolves when its file is there, or does not come soon. */
  finish() {
    if (this.#state === "running") this.toggle();
    if (this.#state !== "finishing") return Promise.resolve();
    return new Promise((resolve) => {
      this.#settled = resolve;
      setTimeout(resolve, WAIT_AT_END_MS);
    });
  }

  /** @param {object} message a RecordingMessage */
  follow({ state, address, seconds, message }) {
    if (state === "running") {
      this.#address = address;
      this.#run(seconds);
    } else if (state === "ready") {
      this.#address = null;
      this.#settle(message ? new Problem("recording_short", message) : undefined);
      offer(this.#kind, address, seconds);
    } else {
      this.#address = null;
      this.#settle(new Problem("recording_failed", message ?? undefined));
    }
  }

  /** What was asked for was refused, which the server has told in words. */
  refuse() {
    if (this.#state === "asked") this.#settle();
  }

  /** The session is over; a file whose address is known is offered all the same. */
  abandon() {
    if (this.#state === null) return;
    const seconds = this.#seconds;
    const address = this.#address;
    this.#address = null;
    this.#settle(address ? undefined : new Problem("recording_cut"));
    if (address) offer(this.#kind, address, seconds);
  }

  get #seconds() {
    return this.#since ? (performance.now() - this.#since) / 1000 : 0;
  }

  #ask(on, state, withinMs) {
    this.#enter(state);
    clearTimeout(this.#waiting);
    this.#waiting = setTimeout(() => this.#settle(new Problem("recording_silent")), withinMs);
    this.#tell("send", { type: this.#kind.type, on });
  }

  #run(seconds) {
    clearTimeout(this.#waiting);
    clearInterval(this.#ticking);
    this.#since = performance.now() - 1000 * (seconds ?? 0);
    const show = () => (byId(this.#kind.time).textContent = clockWords(this.#seconds));
    this.#ticking = setInterval(show, TICK_MS);
    show();
    this.#enter("running");
  }

  #settle(problem) {
    clearTimeout(this.#waiting);
    clearInterval(this.#ticking);
    this.#since = 0;
    this.#enter(null);
    if (problem) this.#tell("problem", problem);
    this.#settled();
  }

  #enter(state) {
    this.#state = state;
    this.#tell("change", state);
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

/** A link to a finished file; it stays when the call is over. */
function offer({ title, ending }, address, seconds) {
  const link = element("a", { href: located(address), download: fileName(ending) }, "Download");
  const words = element("span", { className: "words" }, `${title}, ${clockWords(seconds)}`);
  const line = element("li", {}, words, link);
  link.addEventListener("click", (event) => {
    if (link.protocol === "blob:") return;
    event.preventDefault();
    if (!link.ariaBusy) fetchInto(link, address, words);
  });
  byId("recordings").append(line);
}

/** By hand, not by the browser: the server may ask for the token, and failures need words. */
async function fetchInto(link, address, words) {
  link.ariaBusy = "true";
  try {
    link.href = URL.createObjectURL(await fetchFile(address));
    link.click();
  } catch (error) {
    const { code, message } = problemOf(error);
    words.textContent = code === "server_gone" ? message : new Problem("recording_gone").message;
  }
  link.ariaBusy = null;
}

function fileName(ending) {
  const now = new Date();
  const local = new Date(now.getTime() - 60_000 * now.getTimezoneOffset());
  return `visavis-${local.toISOString().slice(0, 16).replace("T", "-").replace(":", "")}.${ending}`;
}
