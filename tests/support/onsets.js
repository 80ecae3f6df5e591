// Tells when something louder than noise begins after a pause of a tenth of a second.
class Onsets extends AudioWorkletProcessor {
  #quiet = 0;

  process([[sound]]) {
    for (let at = 0; sound && at < sound.length; at++) {
      if (Math.abs(sound[at]) <= 0.05) {
        this.#quiet++;
        continue;
      }
      if (this.#quiet >= 0.1 * sampleRate) this.port.postMessage(currentTime + at / sampleRate);
      this.#quiet = 0;
    }
    return true;
  }
}
registerProcessor("onsets", Onsets);
