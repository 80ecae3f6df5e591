/** What is seen of the person before the page: a camera, and who reads its pictures. */

import { Camera } from "./camera.js";
import { asksFor } from "./device.js";
import { Frames } from "./frames.js";
import { Problem, problemOf } from "./problem.js";
import { Tracker } from "./tracker.js";

/**
 * Where faces are followed. `auto`: in this browser, on the server where that cannot be.
 * Pictures leave this machine for `server` alone, or for `auto` where the browser cannot.
 * @typedef {"auto" | "browser" | "server"} Place
 */

/**
 * Events: `change` (the properties have), `reading` (detail: a Reading of the browser's
 * tracker), `pictures` (detail: the track that the server is to see, or null), `opened`
 * (detail: the camera's track), `problem` (detail: a Problem).
 */
export class Sight extends EventTarget {
  /** Whether a camera is wanted: it is open, or opens. */
  on = false;
  /** Whether the browser asks for the camera. */
  asking = false;
  /** Who follows the face: "browser", "server", null while that is not settled. */
  by = null;

  #place = "auto";
  #here = true;
  #camera = null;
  #tracker = null;
  #frames = null;

  /** The camera's pictures; null while none is open. */
  get track() {
    return this.#camera?.track ?? null;
  }

  /** Pictures that the tracker in this browser had no time for. */
  get skipped() {
    return this.#tracker?.skipped ?? 0;
  }

  /** @param {Place} place from now on */
  set place(place) {
    this.#place = place;
    this.#readAnew();
  }

  /**
   * Whether what the browser's tracker reads is of use to the server.
   * @param {boolean} here from now on
   */
  set here(here) {
    if (here === this.#here) return;
    this.#here = here;
    this.#readAnew();
  }

  /**
   * Open a camera, in place of the one that is open.
   * @param {string | null} wanted a device's id
   */
  async turnOn(wanted) {
    this.#letGo();
    const camera = (this.#camera = new Camera());
    this.#set({ on: true });
    try {
      await this.#ask(camera, wanted);
    } catch (error) {
      return this.#isCurrent(camera) && this.#giveUp(problemOf(error));
    }
    if (!this.#isCurrent(camera)) return camera.close();
    camera.addEventListener("gone", () => {
      if (this.#isCurrent(camera)) this.#giveUp(new Problem("camera_gone"));
    });
    this.#tell("opened", camera.track);
    await this.#read(camera);
  }

  /** Close the camera; nothing is seen any more. */
  turnOff() {
    if (!this.on) return;
    this.#letGo();
    this.#set({ on: false, asking: false });
  }

  async #ask(camera, wanted) {
    let answered = false;
    const asking = asksFor("camera").then((asks) => {
      if (this.#isCurrent(camera)) this.#set({ asking: asks && !answered });
    });
    try {
      await camera.open(wanted);
    } finally {
      answered = true;
      await asking;
      if (this.#isCurrent(camera)) this.#set({ asking: false });
    }
  }

  #readAnew() {
    if (!this.track) return;
    this.#stopReading();
    this.#read(this.#camera);
  }

  async #read(camera) {
    this.#set({ by: null });
    if (this.#place === "server") return this.#leaveToServer();
    if (!this.#here) return this.#fallBack();
    const tracker = (this.#tracker = new Tracker());
    try {
      await tracker.load();
    } catch {
      return this.#isReading(camera, tracker) ? this.#fallBack() : tracker.close();
    }
    if (!this.#isReading(camera, tracker)) return tracker.close();
    tracker.addEventListener("reading", ({ detail }) => this.#tell("reading", detail));
    tracker.addEventListener("failed", () => this.#isReading(camera, tracker) && this.#fallBack());
    this.#frames = new Frames(camera.track, (picture, time) => tracker.read(picture, time));
    this.#set({ by: "browser" });
  }

  /** No tracker here: the server is asked only where people have left it to the page. */
  #fallBack() {
    this.#stopReading();
    if (this.#place === "auto") this.#leaveToServer();
    else this.#giveUp(new Problem("tracking_missing"));
  }

  #leaveToServer() {
    this.#tell("pictures", this.track);
    this.#set({ by: "server" });
  }

  #giveUp(problem) {
    this.turnOff();
    this.#tell("problem", problem);
  }

  #letGo() {
    this.#stopReading();
    this.#camera?.close();
    this.#camera = null;
  }

  #stopReading() {
    if (this.by === "server") this.#tell("pictures", null);
    this.#frames?.close();
    this.#tracker?.close();
    this.#frames = this.#tracker = this.by = null;
  }

  #isCurrent(camera) {
    return this.#camera === camera;
  }

  #isReading(camera, tracker) {
    return this.#isCurrent(camera) && this.#tracker === tracker;
  }

  #set(properties) {
    Object.assign(this, properties);
    this.#tell("change");
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
