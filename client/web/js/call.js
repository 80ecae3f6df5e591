/** One call: a peer connection to the server, and the data channel that steers it. */

import { endSession, sendOffer } from "./api.js";
import { Problem } from "./problem.js";

const PING_EVERY_MS = 2_000;
const SILENT_FOR_MS = 7_000; // three pings without an answer
const GATHER_FOR_MS = 1_000;
const CONNECT_WITHIN_MS = 12_000;

/**
 * Events: `message` (detail: a server message), `roundtrip` (detail: ms),
 * `lost` (the connection broke; the call is over).
 */
export class Call extends EventTarget {
  #peer;
  #channel;
  #speech;
  #session = null;
  #pinging = 0;
  #heard = 0;
  #over = false;

  /** Sound and pictures from the server. */
  stream = new MediaStream();

  constructor() {
    super();
    if (!window.RTCPeerConnection) throw new Problem("browser_too_old");
    this.#peer = new RTCPeerConnection();
    this.#channel = this.#peer.createDataChannel("control");
    this.#speech = this.#peer.addTransceiver("audio", { direction: "sendrecv" });
    this.#peer.addTransceiver("video", { direction: "recvonly" });
    this.#peer.addEventListener("track", ({ track }) => this.stream.addTrack(track));
    this.#channel.addEventListener("open", () => this.#startPinging());
    this.#channel.addEventListener("message", ({ data }) => this.#receive(JSON.parse(data)));
    this.#channel.addEventListener("close", () => this.#lose());
  }

  /**
   * Connect; resolves when sound and pictures flow.
   * @param {Promise<{id: string, ice_servers: RTCIceServer[]}>} created
   */
  async open(created) {
    const { id, ice_servers: iceServers } = await created;
    this.#session = id;
    if (this.#over) return endSession(id);
    this.#peer.setConfiguration({ iceServers });
    await this.#peer.setLocalDescription();
    await this.#gathered();
    if (this.#over) return;
    const answer = await sendOffer(id, this.#peer.localDescription);
    if (this.#over) return;
    await this.#peer.setRemoteDescription(answer);
    await this.#connected();
  }

  /**
   * What the server hears from now on.
   * @param {MediaStreamTrack} track
   */
  speak(track) {
    return this.#over ? undefined : this.#speech.sender.replaceTrack(track);
  }

  /**
   * Send a client message; lost when the channel is not open.
   * @param {object} message
   */
  send(message) {
    if (this.#channel.readyState === "open") this.#channel.send(JSON.stringify(message));
  }

  /** Pictures a second, as the browser decodes them. */
  async pictureRate() {
    const reports = [...(await this.#peer.getStats()).values()];
    return reports.find((r) => r.type === "inbound-rtp" && r.kind === "video")?.framesPerSecond;
  }

  /** Hang up. Nothing is heard of this call afterwards. */
  end() {
    if (this.#over) return;
    this.#over = true;
    clearInterval(this.#pinging);
    this.#channel.close();
    this.#peer.close();
    if (this.#session) endSession(this.#session);
  }

  #gathered() {
    const done = () => this.#peer.iceGatheringState === "complete";
    return this.#until("icegatheringstatechange", done, GATHER_FOR_MS);
  }

  async #connected() {
    const settled = () => ["connected", "failed"].includes(this.#peer.connectionState);
    await this.#until("connectionstatechange", settled, CONNECT_WITHIN_MS);
    if (this.#over) return;
    if (this.#peer.connectionState !== "connected") throw new Problem("unreachable");
    this.#peer.addEventListener("connectionstatechange", () => {
      if (this.#peer.connectionState === "failed") this.#lose();
    });
  }

  /** Wait for an event of the peer after which `done()` holds, but no longer than `ms`. */
  #until(event, done, ms) {
    if (done()) return Promise.resolve();
    return new Promise((resolve) => {
      setTimeout(resolve, ms);
      this.#peer.addEventListener(event, () => done() && resolve());
    });
  }

  #startPinging() {
    this.#heard = performance.now();
    this.#pinging = setInterval(() => {
      if (performance.now() - this.#heard > SILENT_FOR_MS) return this.#lose();
      this.send({ type: "ping", time: performance.now() });
    }, PING_EVERY_MS);
  }

  #receive(message) {
    if (this.#over) return;
    this.#heard = performance.now();
    if (message.type === "pong") this.#tell("roundtrip", this.#heard - message.time);
    else this.#tell("message", message);
  }

  #lose() {
    if (this.#over) return;
    this.end();
    this.#tell("lost");
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
