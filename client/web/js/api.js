/** The server's HTTP interface; every failure is thrown as a Problem. */

import { Problem } from "./problem.js";
import { credentials } from "./token.js";

/**
 * The full address of one that the server told. Relative to the page, so that a proxy may
 * serve everything below a path of its own.
 * @param {string} path such as "/v1/presenters"
 */
export const located = (path) => new URL(path.replace(/^\/+/, ""), document.baseURI).href;

async function ask(path, { headers, ...options } = {}) {
  const sent = { ...options, headers: { ...headers, ...credentials() } };
  let answer;
  try {
    answer = await fetch(located(path), sent);
  } catch {
    throw new Problem("server_gone");
  }
  if (answer.ok) return answer;
  const body = await answer.json().catch(() => null);
  if (answer.status === 401) throw new Problem(known(sent) ? "token_refused" : "token_missing");
  throw new Problem(body?.code ?? "server_gone", body?.message);
}

async function askJson(path, options) {
  const body = await (await ask(path, options)).json().catch(() => null);
  if (body) return body;
  throw new Problem("server_gone");
}

const known = ({ headers }) => "Authorization" in headers;

const asJson = (body, more) => ({
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify(body),
  ...more,
});

/**
 * Who there is to talk with, and what can be asked of them.
 * @returns {Promise<{presenters: {id: string, name: string, picture: string}[],
 *   emotions: string[], sizes: number[], sources: Record<string, string[]>,
 *   coefficients: Record<string, {name: string}[]>, trackers: ("page" | "server")[]}>}
 */
export const listPresenters = () => askJson("v1/presenters");

/**
 * Open a session.
 * @param {object} request a SessionRequest
 * @param {Record<string, Blob | null>} pictures `portrait`, in place of a presenter, and
 *   `background`; null for those that there are not
 * @returns {Promise<{id: string, controls: object, ice_servers: RTCIceServer[],
 *   whip: string, whep: string}>}
 */
export function createSession(request, pictures) {
  const files = Object.entries(pictures).filter(([, picture]) => picture);
  if (files.length === 0) return askJson("v1/sessions", asJson(request));
  const form = new FormData();
  form.append("settings", JSON.stringify(request));
  for (const [name, picture] of files) form.append(name, picture, name);
  return askJson("v1/sessions", { method: "POST", body: form });
}

/**
 * STUN and TURN servers for connecting again: their passwords last for minutes.
 * @param {string} session
 * @param {number} withinMs
 * @returns {Promise<RTCIceServer[]>}
 */
export const listIceServers = (session, withinMs) =>
  askJson(`v1/sessions/${session}/ice_servers`, { signal: AbortSignal.timeout(withinMs) });

/**
 * Exchange session descriptions; once more for the same session replaces its connection.
 * @param {string} session
 * @param {RTCSessionDescription} offer
 * @param {AbortSignal} signal
 * @returns {Promise<RTCSessionDescriptionInit>} the answer
 */
export const sendOffer = (session, { type, sdp }, signal) =>
  askJson(`v1/sessions/${session}/offer`, asJson({ type, sdp }, { signal }));

/**
 * Fetch a file that the server has made.
 * @param {string} address as the server told it
 * @returns {Promise<Blob>}
 */
export async function fetchFile(address) {
  const answer = await ask(address);
  return answer.blob().catch(() => {
    throw new Problem("server_gone");
  });
}

/**
 * What faces are tracked with.
 * @returns {Promise<ArrayBuffer>}
 */
export const fetchModel = async () => (await fetchFile("v1/tracker")).arrayBuffer();

/**
 * The looks that the server keeps.
 * @returns {Promise<{looks: {name: string, controls: object}[]}>}
 */
export const listLooks = () => askJson("v1/looks");

/**
 * Keep a look, in place of one of the same name.
 * @param {string} name
 * @param {object} controls a ControlsPatch
 */
export const saveLook = (name, controls) =>
  askJson(`v1/looks/${encodeURIComponent(name)}`, asJson(controls, { method: "PUT" }));

/** @param {string} name of the look that is kept no longer */
export const deleteLook = (name) =>
  ask(`v1/looks/${encodeURIComponent(name)}`, { method: "DELETE" });

/**
 * Give a session a motion file, for the source `file`.
 * @param {string} session
 * @param {Blob} file
 * @param {boolean} loop
 * @returns {Promise<{seconds: number, loop: boolean}>}
 */
export const sendMotion = (session, file, loop) =>
  askJson(`v1/sessions/${session}/motion?loop=${loop}`, {
    method: "PUT",
    headers: { "Content-Type": "application/octet-stream" },
    body: file,
  });

/**
 * Give the session's place back; also works while the page is being left.
 * @param {string} session
 */
export function endSession(session) {
  ask(`v1/sessions/${session}`, { method: "DELETE", keepalive: true }).catch(() => {
    // The server drops a session that falls silent, so nothing is lost here.
  });
}
