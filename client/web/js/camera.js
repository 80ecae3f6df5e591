/** The camera: as many and as large pictures as it takes to follow a face. */

import { Device } from "./device.js";

const ENOUGH = {
  width: { ideal: 640 },
  height: { ideal: 480 },
  frameRate: { ideal: 30, max: 30 },
  facingMode: "user",
};

export class Camera extends Device {
  constructor() {
    super("camera", ENOUGH);
  }
}
