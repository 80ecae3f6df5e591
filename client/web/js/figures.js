/** The panel of the connection: how long everything takes, and how much comes and goes. */

import { showBudget, wholeOf } from "./budget.js";
import { byId, element } from "./dom.js";
import { PLACE_NAMES, queueWords } from "./words.js";

const KEPT = 30; // seconds of which the page's own figures are

/** Shows what is known each second, as long as somebody looks. */
export class FiguresPanel {
  #panel = byId("timing");
  #own = { network: [], buffer: [], shown: [] };
  #stats = null;
  #reception = {};
  #roundtrip = undefined;
  #tracking = null;

  constructor() {
    this.#panel.addEventListener("toggle", () => this.#show());
  }

  /** A new call begins with nothing known. */
  clear() {
    for (const kept of Object.values(this.#own)) kept.length = 0;
    this.#stats = null;
    this.#reception = {};
    this.#roundtrip = undefined;
    this.#tracking = null;
    byId("timing-brief").textContent = "";
    this.#show();
  }

  /** @param {object} stats a StatsMessage */
  tellStats(stats) {
    this.#stats = stats;
    this.#showBrief();
  }

  /**
   * Once a second.
   * @param {import("./reception.js").Reception} reception
   * @param {number | undefined} roundtrip ms
   * @param {{took: number[], skipped: number, dropped: number} | null} tracking in this browser
   */
  tellReception(reception, roundtrip, tracking) {
    this.#reception = reception;
    this.#tracking = tracking;
    this.#roundtrip = roundtrip;
    this.#keep("network", roundtrip);
    this.#keep("buffer", reception.waits);
    this.#keep("shown", reception.decode);
    this.#showBrief();
    this.#show();
  }

  /** Steps on the way here and in this browser. */
  get #ownSteps() {
    const known = Object.entries(this.#own).filter(([, kept]) => kept.length);
    return Object.fromEntries(known.map(([name, kept]) => [name, spreadOf(kept)]));
  }

  #keep(name, value) {
    const kept = this.#own[name];
    if (Number.isFinite(value)) kept.push(value);
    if (kept.length > KEPT) kept.shift();
  }

  #show() {
    if (!this.#panel.open) return;
    showBudget(this.#stats?.stages ?? {}, this.#ownSteps);
    this.#showFigures();
    this.#showCamera();
    this.#showQueues();
  }

  #showBrief() {
    const { stages = {}, latency_ms: latency } = this.#stats ?? {};
    const all = Object.keys(stages).length ? wholeOf(stages, this.#ownSteps) : latency;
    byId("timing-brief").textContent = ms(all || undefined) ?? "";
  }

  #showFigures() {
    const stats = this.#stats ?? {};
    const { rate, soundWaits, jitter, bitrate, lost, dropped, freezes, codec } = this.#reception;
    write({
      rate: whole(rate),
      latency: ms(stats.latency_ms),
      render: ms(stats.render_ms, 1),
      roundtrip: ms(this.#roundtrip),
      repeated: whole(stats.repeated),
      dropped: whole(dropped),
      freezes: whole(freezes),
      sound: ms(soundWaits),
      jitter: ms(jitter),
      bitrate: bits(stats.bitrate || bitrate),
      codec: stats.codec ?? codec,
      lost: both(lost, stats.lost),
      viewers: whole(stats.viewers || undefined),
    });
  }

  #showCamera() {
    const { camera } = this.#stats ?? {};
    const { took = [], skipped, dropped } = this.#tracking ?? {};
    byId("camera-figures").hidden = !camera && !this.#tracking;
    const reading = took.length ? spreadOf(took) : {};
    write({
      tracker: PLACE_NAMES[camera?.tracker ?? (this.#tracking && "page")],
      readings: whole(camera?.rate),
      seen: camera && `${Math.round(100 * camera.quality)} %`,
      tracking: ms(reading.p50_ms),
      followed: ms(camera?.latency_ms || undefined),
      "readings-late": whole(camera?.late),
      "readings-dropped": both(skipped === undefined ? undefined : skipped + dropped, camera?.dropped),
    });
  }

  #showQueues() {
    const queues = Object.entries(this.#stats?.queues ?? {});
    byId("queues").hidden = queues.length === 0;
    byId("queue-lines").replaceChildren(
      ...queues.map(([name, { depth, capacity, dropped }]) =>
        element(
          "tr",
          { data: { queue: name } },
          element("th", { scope: "row" }, queueWords(name)),
          element("td", {}, `${depth} of ${capacity}`),
          element("td", {}, String(dropped)),
        ),
      ),
    );
  }
}

/** Usual and slow of a few values. */
function spreadOf(values) {
  const ranked = [...values].sort((one, other) => one - other);
  const rank = (share) => ranked[Math.min(ranked.length - 1, Math.floor(ranked.length * share))];
  return { p50_ms: rank(0.5), p95_ms: rank(0.95) };
}

function write(figures) {
  for (const [name, words] of Object.entries(figures)) {
    byId(`figure-${name}`).textContent = words ?? "–";
  }
}

const whole = (value) => (Number.isFinite(value) ? value.toFixed(0) : undefined);
const ms = (value, digits = 0) =>
  Number.isFinite(value) ? `${value.toFixed(digits)} ms` : undefined;
const bits = (value) => (value ? `${(value / 1e6).toFixed(2)} Mbit/s` : undefined);
const both = (here, there) =>
  here === undefined && there === undefined ? undefined : `${here ?? 0} here, ${there ?? 0} there`;
