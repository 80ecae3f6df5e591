/** The server's HTTP interface; every failure is thrown as a Problem. */

import { Problem } from "./problem.js";

/** Relative to the page, so that a proxy may serve everything below a path of its own. */
const address = (path) => new URL(`v1/${path}`, document.baseURI);

async function ask(path, options) {
  let answer;
  try {
    answer = await fetch(address(path), options);
  } catch {
    throw new Problem("server_gone");
  }
  const body = await answer.json().catch(() => null);
  if (answer.ok && body) return body;
  throw new Problem(body?.code ?? "server_gone", body?.message);
}

const asJson = (body) => ({
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify(body),
});

/**
 * Who there is to talk with, and what can be asked of them.
 * @returns {Promise<{presenters: {id: string, name: string, picture: string}[],
 *   emotions: string[], sizes: number[], sources: Record<string, string[]>}>}
 */
export const listPresenters = () => ask("presenters");

/**
 * Open a session.
 * @param {object} request a SessionRequest
 * @param {Blob | null} portrait an own photo, in place of a presenter
 * @returns {Promise<{id: string, controls: object, ice_servers: RTCIceServer[]}>}
 */
export function createSession(request, portrait) {
  if (!portrait) return ask("sessions", asJson(request));
  const form = new FormData();
  form.append("settings", JSON.stringify(request));
  form.append("portrait", portrait, "portrait.jpg");
  return ask("sessions", { method: "POST", body: form });
}

/**
 * Exchange session descriptions.
 * @param {string} session
 * @param {RTCSessionDescription} offer
 * @returns {Promise<RTCSessionDescriptionInit>} the answer
 */
export const sendOffer = (session, offer) =>
  ask(`sessions/${session}/offer`, asJson({ type: offer.type, sdp: offer.sdp }));

/**
 * Give the session's place back; also works while the page is being left.
 * @param {string} session
 */
export function endSession(session) {
  fetch(address(`sessions/${session}`), { method: "DELETE", keepalive: true }).catch(() => {
    // The server drops a session that falls silent, so nothing is lost here.
  });
}
