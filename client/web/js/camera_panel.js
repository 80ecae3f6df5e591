/** The camera's switches, what it sees, and how well it is followed. */

import { DeviceChooser } from "./chooser.js";
import { byId } from "./dom.js";
import { FOLLOWING, PLACES } from "./words.js";

/** Words that say that something is not as it should be, or not yet: also shown over the picture. */
const WORTH_SAYING = ["opening", "loading", "waiting", "learning", "lost", "no_face", "two_faces"];

/**
 * Events: `on` (detail: a device's id or null), `off`, `place` (detail: a Place), `calibrate`.
 */
export class CameraPanel extends EventTarget {
  #switch = byId("camera-on");
  #button = byId("camera");
  #self = byId("self");
  #chooser = new DeviceChooser("camera");

  constructor() {
    super();
    this.#switch.addEventListener("change", () => this.#turn(this.#switch.checked));
    this.#button.addEventListener("click", () => this.#turn(!this.#switch.checked));
    this.#chooser.addEventListener("choose", ({ detail }) => {
      if (this.#switch.checked) this.#tell("on", detail);
    });
    byId("places").addEventListener("change", ({ target }) => this.#tell("place", target.value));
    byId("calibrate").addEventListener("click", () => this.#tell("calibrate"));
  }

  /** @param {MediaStreamTrack} track of the camera that has been opened */
  name(track) {
    this.#chooser.refresh(track);
  }

  /** @param {("page" | "server")[]} trackers who can read faces for the server */
  showTrackers(trackers) {
    const browser = byId("places").querySelector("[value=browser]");
    browser.closest("label").hidden = !trackers.includes("page");
  }

  /** @param {import("./sight.js").Sight} sight */
  showSight({ on, track, by }) {
    this.#switch.checked = on;
    this.#button.setAttribute("aria-pressed", String(on));
    document.body.toggleAttribute("data-camera", on);
    byId("place-words").textContent = PLACES[by] ?? "";
    byId("place").hidden = !on || !by;
    byId("self-view").hidden = !track;
    if (this.#self.srcObject?.getTracks()[0] === (track ?? undefined)) return;
    this.#self.srcObject = track && new MediaStream([track]);
  }

  /** @param {keyof typeof FOLLOWING} word */
  showFollowing(word) {
    document.body.dataset.following = word;
    byId("following").textContent = FOLLOWING[word];
    byId("self-words").textContent = WORTH_SAYING.includes(word) ? FOLLOWING[word] : "";
  }

  #turn(on) {
    this.#switch.checked = on;
    if (on) this.#tell("on", this.#chooser.wanted);
    else this.#tell("off");
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
