/** Tells the server what the face before the camera does, reading by reading. */

const DIGITS = 4;

export class Driver {
  #send;
  #names = [];

  /** Readings that the connection had no room for. */
  dropped = 0;

  /** @param {(message: object) => boolean} send whether it is on its way */
  constructor(send) {
    this.#send = send;
  }

  /**
   * In which order the server wants to be told.
   * @param {Record<string, {name: string}[]>} coefficients of a PresenterList
   */
  learn({ mouth, expression }) {
    this.#names = [...mouth, ...expression].map(({ name }) => name);
  }

  /** @param {import("./tracker.js").Reading} reading */
  follow({ time, faces, scores, matrix }) {
    const message = { type: "motion", time, driver: true };
    if (faces) {
      message.vector = this.#names.map((name) => short(scores[name] ?? 0));
      message.matrix = [...matrix].map(short);
    } else {
      message.face = false;
    }
    if (!this.#send(message)) this.dropped += 1;
  }
}

const short = (value) => Number(value.toFixed(DIGITS));
