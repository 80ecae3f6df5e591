/** Whether a connection is weak, and in what: told only once it is certain. */

const SLOW_MS = 350; // a round trip at which people begin to speak at once
const UNEVEN_MS = 50; // jitter that a buffer can no longer hide
const LOSSY = 0.04; // of all packets; half of it is repaired without being seen
const BAD_FOR = 3; // seconds in a row before it is said
const GOOD_FOR = 5; // seconds in a row before it is taken back

export class Strength {
  #told = null;
  #felt = null;
  #times = 0;

  /**
   * @param {{roundtrip?: number, loss?: number, jitter?: number}} second how it was: ms, 0 to 1, ms
   * @returns {null | "lossy" | "slow" | "uneven"} what the connection is, null for good
   */
  feel(second) {
    const felt = complaint(second);
    this.#times = Boolean(felt) === Boolean(this.#felt) ? this.#times + 1 : 1;
    this.#felt = felt;
    if (this.#times >= (felt ? BAD_FOR : GOOD_FOR)) this.#told = felt && (this.#told ?? felt);
    return this.#told;
  }

  /** A new connection has a clean record. */
  forget() {
    this.#told = this.#felt = null;
    this.#times = 0;
  }
}

function complaint({ roundtrip, loss, jitter }) {
  if (loss > LOSSY) return "lossy";
  if (roundtrip > SLOW_MS) return "slow";
  return jitter > UNEVEN_MS ? "uneven" : null;
}
