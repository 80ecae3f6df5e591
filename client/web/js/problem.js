/** What can go wrong, in sentences that say what to do. */

const SENTENCES = {
  server_gone: "The server does not answer. Check that it is running, then try again.",
  server_full: "All places are taken at the moment. Try again in a minute.",
  unreachable:
    "No connection could be made. A firewall may be in the way: try another network, or ask whoever runs this server.",
  connection_lost: "The connection was lost. Call again to go on.",
  no_face: "No face was found in this photo. Use one that shows a single face from the front.",
  several_faces: "There is more than one face in this photo. Use one that shows a single person.",
  face_unsuitable:
    "The face in this photo is too small, turned away or cut off. Use one that shows it whole, from the front.",
  picture_unreadable: "This file cannot be read as a picture. Use a JPEG, PNG or WebP file.",
  picture_too_large: "This picture is too large. Use a smaller one.",
  person_unclear:
    "The person cannot be told from the background. Leave the background as it is, or use another photo.",
  background_missing: "Choose a picture for the background first.",
  background_unusable: "The picture for the background cannot be used. Choose another one.",
  tracker_missing: "This server cannot read photos. Choose one of the presenters.",
  unknown_presenter: "This presenter is no longer there. Choose another one.",
  unknown_session: "The call is no longer known to the server. Call again.",
  microphone_denied:
    "The microphone is blocked. Allow it beside the address of this page, then try again, or use a sample sentence.",
  microphone_missing: "No microphone was found. Plug one in, or use a sample sentence.",
  microphone_busy:
    "The microphone cannot be opened; another program may be using it. Close that, or use a sample sentence.",
  microphone_insecure:
    "Browsers give the microphone only to pages opened over https or on localhost. Use a sample sentence, or open this page that way.",
  camera_denied:
    "The camera is blocked. Allow it beside the address of this page, then turn it on again.",
  camera_missing: "No camera was found. Plug one in, then turn it on again.",
  camera_busy:
    "The camera cannot be opened; another program may be using it. Close that, then turn it on again.",
  camera_insecure:
    "Browsers give the camera only to pages opened over https or on localhost. Open this page that way.",
  camera_gone: "The camera was unplugged. Head and expression move by themselves again.",
  motion_unreadable:
    "This file cannot be read as a motion file. Use one that Visavis has recorded (.motion.npz).",
  tracking_missing:
    "This browser cannot follow your face here. Let the server do it: under Camera, choose where.",
  too_often: "This server was asked too often from here. Wait a minute, then try again.",
  not_allowed: "The token does not allow that. Choose something else, or use another token.",
  token_missing: "This server asks for a token. Paste yours below.",
  token_refused: "The server does not accept this token, or it has expired. Paste another one.",
  recording_silent: "The server does not answer about the recording. Try again in a moment.",
  recording_cut: "The recording ended with the call, and its file did not arrive.",
  recording_gone: "This recording is no longer kept on the server.",
  recording_failed: "The recording failed.",
  recording_short: "The recording ended early; what there is of it can be downloaded.",
  sample_unreadable: "This sentence could not be loaded. Try another one.",
  browser_too_old:
    "This browser cannot make live calls. Use a current Chrome, Edge, Firefox or Safari.",
};

/** An error that is shown to people: `message` is a sentence, `code` is for programs. */
export class Problem extends Error {
  /**
   * @param {string} code one of the codes above, or one of the server's
   * @param {string} [message] used where the code has no sentence of its own; of a recording
   *   both are shown
   */
  constructor(code, message) {
    const sentence = SENTENCES[code] ?? message ?? "Something went wrong. Try again.";
    super(code.startsWith("recording_") && message ? `${sentence} ${capital(message)}` : sentence);
    this.code = code;
  }
}

const capital = (words) => words.charAt(0).toUpperCase() + words.slice(1);

/**
 * Make a sentence of anything that was thrown.
 * @param {unknown} error
 * @returns {Problem}
 */
export function problemOf(error) {
  return error instanceof Problem ? error : new Problem("page", undefined);
}
