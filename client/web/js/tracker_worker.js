/** The worker of tracker.js: MediaPipe's face landmarker, picture after picture. */

import { FaceLandmarker, FilesetResolver } from "../vendor/tasks-vision/vision_bundle.mjs";

const FILES = new URL("../vendor/tasks-vision/wasm", import.meta.url).href;
const FACES = 2; // so that a second one is noticed

// MediaPipe reports each of its steps, some of them as errors; none is for people.
console.log = console.info = console.warn = console.error = console.debug;

let landmarker = null;
let last = 0;

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
  if (!faces) return { time, took, faces };
  const nearest = largest(found.faceLandmarks);
  const shapes = found.faceBlendshapes[nearest].categories;
  const scores = Object.fromEntries(shapes.map(({ categoryName, score }) => [categoryName, score]));
  const matrix = found.facialTransformationMatrixes[nearest].data;
  return { time, took, faces, scores, matrix };
}

/** The place of the face that takes most of the picture. */
function largest(faces) {
  const sizes = faces.map((points) => extent(points, "x") * extent(points, "y"));
  return sizes.indexOf(Math.max(...sizes));
}

function extent(points, axis) {
  const values = points.map((point) => point[axis]);
  return Math.max(...values) - Math.min(...values);
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
