/** The microphone: opened with echo cancellation, and muted. */

import { Device } from "./device.js";

const CLEANED = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };

export class Microphone extends Device {
  constructor() {
    super("microphone", CLEANED);
  }

  /** @param {boolean} muted */
  mute(muted) {
    if (this.track) this.track.enabled = !muted;
  }
}
