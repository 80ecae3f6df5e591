/** Watches a running call: how the connection is, what the figures are, how loud one speaks. */

import { FiguresPanel } from "./figures.js";
import { Level } from "./level.js";
import { Receiver } from "./reception.js";
import { Strength } from "./strength.js";

const EVERY_MS = 1_000;
const DEAD = "No sound at all comes from this microphone. Is it switched off?";

export class Observer {
  #conversation;
  #driving;
  #panel = new FiguresPanel();
  #level = new Level();
  #receiver = new Receiver();
  #strength = new Strength();
  #roundtrip = undefined;

  /**
   * @param {import("./conversation.js").Conversation} conversation
   * @param {import("./driving.js").Driving} driving
   */
  constructor(conversation, driving) {
    this.#conversation = conversation;
    this.#driving = driving;
    const on = (name, hear) =>
      conversation.addEventListener(name, ({ detail }) => hear.call(this, detail));
    on("session", this.#forget);
    on("stream", this.#forgetConnection);
    on("stats", (stats) => this.#panel.tellStats(stats));
    on("heard", (track) => this.#level.listen(track));
    on("roundtrip", (ms) => {
      this.#roundtrip = ms;
      document.body.dataset.roundtrip = ms.toFixed(0); // for tests
    });
    this.#level.addEventListener("dead", ({ detail }) => detail && conversation.remark(DEAD));
    setInterval(() => this.#look(), EVERY_MS);
  }

  async #look() {
    const { phase, alive, trouble } = this.#conversation.facts;
    if (phase === "setup" || !alive || trouble) return;
    const reception = this.#receiver.read(await this.#conversation.report());
    this.#panel.tellReception(reception, this.#roundtrip, this.#driving.figures);
    const weak = this.#strength.feel({ ...reception, roundtrip: this.#roundtrip });
    if (!this.#conversation.facts.trouble) this.#conversation.note({ weak });
  }

  #forget() {
    this.#panel.clear();
    this.#forgetConnection();
  }

  #forgetConnection() {
    this.#strength.forget();
    this.#receiver = new Receiver();
    this.#roundtrip = undefined;
  }
}
