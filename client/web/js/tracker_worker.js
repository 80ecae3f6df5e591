/** The worker of tracker.js: MediaPipe's face landmarker, picture after picture. */

import { FaceLandmarker, FilesetResolver } from "../vendor/tasks-vision/vision_bundle.mjs";

const FILES = new URL("../vendor/tasks-vision/wasm", import.meta.url).href;
const FACES = 2; // so that a second one is noticed

// MediaPipe reports each of its steps, some of them as errors; none is for people.
console.log = console.info = console.warn = console.error = console.debug;

let landmarker = null;
let last = 0;
let place = null; // of the face that is followed, in shares of the picture

async function load(model) {
  landmarker = await FaceLandmarker.createFromOptions(
    await FilesetResolver.forVisionTasks(FILES, true),
    {
      baseOptions: { modelAssetBuffer: new Uint8Array(model), delegate: "CPU" },
      runningMode: "VIDEO",
      numFaces: FACES,
      outputFaceBlendshapes: true,
      outputFacialTransformationMatrixes: true,
    },
  );
}

/** @returns {import("./tracker.js").Reading} */
function read(picture, time) {
  const begun = performance.now();
  last = Math.max(last + 1, Math.round(1000 * time)); // it wants times that grow
  const found = landmarker.detectForVideo(picture, last);
  picture.close();
  const faces = found.faceLandmarks.length;
  const took = performance.now() - begun;
  if (!faces) {
    place = null;
    return { time, took, faces };
  }
  const driver = driverOf(found.faceLandmarks);
  const shapes = found.faceBlendshapes[driver].categories;
  const scores = Object.fromEntries(shapes.map(({ categoryName, score }) => [categoryName, score]));
  const matrix = found.facialTransformationMatrixes[driver].data;
  return { time, took, faces, scores, matrix };
}

/** Whose face it is, of several: the largest drives, and goes on to. */
function driverOf(faces) {
  const places = faces.map(placeOf);
  const worth = place
    ? places.map(({ x, y }) => -Math.hypot(x - place.x, y - place.y))
    : places.map(({ size }) => size);
  const driver = worth.indexOf(Math.max(...worth));
  place = places[driver];
  return driver;
}

function placeOf(points) {
  const [left, right] = extent(points, "x");
  const [top, bottom] = extent(points, "y");
  return { x: (left + right) / 2, y: (top + bottom) / 2, size: (right - left) * (bottom - top) };
}

function extent(points, axis) {
  const values = points.map((point) => point[axis]);
  return [Math.min(...values), Math.max(...values)];
}

addEventListener("message", async ({ data: { model, picture, time } }) => {
  try {
    if (model) await load(model);
    postMessage(picture ? read(picture, time) : { ready: true });
  } catch (error) {
    postMessage({ failed: String(error) });
  }
});

postMessage({ running: true });
