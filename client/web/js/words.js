/** What the page says: every state, step and queue in words that people use. */

export const STATES = {
  idle: "Ready when you are",
  asking: "Allow the microphone",
  connecting: "Connecting",
  trying: "Reconnecting",
  changing: "One moment",
  listening: "Listening",
  quiet: "Nobody is speaking",
  muted: "Your microphone is muted",
  speaking: "Speaking",
  interrupted: "Interrupted",
  ended: "Call ended",
  lost: "Call ended: the connection was lost",
  failed: "The call could not be made",
};

export const CONNECTION = {
  none: "",
  connecting: "Connecting",
  live: "Live",
  weak: "Weak",
  trying: "Trying again",
  changing: "One moment",
};

export const WEAK = {
  lossy: "Weak connection: some of it gets lost",
  slow: "Weak connection: it answers slowly",
  uneven: "Weak connection: it comes unevenly",
};

/** Why another connection is made, and how that is shown. */
export const TROUBLE = {
  lost: { state: "trying", words: "Connection lost. Trying again…" },
  changing: { state: "changing", words: "One moment: the connection is made anew" },
};

export const NEXT = {
  load: "Try again",
  again: "Call again",
  microphone: "Start talking",
  sample: "Let them speak",
};

/** Reasons that the server gives for an end, where its own words are not for people. */
const REASONS = {
  "it reached its longest time": "the longest time for a call is over",
  "its page went silent": "nothing came from this page for too long",
  "its page did not connect in time": "no connection could be made",
  "nobody is connected": "nobody was connected any more",
  "its page left": "nothing came from this page for too long",
  "its page ended it": "it was hung up elsewhere",
  "its pictures cannot be drawn": "the pictures could not be drawn",
  "it failed": "something went wrong on the server",
};

/** @param {string} reason of the server */
export const reasonWords = (reason) => REASONS[reason] ?? reason;

export const SOURCES = {
  voice: "Voice",
  camera: "My camera",
  motion: "A program",
  file: "Motion file",
  sliders: "Sliders",
  idle: "By itself",
  still: "Still",
};

/** How the person before the camera is followed. */
export const FOLLOWING = {
  off: "",
  asking: "Allow the camera",
  opening: "Opening the camera",
  loading: "Getting ready",
  ready: "Ready to follow you",
  waiting: "Waiting for the server",
  learning: "Learning your face at rest",
  following: "Following you",
  lost: "Lost you for a moment",
  no_face: "No face is seen",
  two_faces: "Two faces: one of them is followed",
};

/** Where that is done, and what leaves this machine. */
export const PLACES = {
  browser: "Followed in this browser: pictures stay here, only numbers are sent",
  server: "Followed on the server: your camera’s pictures are sent there",
};

export const PLACE_NAMES = { page: "This browser", server: "The server" };

const REGIONS = {
  jaw: "Jaw",
  mouth: "Lips",
  tongue: "Tongue",
  brow: "Brows",
  cheek: "Cheeks",
  eye: "Eyes",
  nose: "Nose",
};

/** @param {string} name of a coefficient @returns {string} the part of the face that it moves */
export const regionOf = (name) => REGIONS[name.match(/^[a-z]+/)?.[0]] ?? "Head";

const OF_THE_HEAD = { x: "Sideways", y: "Up and down", scale: "Nearer" };

/** @param {string} name of a coefficient, such as "mouthSmileLeft" @returns {string} */
export function coefficientWords(name) {
  return OF_THE_HEAD[name] ?? spoken(name.replace(/[A-Z]/g, " $&").toLowerCase());
}

const STEPS = {
  arrival: "Sound arrives",
  decoded: "Sound unpacked",
  taken: "Listening ahead",
  features: "Sound heard",
  motion: "Motion found",
  rendered: "Picture drawn",
  marked: "Marked as generated",
  due: "Waiting for its moment",
  encoded: "Picture packed",
  handed_over: "Handed to the network",
  tracked: "Face read on the server",
  network: "Network, both ways",
  buffer: "Smoothed here",
  shown: "Unpacked here",
};

const QUEUES = {
  microphone: "Microphone, milliseconds",
  voice: "Voice stream, milliseconds",
  ticks: "Pictures to be drawn",
  pictures: "Pictures to be sent",
};

/** @param {string} name of a step, the server's or the page's */
export const stepWords = (name) => STEPS[name] ?? spoken(name);

/** @param {string} name of a queue of the server */
export const queueWords = (name) => QUEUES[name] ?? spoken(name);

/** A name of the protocol as a person would write it. */
export const spoken = (name) => name.charAt(0).toUpperCase() + name.slice(1).replaceAll("_", " ");

/** @param {number} seconds @returns {string} such as "1:05" */
export function clockWords(seconds) {
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
