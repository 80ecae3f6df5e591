/** A person before a camera drives the face: joins the camera, the call and the controls. */

import { CameraPanel } from "./camera_panel.js";
import { Driver } from "./driver.js";
import { Following } from "./following.js";
import { Sight } from "./sight.js";

const KEPT = 100; // readings of which the page's own figures are

/** Head and expression do what is seen; the mouth stays with the voice, also when it is seen. */
const DRIVEN = ["pose", "expression"];
const NOBODY = "Turn the camera on, so that there is somebody to follow.";
const ALONE = { mouth: "voice", pose: "idle", expression: "idle" };

export class Driving {
  #conversation;
  #controls;
  #sight = new Sight();
  #panel = new CameraPanel();
  #following = new Following(this.#sight);
  #driver;
  #driven = DRIVEN;
  #took = [];

  /**
   * @param {import("./conversation.js").Conversation} conversation
   * @param {import("./controls.js").ControlPanel} controls
   */
  constructor(conversation, controls) {
    this.#conversation = conversation;
    this.#controls = controls;
    this.#driver = new Driver((message) => conversation.drive(message));
    this.#listenToPanel();
    this.#listenToSight();
    controls.addEventListener("patch", ({ detail }) => this.#lookFor(detail));
    conversation.addEventListener("change", () => this.#follow(conversation.facts));
    conversation.addEventListener("stats", ({ detail }) => this.#following.hear(detail.camera));
  }

  /** @param {object} offered a PresenterList */
  learn({ coefficients, sources, trackers }) {
    this.#driver.learn(coefficients);
    this.#driven = DRIVEN.filter((component) => sources[component]?.includes("camera"));
    this.#sight.here = trackers.includes("page");
    this.#panel.showTrackers(trackers);
  }

  /** The page's own figures; null while nothing is tracked here. */
  get figures() {
    if (this.#sight.by !== "browser") return null;
    return { took: this.#took, skipped: this.#sight.skipped, dropped: this.#driver.dropped };
  }

  /** Close the camera. */
  end() {
    this.#turnOff();
  }

  #listenToPanel() {
    const on = (name, hear) => this.#panel.addEventListener(name, ({ detail }) => hear(detail));
    on("on", (wanted) => this.#turnOn(wanted));
    on("off", () => this.#turnOff());
    on("place", (place) => (this.#sight.place = place));
    on("calibrate", () => this.#calibrate());
    this.#following.addEventListener("change", () => this.#panel.showFollowing(this.#following.word));
  }

  #listenToSight() {
    const on = (name, hear) => this.#sight.addEventListener(name, ({ detail }) => hear(detail));
    on("change", () => this.#panel.showSight(this.#sight));
    on("opened", (track) => this.#panel.name(track));
    on("pictures", (track) => this.#conversation.show(track));
    on("reading", (reading) => this.#read(reading));
    on("problem", (problem) => {
      this.#release();
      this.#conversation.complain(problem);
    });
  }

  /** Never by itself: a look must not open somebody's camera. */
  #lookFor(patch) {
    const wanted = Object.keys(ALONE).some((component) => patch[component]?.source === "camera");
    if (wanted && !this.#sight.on) this.#conversation.remark(NOBODY);
  }

  #turnOn(wanted) {
    const fresh = !this.#sight.on;
    this.#conversation.complain(null);
    this.#sight.turnOn(wanted);
    if (fresh) this.#controls.apply({ ...sources(this.#driven, () => "camera"), voice_first: true });
  }

  #turnOff() {
    if (!this.#sight.on) return;
    this.#sight.turnOff();
    this.#release();
  }

  /** What the camera drove moves by itself again. */
  #release() {
    const driven = Object.keys(ALONE).filter((it) => this.#controls.sourceOf(it) === "camera");
    if (driven.length) this.#controls.apply(sources(driven, (component) => ALONE[component]));
  }

  #calibrate() {
    if (this.#conversation.send({ type: "calibrate" })) this.#following.learn();
  }

  #read(reading) {
    this.#took.push(reading.took);
    if (this.#took.length > KEPT) this.#took.shift();
    if (this.#conversation.facts.alive) this.#driver.follow(reading);
  }

  #follow({ phase, alive, ending }) {
    this.#following.call(phase === "call" && alive);
    if (phase === "setup" && ending === "ended") this.#turnOff();
  }
}

const sources = (components, of) =>
  Object.fromEntries(components.map((component) => [component, { source: of(component) }]));
