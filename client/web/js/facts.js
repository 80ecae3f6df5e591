/** How a conversation stands: plain facts, some of which come true only after a while. */

const BEFORE = {
  phase: "setup", // or "call"
  asking: false, // the browser asks for the microphone
  alive: false, // pictures have been seen
  trouble: null, // null, "lost" or "changing": why another connection is made
  weak: null, // null, "lossy", "slow" or "uneven": how the connection is
  unheard: false, // the server tells that nothing comes from here
  draining: false, // the server is about to stop
  speaking: false, // the presenter, as the server tells
  quiet: false, // nobody has spoken for a while
  interrupted: false, // a moment ago
  voice: "microphone", // or "sample"
  muted: false, // the microphone
  audible: false, // the presenter
  recording: null, // null, "asked", "running" or "finishing": of the film on the server
  recordingMotion: null, // the same of the motion file
  ending: null, // null, "ended", "lost" or "failed": how the last call went out
  reason: null, // in words, where the server gave one
  problem: null, // a Problem to be shown
  remark: "", // something less, in words
};

/** Events: `change`. */
export class Facts extends EventTarget {
  /** Read it; change it only through methods. */
  now = { ...BEFORE };

  #timers = {};

  /** @param {Partial<typeof BEFORE>} facts that are known from now on */
  set(facts) {
    for (const name of Object.keys(facts)) clearTimeout(this.#timers[name]);
    Object.assign(this.now, facts);
    this.dispatchEvent(new Event("change"));
  }

  /** @param {Partial<typeof BEFORE>} facts the only ones that hold now, all others as before */
  restart(facts = {}) {
    this.set({ ...BEFORE, ...facts });
  }

  /**
   * Set facts after a while, unless something newer is known of them by then.
   * @param {Partial<typeof BEFORE>} facts
   * @param {number} ms
   */
  later(facts, ms) {
    for (const name of Object.keys(facts)) {
      clearTimeout(this.#timers[name]);
      this.#timers[name] = setTimeout(() => this.set({ [name]: facts[name] }), ms);
    }
  }
}
