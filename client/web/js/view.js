/** How things stand, shown: in words, on the buttons, and on the body for style and tests. */

import { byId } from "./dom.js";
import { CONNECTION, NEXT, STATES, TROUBLE, WEAK, reasonWords } from "./words.js";

/** @typedef {import("./conversation.js").Conversation["facts"]} Facts */

/**
 * One word for all facts.
 * @param {Facts} facts
 * @returns {keyof typeof STATES}
 */
export function stateOf(facts) {
  if (facts.phase === "setup") return facts.ending ?? "idle";
  if (facts.asking) return "asking";
  if (!facts.alive) return "connecting";
  if (facts.trouble) return TROUBLE[facts.trouble].state;
  if (facts.interrupted) return "interrupted";
  if (facts.speaking) return "speaking";
  if (facts.voice === "microphone" && facts.muted) return "muted";
  return facts.quiet ? "quiet" : "listening";
}

/** What is to be said about the connection; nothing while it is good. */
function connectionWords(facts) {
  if (facts.phase === "setup") return "";
  if (facts.trouble) return TROUBLE[facts.trouble].words;
  if (facts.draining) return "The server is about to stop";
  if (facts.unheard) return "The server does not hear you at the moment";
  return WEAK[facts.weak] ?? "";
}

/** The connection in one word. */
function connectionOf(facts) {
  if (facts.phase === "setup") return "none";
  if (facts.trouble) return TROUBLE[facts.trouble].state;
  if (!facts.alive) return "connecting";
  return facts.weak || facts.unheard ? "weak" : "live";
}

/** @param {Facts} facts */
export function showFacts(facts) {
  const state = stateOf(facts);
  const connection = connectionOf(facts);
  const { phase, voice, recording } = facts;
  Object.assign(document.body.dataset, { phase, state, voice, connection });
  document.body.dataset.recording = recording ?? "none";
  document.body.toggleAttribute("data-alive", facts.alive);
  write("state", facts.reason ? `${STATES[state]}: ${reasonWords(facts.reason)}` : STATES[state]);
  write("connection", connectionWords(facts));
  write("connection-brief", CONNECTION[connection]);
  write("notice", facts.problem?.message ?? "");
  write("remark", facts.remark);
  byId("notice").dataset.code = facts.problem?.code ?? "";
  showButtons(facts);
}

function showButtons({ muted, audible, voice, recording, recordingMotion }) {
  press("mute", muted);
  press("hear", audible);
  press("record", recording === "running" || recording === "finishing");
  byId("mute").hidden = voice !== "microphone";
  byId("record").ariaBusy = String(isWaiting(recording));
  byId("motion-record").ariaBusy = String(isWaiting(recordingMotion));
  byId("motion-timing").hidden = recordingMotion !== "running";
  write("motion-record-words", recordingMotion === "running" ? "Finish" : "Record");
  write("record-words", recording === "finishing" ? "Saving" : "Record");
}

/**
 * What the big button does next.
 * @param {keyof typeof NEXT} next
 */
export function showStart(next) {
  write("start-words", NEXT[next]);
}

const isWaiting = (recording) => recording === "asked" || recording === "finishing";

const press = (id, pressed) => byId(id).setAttribute("aria-pressed", String(pressed));

/** Write only what is new, so that a screen reader does not repeat itself. */
function write(id, words) {
  const target = byId(id);
  if (target.textContent !== words) target.textContent = words;
}
