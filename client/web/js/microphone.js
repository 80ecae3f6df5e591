/** The microphone: opened with echo cancellation, changed, muted, and missed when it goes. */

import { Problem } from "./problem.js";

const ERRORS = {
  NotAllowedError: "microphone_denied",
  SecurityError: "microphone_denied",
  NotFoundError: "microphone_missing",
  OverconstrainedError: "microphone_missing",
};
const ABSENT = ["NotFoundError", "OverconstrainedError"];
const CLEANED = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };

/** Events: `gone` (the device was unplugged, or its permission taken back). */
export class Microphone extends EventTarget {
  #track = null;
  #closed = false;

  /**
   * Open it; the browser asks for permission the first time.
   * @param {string | null} wanted a device's id; another one is taken where it is not there
   * @returns {Promise<MediaStreamTrack>}
   */
  async open(wanted) {
    if (!navigator.mediaDevices) throw new Problem("microphone_insecure");
    try {
      this.#track = await opened(wanted);
    } catch (error) {
      throw new Problem(ERRORS[error.name] ?? "microphone_busy");
    }
    if (this.#closed) this.#track.stop(); // hung up while the browser was still asking
    this.#track.addEventListener("ended", () => this.dispatchEvent(new Event("gone")));
    return this.#track;
  }

  /** @param {boolean} muted */
  mute(muted) {
    if (this.#track) this.#track.enabled = !muted;
  }

  close() {
    this.#closed = true;
    this.#track?.stop(); // which does not count as gone
  }
}

/** The wanted device, or the browser's own choice where that is not there. */
async function opened(wanted) {
  const { mediaDevices } = navigator;
  const audio = wanted ? { ...CLEANED, deviceId: { exact: wanted } } : CLEANED;
  try {
    return (await mediaDevices.getUserMedia({ audio })).getAudioTracks()[0];
  } catch (error) {
    if (wanted && ABSENT.includes(error.name)) return opened(null);
    throw error;
  }
}

/** Whether the browser is going to ask before it gives the microphone. */
export async function microphoneAsks() {
  return (await permission()) !== "granted";
}

/**
 * The microphones that there are; none before the permission is there.
 * @returns {Promise<{id: string, name: string}[]>} the browser's own choice first
 */
export async function listMicrophones() {
  const devices = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
  return devices
    .filter(({ kind, deviceId, label }) => kind === "audioinput" && deviceId && label)
    .map(({ deviceId, label }) => ({ id: deviceId, name: label }));
}

async function permission() {
  try {
    return (await navigator.permissions.query({ name: "microphone" })).state;
  } catch {
    return "prompt"; // a browser that does not tell
  }
}
