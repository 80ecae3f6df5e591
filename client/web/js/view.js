/** How things stand, shown: in words, on the buttons, and on the body for style and tests. */

import { byId } from "./dom.js";

const WORDS = {
  idle: "Ready when you are",
  asking: "Allow the microphone",
  connecting: "Connecting",
  listening: "Listening",
  quiet: "Nobody is speaking",
  muted: "Your microphone is muted",
  speaking: "Speaking",
  interrupted: "Interrupted",
  ended: "Call ended",
  lost: "Call ended: the connection was lost",
  failed: "The call could not be made",
};

const NEXT = {
  load: "Try again",
  again: "Call again",
  microphone: "Start talking",
  sample: "Let them speak",
};

/**
 * One word for all facts.
 * @param {import("./conversation.js").Conversation["facts"]} facts
 * @returns {keyof typeof WORDS}
 */
export function stateOf(facts) {
  if (facts.phase === "setup") return facts.ending ?? "idle";
  if (facts.asking) return "asking";
  if (!facts.alive) return "connecting";
  if (facts.interrupted) return "interrupted";
  if (facts.speaking) return "speaking";
  if (facts.voice === "microphone" && facts.muted) return "muted";
  return facts.quiet ? "quiet" : "listening";
}

/** @param {import("./conversation.js").Conversation["facts"]} facts */
export function showFacts(facts) {
  const { dataset } = document.body;
  const state = stateOf(facts);
  Object.assign(dataset, { phase: facts.phase, state, voice: facts.voice });
  document.body.toggleAttribute("data-alive", facts.alive);
  write("state", facts.reason ? `${WORDS[state]}: ${facts.reason}` : WORDS[state]);
  write("notice", facts.problem?.message ?? "");
  byId("notice").dataset.code = facts.problem?.code ?? "";
  byId("mute").setAttribute("aria-pressed", String(facts.muted));
  byId("hear").setAttribute("aria-pressed", String(facts.audible));
  byId("mute").hidden = facts.voice !== "microphone";
  byId("live").muted = !facts.audible;
}

/** @param {{name: string, picture: string} | null} presenter */
export function showPresenter(presenter) {
  byId("poster").hidden = !presenter;
  if (!presenter) return;
  byId("poster").src = presenter.picture;
  write("name", presenter.name);
}

/**
 * What the big button does next.
 * @param {"load" | "again" | "microphone" | "sample"} next
 */
export function showStart(next) {
  write("start-words", NEXT[next]);
}

/**
 * Live figures, in the page and on the body.
 * @param {Partial<Record<"rate" | "latency" | "render" | "roundtrip" | "repeated" | "first",
 *   number>>} figures
 */
export function showFigures(figures) {
  for (const [name, value] of Object.entries(figures)) {
    if (!Number.isFinite(value)) continue;
    const digits = name === "render" ? 1 : 0;
    write(`figure-${name}`, value.toFixed(digits));
    document.body.dataset[name] = value.toFixed(digits);
  }
}

/** Write only what is new, so that a screen reader does not repeat itself. */
function write(id, words) {
  const target = byId(id);
  if (target.textContent !== words) target.textContent = words;
}
