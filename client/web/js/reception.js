/** What comes over the connection, out of the counters that a browser keeps. */

/**
 * @typedef {object} Reception all of the last second, undefined where nothing is known
 * @property {number} [rate] pictures a second
 * @property {number} [decode] ms to decode a picture
 * @property {number} [waits] ms that pictures wait in the jitter buffer
 * @property {number} [soundWaits] ms that sound waits there
 * @property {number} [jitter] ms by which packets come unevenly
 * @property {number} [loss] share of packets that did not come, either way, 0 to 1
 * @property {number} [bitrate] bits a second, pictures and sound
 * @property {number} [lost] packets since the connection was made
 * @property {number} [dropped] pictures that came too late to be shown
 * @property {number} [freezes] times that the picture stood still
 * @property {string} [codec] of the pictures
 */

/** Makes figures a second of counters that only grow. */
export class Receiver {
  #before = {};

  /**
   * @param {object[]} report of `RTCPeerConnection.getStats`
   * @returns {Reception}
   */
  read(report) {
    const inbound = (kind) => report.find((it) => it.type === "inbound-rtp" && it.kind === kind);
    const sent = report.find((it) => it.type === "remote-inbound-rtp" && it.kind === "audio");
    const [video, audio] = [inbound("video"), inbound("audio")];
    const codec = report.find((it) => it.id === video?.codecId)?.mimeType;
    const grown = (it, name) => this.#grown(it, name);
    const per = (it, what, count) => (1000 * grown(it, what)) / grown(it, count) || undefined;
    const missing = grown(video, "packetsLost") + grown(audio, "packetsLost");
    const come = grown(video, "packetsReceived") + grown(audio, "packetsReceived");
    const bytes = grown(video, "bytesReceived") + grown(audio, "bytesReceived");
    const reception = {
      rate: video?.framesPerSecond,
      decode: per(video, "totalDecodeTime", "framesDecoded"),
      waits: per(video, "jitterBufferDelay", "jitterBufferEmittedCount"),
      soundWaits: per(audio, "jitterBufferDelay", "jitterBufferEmittedCount"),
      jitter: worst(video?.jitter, audio?.jitter, 1000),
      loss: worst(missing / (missing + come), sent?.fractionLost, 1),
      bitrate: (8000 * bytes) / grown(video ?? audio, "timestamp") || undefined,
      lost: (video?.packetsLost ?? 0) + (audio?.packetsLost ?? 0),
      dropped: video?.framesDropped,
      freezes: video?.freezeCount,
      codec: codec?.split("/")[1],
    };
    this.#before = Object.fromEntries([video, audio].filter(Boolean).map((it) => [it.kind, it]));
    return reception;
  }

  /** By how much a counter has grown; 0 for a new connection, whose counters begin anew. */
  #grown(it, name) {
    const before = this.#before[it?.kind]?.[name];
    return Math.max(0, it?.[name] - before) || 0;
  }
}

function worst(one, other, scale) {
  const known = [one, other].filter(Number.isFinite);
  return known.length ? scale * Math.max(...known) : undefined;
}
