/** One peer connection to the server, and the data channels beside it. */

import { sendOffer } from "./api.js";
import { Problem } from "./problem.js";

const PING_EVERY_MS = 2_000;
const CHECK_EVERY_MS = 1_000;
const SILENT_FOR_MS = 5_000; // two pings without an answer
const DOUBTED_FOR_MS = 1_500; // an answer that should be on its way already
const GATHER_FOR_MS = 1_000;
const NEWEST_ONLY = { ordered: false, maxRetransmits: 0 }; // a motion that is late is worthless
const FULL_BYTES = 16_384; // of motions that the network has not taken yet

/**
 * Events: `message` (detail: a server message), `roundtrip` (detail: ms), `open` (messages
 * can be sent), `broken` (nothing comes any more; there will be no further event).
 */
export class Connection extends EventTarget {
  #peer;
  #channel;
  #motion;
  #speech;
  #sight;
  #closed = new AbortController();
  #checking = 0;
  #pinged = 0;
  #heard = 0;
  #patience = SILENT_FOR_MS;

  /** Sound and pictures from the server. */
  stream = new MediaStream();
  /** Whether it can show a camera to the server. */
  sees;

  /**
   * @param {boolean} sees whether the server is to see a camera. An offer to send pictures that
   *   sends none keeps Chromium from telling the server how many bits its line can carry.
   */
  constructor(sees) {
    super();
    this.sees = sees;
    if (!window.RTCPeerConnection) throw new Problem("browser_too_old");
    this.#peer = new RTCPeerConnection();
    this.#channel = this.#peer.createDataChannel("control");
    this.#motion = this.#peer.createDataChannel("motion", NEWEST_ONLY);
    this.#speech = this.#peer.addTransceiver("audio", { direction: "sendrecv" });
    const direction = sees ? "sendrecv" : "recvonly";
    this.#sight = this.#peer.addTransceiver("video", { direction });
    this.#peer.addEventListener("track", ({ track, receiver }) => {
      receiver.jitterBufferTarget = 0; // as much as the network makes needful, and no more
      this.stream.addTrack(track);
    });
    this.#channel.addEventListener("open", () => this.#opened());
    this.#channel.addEventListener("message", ({ data }) => this.#receive(JSON.parse(data)));
    this.#channel.addEventListener("close", () => this.#break());
  }

  /**
   * Connect with a session; resolves when sound and pictures flow.
   * @param {{id: string, ice_servers: RTCIceServer[]}} session
   * @param {number} withinMs from here on
   */
  async open({ id, ice_servers: iceServers }, withinMs) {
    const late = setTimeout(() => this.close(), withinMs);
    try {
      this.#peer.setConfiguration({ iceServers });
      await this.#peer.setLocalDescription();
      await this.#gathered();
      const answer = await sendOffer(id, this.#peer.localDescription, this.#closed.signal);
      await this.#peer.setRemoteDescription(answer);
      await this.#connected();
    } catch (error) {
      if (error instanceof Problem) throw error;
      throw new Problem("unreachable"); // closed in the middle of it
    } finally {
      clearTimeout(late);
    }
  }

  /**
   * What the server hears from now on.
   * @param {MediaStreamTrack | null} track
   */
  async speak(track) {
    if (!this.#closed.signal.aborted) await this.#speech.sender.replaceTrack(track);
  }

  /**
   * What the server sees from now on, if it can.
   * @param {MediaStreamTrack | null} track of a camera
   */
  async show(track) {
    if (this.sees && !this.#closed.signal.aborted) await this.#sight.sender.replaceTrack(track);
  }

  /**
   * Send a motion, unless those before it still wait.
   * @param {object} message a MotionMessage
   * @returns {boolean} whether it is on its way
   */
  drive(message) {
    const { readyState, bufferedAmount } = this.#motion;
    if (readyState !== "open" || bufferedAmount > FULL_BYTES) return false;
    this.#motion.send(JSON.stringify(message));
    return true;
  }

  /**
   * Send a client message; lost when the channel is not open.
   * @param {object} message
   * @returns {boolean} whether it is on its way
   */
  send(message) {
    if (this.#channel.readyState !== "open") return false;
    this.#channel.send(JSON.stringify(message));
    return true;
  }

  /** What the browser counts, as a list. */
  async report() {
    return [...(await this.#peer.getStats().catch(() => new Map())).values()];
  }

  /** The network changed: find out soon whether the connection has survived that. */
  doubt() {
    if (!this.#checking) return;
    this.#patience = DOUBTED_FOR_MS;
    this.#heard = performance.now();
    this.#ping();
  }

  /** Nothing is heard of this connection afterwards. */
  close() {
    if (this.#closed.signal.aborted) return;
    this.#closed.abort();
    clearInterval(this.#checking);
    this.#channel.close();
    this.#peer.close();
  }

  #gathered() {
    const done = () => this.#peer.iceGatheringState === "complete";
    return this.#until("icegatheringstatechange", done, GATHER_FOR_MS);
  }

  async #connected() {
    const settled = () => ["connected", "failed"].includes(this.#peer.connectionState);
    await this.#until("connectionstatechange", settled);
    if (this.#peer.connectionState !== "connected") throw new Problem("unreachable");
    this.#peer.addEventListener("connectionstatechange", () => {
      if (["disconnected", "failed"].includes(this.#peer.connectionState)) this.#break();
    });
    this.#heard = performance.now();
    this.#checking = setInterval(() => this.#check(), CHECK_EVERY_MS);
  }

  /** Wait for an event of the peer after which `done()` holds, for `ms` or until closed. */
  #until(event, done, ms) {
    if (done()) return Promise.resolve();
    return new Promise((resolve) => {
      if (ms) setTimeout(resolve, ms);
      this.#closed.signal.addEventListener("abort", resolve);
      this.#peer.addEventListener(event, () => done() && resolve());
    });
  }

  #opened() {
    this.#ping();
    this.#tell("open");
  }

  #check() {
    const now = performance.now();
    if (now - this.#heard > this.#patience) this.#break();
    else if (now - this.#pinged >= PING_EVERY_MS - CHECK_EVERY_MS / 2) this.#ping();
  }

  #ping() {
    this.#pinged = performance.now();
    this.send({ type: "ping", time: this.#pinged });
  }

  #receive(message) {
    if (this.#closed.signal.aborted) return;
    this.#heard = performance.now();
    this.#patience = SILENT_FOR_MS;
    if (message.type === "pong") this.#tell("roundtrip", this.#heard - message.time);
    else this.#tell("message", message);
  }

  #break() {
    if (this.#closed.signal.aborted || !this.#checking) return;
    clearInterval(this.#checking);
    this.#checking = 0;
    this.#tell("broken");
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
