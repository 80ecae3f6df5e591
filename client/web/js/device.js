/** A microphone or a camera: opened, missed when it goes, and listed with its siblings. */

import { Problem } from "./problem.js";

/** @typedef {"microphone" | "camera"} Kind */

const MEDIA = { microphone: "audio", camera: "video" };
const ERRORS = {
  NotAllowedError: "denied",
  SecurityError: "denied",
  NotFoundError: "missing",
  OverconstrainedError: "missing",
};

/** Events: `gone` (the device was unplugged, or its permission taken back). */
export class Device extends EventTarget {
  #kind;
  #wishes;
  #closed = false;

  /** Its sound or its pictures; null before it is open. */
  track = null;

  /**
   * @param {Kind} kind
   * @param {MediaTrackConstraints} wishes
   */
  constructor(kind, wishes) {
    super();
    this.#kind = kind;
    this.#wishes = wishes;
  }

  /**
   * Open it; the browser asks for permission the first time.
   * @param {string | null} wanted a device's id; another one is taken where it is not there
   * @returns {Promise<MediaStreamTrack>}
   */
  async open(wanted) {
    if (!navigator.mediaDevices) throw new Problem(`${this.#kind}_insecure`);
    try {
      this.track = await this.#opened(wanted);
    } catch (error) {
      throw new Problem(`${this.#kind}_${ERRORS[error.name] ?? "busy"}`);
    }
    if (this.#closed) this.track.stop(); // given up while the browser was still asking
    this.track.addEventListener("ended", () => this.dispatchEvent(new Event("gone")));
    return this.track;
  }

  close() {
    this.#closed = true;
    this.track?.stop(); // which does not count as gone
  }

  /** The wanted device, or the browser's own choice where that is not there. */
  async #opened(wanted) {
    const wish = wanted ? { ...this.#wishes, deviceId: { exact: wanted } } : this.#wishes;
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ [MEDIA[this.#kind]]: wish });
      return stream.getTracks()[0];
    } catch (error) {
      if (wanted && ERRORS[error.name] === "missing") return this.#opened(null);
      throw error;
    }
  }
}

/**
 * Whether the browser is going to ask before it gives such a device.
 * @param {Kind} kind
 */
export async function asksFor(kind) {
  try {
    return (await navigator.permissions.query({ name: kind })).state !== "granted";
  } catch {
    return true; // a browser that does not tell
  }
}

/**
 * The devices that there are; none before the permission is there.
 * @param {Kind} kind
 * @returns {Promise<{id: string, name: string}[]>} the browser's own choice first
 */
export async function listDevices(kind) {
  const devices = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
  return devices
    .filter((it) => it.kind === `${MEDIA[kind]}input` && it.deviceId && it.label)
    .map(({ deviceId, label }) => ({ id: deviceId, name: label }));
}
