/** Photos of one's own, made ready to be sent. */

import { element } from "./dom.js";
import { Problem } from "./problem.js";

const LARGEST_SIDE = 1920; // pixels; the most that is ever shown, and quick to upload
const QUALITY = 0.92;

/**
 * Draw a photo anew: upright, of a sensible size, and without what the camera wrote into it.
 * @param {Blob} file
 * @returns {Promise<Blob>} JPEG; WebP, or what the browser has, where it is transparent
 */
export async function redraw(file) {
  let bitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    throw new Problem("picture_unreadable");
  }
  const scale = Math.min(1, LARGEST_SIDE / Math.max(bitmap.width, bitmap.height));
  const canvas = element("canvas", {
    width: Math.max(1, Math.round(bitmap.width * scale)),
    height: Math.max(1, Math.round(bitmap.height * scale)),
  });
  const drawing = canvas.getContext("2d");
  drawing.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  const type = isTransparent(file, drawing, canvas) ? "image/webp" : "image/jpeg";
  return new Promise((resolve, reject) => {
    const done = (blob) => (blob ? resolve(blob) : reject(new Problem("picture_unreadable")));
    canvas.toBlob(done, type, QUALITY);
  });
}

function isTransparent({ type }, drawing, { width, height }) {
  if (type === "image/jpeg") return false;
  const { data } = drawing.getImageData(0, 0, width, height);
  for (let at = 3; at < data.length; at += 4) if (data[at] < 255) return true;
  return false;
}
