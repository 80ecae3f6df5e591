"""What a page in a real call shows and plays, and its connections."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from PIL import Image
from playwright.sync_api import Page

from engine.types import Floats, Picture, floats

RECORD: Final = """async seconds => {
  const video = document.querySelector('#live');
  const canvas = new OffscreenCanvas(256, 256), pen = canvas.getContext('2d');
  const audio = new AudioContext(), listener = audio.createAnalyser();
  listener.fftSize = 1024;
  audio.createMediaStreamSource(video.srcObject).connect(listener);
  await audio.resume();
  const wave = new Float32Array(listener.fftSize), kept = [], heard = [];
  const started = performance.now(), end = started + 1000 * seconds;
  const listen = setInterval(() => {
    listener.getFloatTimeDomainData(wave);
    const power = wave.reduce((sum, value) => sum + value * value, 0) / wave.length;
    heard.push([performance.now() - started, Math.sqrt(power)]);
  }, 10);
  await new Promise(done => {
    const keep = async now => {
      pen.drawImage(video, 0, 0, 256, 256);
      const picture = canvas.convertToBlob({type: 'image/jpeg', quality: 0.9});
      kept.push([now - started, picture]);
      if (performance.now() < end) video.requestVideoFrameCallback(keep); else done();
    };
    video.requestVideoFrameCallback(keep);
  });
  clearInterval(listen);
  await audio.close();
  const text = async blob => {
    const bytes = new Uint8Array(await (await blob).arrayBuffer());
    return btoa(Array.from(bytes, byte => String.fromCharCode(byte)).join(''));
  };
  const pictures = [];
  for (const [at, blob] of kept) pictures.push([at, await text(blob)]);
  return {pictures, heard};
}"""
KEEP_PEERS: Final = """(() => {
  const really = RTCPeerConnection.prototype.createDataChannel;
  window.peers = [];
  RTCPeerConnection.prototype.createDataChannel = function (label, ...given) {
    if (label === "control") peers.push(this);
    return really.call(this, label, ...given);
  };
})();"""
"""Lets a test reach the page's connections; run before the page's own scripts."""
SENT_PICTURES: Final = """async () => {
  const reports = [...(await peers.at(-1).getStats()).values()];
  return reports.filter(({ type, kind }) => type === "outbound-rtp" && kind === "video")
    .reduce((sum, { packetsSent }) => sum + (packetsSent ?? 0), 0);
}"""
"""Packets of a camera that the page has sent over its newest connection."""


@dataclass(frozen=True)
class Recorded:
    """What the page showed and played: seconds and pictures, seconds and loudness."""

    times: np.ndarray[tuple[int, ...], np.dtype[np.float64]]
    pictures: list[Picture]
    heard: Floats


def watch(page: Page, seconds: int) -> Recorded:
    """Keep what is on the screen, and what is heard, for so long."""
    kept: dict[str, Any] = page.evaluate(RECORD, seconds)
    pictures = [
        np.asarray(Image.open(io.BytesIO(base64.b64decode(text))).convert("RGB"))
        for _, text in kept["pictures"]
    ]
    times = np.array([at for at, _ in kept["pictures"]]) / 1000
    grid = np.arange(0, seconds, 1 / 200)
    at, loud = np.array(kept["heard"]).T
    return Recorded(times, pictures, floats(np.interp(grid, at / 1000, loud)))
