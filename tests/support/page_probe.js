// Reads what probe.py writes: the time in pictures, flashes and beeps. Times are ms since the call.
// A picture is seen when the browser expects it to be visible, however late this script hears of it.
async ([seconds, worklet]) => {
  const video = document.querySelector("#live");
  const BITS = 16, WRAP = 65536;
  const start = performance.now();
  const before = video.getVideoPlaybackQuality();
  const found = { ages: [], flashes: [], beeps: [] };
  const audio = new AudioContext({ sampleRate: 48000, latencyHint: "interactive" });
  const script = URL.createObjectURL(new Blob([worklet], { type: "text/javascript" }));
  await audio.audioWorklet.addModule(script);
  await audio.resume();
  const listener = new AudioWorkletNode(audio, "onsets");
  audio.createMediaStreamSource(video.srcObject).connect(listener);
  listener.connect(audio.destination);
  listener.port.onmessage = ({ data }) => {
    const { performanceTime, contextTime } = audio.getOutputTimestamp();
    found.beeps.push(performanceTime + 1000 * (data - contextTime) - start);
  };
  const canvas = new OffscreenCanvas(1, 1);
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  let lit = false;
  const look = (now, { expectedDisplayTime: seen }) => {
    const { videoWidth: width, videoHeight: height } = video;
    const block = width / BITS;
    if (canvas.width !== width) Object.assign(canvas, { width, height: 2 });
    pen.drawImage(video, 0, block / 2, width, 1, 0, 0, width, 1);
    pen.drawImage(video, 2 * block, height - block, 1, 1, 0, 1, 1, 1);
    const greens = pen.getImageData(0, 0, width, 2).data.filter((_, at) => at % 4 === 1);
    let value = 0;
    for (let bit = 0; bit < BITS; bit++) {
      if (greens[Math.floor((bit + 0.5) * block)] > 128) value |= 1 << bit;
    }
    let age = (Math.round(performance.timeOrigin + seen) - value) % WRAP;
    if (age > WRAP / 2) age -= WRAP;
    found.ages.push([seen - start, age]);
    const flash = greens[width] > 128;
    if (flash && !lit) found.flashes.push(seen - start);
    lit = flash;
    if (performance.now() - start < 1000 * seconds) video.requestVideoFrameCallback(look);
  };
  video.requestVideoFrameCallback(look);
  await new Promise((done) => setTimeout(done, 1000 * seconds + 100));
  await audio.close();
  const after = video.getVideoPlaybackQuality();
  const pictures = after.totalVideoFrames - before.totalVideoFrames;
  return { ...found, pictures, dropped: after.droppedVideoFrames - before.droppedVideoFrames };
}
