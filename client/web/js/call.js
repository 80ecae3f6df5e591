/** A call that outlives its connection: a session of the server, connected again when it breaks. */

import { createSession, endSession, listIceServers } from "./api.js";
import { Connection } from "./connection.js";
import { Problem } from "./problem.js";

const CONNECT_WITHIN_MS = 12_000;
const AGAIN_WITHIN_MS = 6_000; // one attempt to come back
const TRY_FOR_MS = 20_000; // all attempts
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 4_000;
const HOPELESS = ["token_missing", "token_refused", "browser_too_old"];
/** Of an offer: the session is gone, or will never take another connection. */
const SESSION_OVER = ["unknown_session", "offer_refused"];

/**
 * Events: `session` (detail: SessionCreated, also when another had to be opened),
 * `stream` (detail: MediaStream), `open` (messages can be sent), `message` (detail: a server
 * message), `roundtrip` (detail: ms), `trouble` (another connection is made; detail: "lost", or
 * "changing" where it was wanted),
 * `back` (it is there again), `lost` (detail: a Problem; the call is over).
 */
export class Call extends EventTarget {
  #create;
  #connection;
  #broken = null; // kept while it is replaced: the server takes a closed one for a farewell
  #session = null;
  #track = null;
  #sight = null;
  #over = false;
  #wake = () => {};
  #online = () => this.#hurry();

  /**
   * @param {() => Promise<object>} create opens a session, see `createSession`
   * @param {MediaStreamTrack | null} sight see `show`
   */
  constructor(create, sight) {
    super();
    this.#create = create;
    this.#sight = sight;
    this.#connection = this.#prepared();
    addEventListener("online", this.#online);
  }

  /** Connect; resolves when sound and pictures flow. */
  async open() {
    await this.#connect(this.#connection, CONNECT_WITHIN_MS);
  }

  /**
   * What the server hears from now on.
   * @param {MediaStreamTrack} track
   */
  speak(track) {
    this.#track = track;
    return this.#connection.speak(track);
  }

  /**
   * What the server sees from now on. Beginning and ending that takes another connection.
   * @param {MediaStreamTrack | null} track of a camera
   */
  show(track) {
    this.#sight = track;
    if (this.#fits) this.#connection.show(track);
    else if (this.#session && !this.#broken) this.#comeBack(this.#connection, "changing");
  }

  /**
   * Send a motion; lost where there is no room for it.
   * @param {object} message a MotionMessage
   * @returns {boolean} whether it is on its way
   */
  drive(message) {
    return this.#connection.drive(message);
  }

  /**
   * Send a client message; lost while there is no connection.
   * @param {object} message
   * @returns {boolean} whether it is on its way
   */
  send(message) {
    return this.#connection.send(message);
  }

  /** What the browser counts, as a list; empty when the call is over. */
  async report() {
    return this.#over ? [] : this.#connection.report();
  }

  /** Hang up. Nothing is heard of this call afterwards. */
  end() {
    if (this.#over) return;
    this.#over = true;
    removeEventListener("online", this.#online);
    this.#connection.close();
    this.#broken?.close();
    this.#wake();
    if (this.#session) endSession(this.#session.id);
  }

  /** Whether the connection can do what is wanted of it. */
  get #fits() {
    return this.#connection.sees === (this.#sight !== null);
  }

  #prepared() {
    const connection = new Connection(this.#sight !== null);
    connection.show(this.#sight);
    const pass = ({ type, detail }) => {
      if (connection === this.#connection) this.#tell(type, detail);
    };
    for (const name of ["open", "message", "roundtrip"]) connection.addEventListener(name, pass);
    connection.addEventListener("broken", () => {
      if (connection === this.#connection) this.#comeBack(connection, "lost");
    });
    return connection;
  }

  async #connect(connection, withinMs) {
    if (!this.#session) await this.#openSession();
    if (this.#over) throw new Problem("unreachable");
    await connection.open(this.#session, withinMs);
    if (this.#over) return connection.close();
    this.#tell("stream", connection.stream);
    if (!this.#fits && !this.#broken) this.#comeBack(connection, "changing");
  }

  async #openSession() {
    const session = await this.#create();
    if (this.#over) return endSession(session.id);
    this.#session = session;
    this.#tell("session", session);
  }

  /** Try at once, then with growing pauses. */
  async #comeBack(broken, why) {
    this.#broken = broken;
    this.#tell("trouble", why);
    const until = performance.now() + TRY_FOR_MS;
    let pause = FIRST_PAUSE_MS;
    let problem = null;
    while (!this.#over && performance.now() < until && !HOPELESS.includes(problem?.code)) {
      problem = await this.#again();
      if (!problem) return this.#cameBack();
      if (why !== "lost") this.#tell("trouble", (why = "lost")); // what was wanted does not come
      await this.#pause(pause);
      pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
    }
    if (this.#over) return;
    this.end();
    this.#tell("lost", HOPELESS.includes(problem?.code) ? problem : new Problem("connection_lost"));
  }

  #cameBack() {
    this.#broken.close();
    this.#broken = null;
    this.#tell("back");
    if (!this.#fits) this.#comeBack(this.#connection, "changing");
  }

  /** One attempt; returns what went wrong, null if nothing did. */
  async #again() {
    const connection = (this.#connection = this.#prepared());
    const session = this.#session;
    try {
      if (session?.ice_servers.length) {
        session.ice_servers = await listIceServers(session.id, AGAIN_WITHIN_MS);
      }
      await connection.speak(this.#track);
      await this.#connect(connection, AGAIN_WITHIN_MS);
      return null;
    } catch (error) {
      connection.close();
      if (this.#session && SESSION_OVER.includes(error.code)) this.#giveUpSession(error.code);
      return error;
    }
  }

  /** The server has no use for it any more: the next attempt opens another. */
  #giveUpSession(code) {
    if (code !== "unknown_session") endSession(this.#session.id);
    this.#session = null;
  }

  #hurry() {
    this.#connection.doubt();
    this.#wake();
  }

  #pause(ms) {
    return new Promise((resolve) => {
      this.#wake = resolve;
      setTimeout(resolve, ms);
    });
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

/**
 * A call with somebody.
 * @param {() => object} request makes the SessionRequest as it would be at that moment
 * @param {Record<string, Blob | null>} pictures see `createSession`
 * @param {MediaStreamTrack | null} sight what the server sees, see `Call.show`
 */
export const callWith = (request, pictures, sight) =>
  new Call(() => createSession(request(), pictures), sight);
