/** The pictures of a camera, each with the time at which it was taken. */

import { element } from "./dom.js";

export class Frames {
  #take;
  #reader = null;
  #video = null;
  #closed = false;

  /**
   * @param {MediaStreamTrack} track
   * @param {(picture: VideoFrame | ImageBitmap, seconds: number) => void} take owns the picture,
   *   and has to close it; seconds are those of `performance.now()`
   */
  constructor(track, take) {
    this.#take = take;
    if (window.MediaStreamTrackProcessor) this.#stream(track);
    else this.#watch(track);
  }

  /** No more pictures; the track goes on. */
  close() {
    this.#closed = true;
    this.#reader?.cancel();
    if (this.#video) this.#video.srcObject = null;
  }

  /** Straight from the track: pictures also come while the page is hidden. */
  async #stream(track) {
    const { readable } = new MediaStreamTrackProcessor({ track, maxBufferSize: 1 });
    this.#reader = readable.getReader();
    let origin = null; // of the camera's clock, which begins anywhere
    while (!this.#closed) {
      const { value: picture, done } = await this.#reader.read();
      if (done) return;
      const taken = picture.timestamp / 1e6;
      origin ??= performance.now() / 1000 - taken;
      this.#hand(picture, origin + taken);
    }
  }

  /** Through an element that nobody sees, where a browser has no streams of pictures. */
  #watch(track) {
    const video = element("video", { muted: true, playsInline: true });
    video.srcObject = new MediaStream([track]);
    video.play().catch(() => {}); // the track has ended already
    const next = () => video.requestVideoFrameCallback(look);
    const look = async (now, { captureTime }) => {
      if (this.#closed) return;
      next();
      this.#hand(await createImageBitmap(video), (captureTime ?? now) / 1000);
    };
    this.#video = video;
    next();
  }

  #hand(picture, seconds) {
    if (this.#closed) picture.close();
    else this.#take(picture, seconds);
  }
}
