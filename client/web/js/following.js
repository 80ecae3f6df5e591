/** How well the person before the camera is followed: one word for all that is known. */

const HOLDS_FOR_MS = 600; // before it is told: a face is missed for a moment now and then
const LEARNS_FOR_MS = 1_200; // the server takes a second

/** Events: `change` (the word is another). */
export class Following extends EventTarget {
  /** @type {keyof typeof import("./words.js").FOLLOWING} */
  word = "off";

  #sight;
  #inCall = false;
  #faces = null;
  #camera = null;
  #next = "off";
  #timer = 0;
  #learning = 0;

  /** @param {import("./sight.js").Sight} sight */
  constructor(sight) {
    super();
    this.#sight = sight;
    sight.addEventListener("change", () => {
      if (sight.by !== "browser") this.#faces = null;
      if (!sight.on) this.#camera = null;
      this.#look();
    });
    sight.addEventListener("reading", ({ detail: { faces } }) => {
      this.#faces = faces;
      this.#look();
    });
  }

  /** @param {boolean} inCall whether there is somebody to be driven */
  call(inCall) {
    if (inCall === this.#inCall) return;
    this.#inCall = inCall;
    this.#camera = null;
    this.#look();
  }

  /** @param {object | null} camera the server's CameraStats */
  hear(camera) {
    this.#camera = camera;
    this.#look();
  }

  /** The server has been asked to learn the face anew. */
  learn() {
    clearTimeout(this.#learning);
    this.#learning = setTimeout(() => {
      this.#learning = 0;
      this.#look();
    }, LEARNS_FOR_MS);
    this.#look();
  }

  #look() {
    const word = this.#judge();
    if (word === this.#next) return;
    this.#next = word;
    clearTimeout(this.#timer);
    const atOnce = !this.#sight.on || word === "learning";
    this.#timer = setTimeout(() => this.#tell(word), atOnce ? 0 : HOLDS_FOR_MS);
  }

  #judge() {
    const { on, asking, track, by } = this.#sight;
    if (!on) return "off";
    if (asking) return "asking";
    if (!track) return "opening";
    if (!by) return "loading";
    if (this.#faces === 0) return "no_face";
    if (this.#faces > 1) return "two_faces";
    if (!this.#inCall) return "ready";
    return this.#asTheServerTells();
  }

  #asTheServerTells() {
    const { state, rate, quality } = this.#camera ?? { state: "absent" };
    if (this.#learning) return "learning";
    if (state === "absent") return "waiting";
    const empty = this.#sight.by === "server" && rate > 0 && quality === 0;
    return state === "lost" && empty ? "no_face" : state;
  }

  #tell(word) {
    this.word = word;
    this.dispatchEvent(new Event("change"));
  }
}
