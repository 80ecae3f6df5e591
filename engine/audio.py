"""Sound comes in at any rate and layout; it is kept, played back and heard.

`Intake` makes it 48 kHz mono, `SoundBuffer` holds what has not been played,
`Decimator` makes the 16 kHz that networks hear, `VoiceActivity` tells speech from
silence. They know only samples.
"""

from __future__ import annotations

from collections import deque

import av
import numpy as np

from engine.cushion import STEP, Cushion
from engine.errors import SoundUnreadable
from engine.types import SOUND_RATE, Floats, Samples, Sound

LOWEST_RATE, HIGHEST_RATE = 8_000, 192_000
QUIET = 330
"""Samples below it are no voice: -40 dB of full scale."""


class Intake:
    """Any rate and layout to 48 kHz mono, streaming (delay at most 1 ms)."""

    def __init__(self) -> None:
        self._rate = SOUND_RATE
        self._resampler = av.AudioResampler(format="s16", layout="mono", rate=SOUND_RATE)

    def __call__(self, sound: Sound) -> Samples:
        """Samples of `sound` at 48 kHz mono, int16 [m].

        Raises:
            SoundUnreadable: a rate outside 8..192 kHz or samples of a wrong shape.
        """
        samples = sound.samples
        if not LOWEST_RATE <= sound.rate <= HIGHEST_RATE or samples.ndim not in (1, 2):
            raise SoundUnreadable(
                f"sound of {sound.rate} Hz cannot be used: send 8 to 192 kHz, samples [n] or "
                "[n, channels]"
            )
        if samples.ndim == 2:
            samples = samples.mean(axis=1).astype(np.int16)
        if sound.rate == SOUND_RATE:
            return samples
        if sound.rate != self._rate:
            self._rate = sound.rate
            self._resampler = av.AudioResampler(format="s16", layout="mono", rate=SOUND_RATE)
        if len(samples) == 0:
            return samples
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(samples[None]), format="s16", layout="mono"
        )
        frame.sample_rate = sound.rate
        parts = [part.to_ndarray()[0] for part in self._resampler.resample(frame)]
        return np.concatenate(parts).astype(np.int16) if parts else np.zeros(0, np.int16)


class SoundBuffer:
    """Sound that has not been played: bounded, the oldest is dropped, drops are counted.

    After it ran dry it waits until a cushion has gathered, so that a network's jitter
    costs one gap and not many. What piled up and is never needed goes in a quiet moment.

    Args:
        limit: most samples that are kept; more and the oldest go, down to half of it.
        cushion: samples that must be there beside those asked for after running dry.
        most: samples to which the cushion may grow; as it is when left out.
    """

    def __init__(self, limit: int, cushion: int, most: int = 0) -> None:
        self._limit = limit
        self._cushion = Cushion(cushion, max(cushion, most))
        self._spare = 0
        self._parts: deque[tuple[Samples, float | None]] = deque(maxlen=limit + 1)
        self._held = 0
        self._dry = True
        self.dropped = 0
        self.taken_dry = 0
        """Ticks that ended in silence because their sound had not come."""

    def __len__(self) -> int:
        return self._held

    def push(self, samples: Samples, stamp: float | None) -> None:
        """Add samples that arrived at `stamp`."""
        if len(samples) == 0:
            return
        self._parts.append((samples, stamp))
        self._held += len(samples)
        if self._held > self._limit:
            surplus = self._held - max(self._cushion.size, self._limit // 2)
            self.dropped += surplus
            self._remove(surplus)

    def take(self, count: int) -> tuple[Samples, float | None]:
        """The next `count` samples, silence where there are none, and the first's stamp."""
        if self._dry:
            surplus = self._held - count - self._cushion.size
            if surplus < 0:
                return np.zeros(count, np.int16), None
            if self._cushion.adapts and surplus < count:  # more of it would only delay
                self.dropped += surplus
                self._remove(surplus)
        available = min(count, self._held)
        self._dry = available < count
        stamp = self._parts[0][1] if self._parts else None
        taken = self._remove(available)
        if available == count:
            self._give_back(taken)
            return taken, stamp
        self._cushion.ran_dry()
        self.taken_dry += 1
        return np.concatenate([taken, np.zeros(count - available, np.int16)]), stamp

    def clear(self) -> None:
        """Drop everything, on purpose: not counted."""
        self._remove(self._held)
        self._dry = True
        self._spare = 0

    def _give_back(self, taken: Samples) -> None:
        """Drop a little of what is not needed, where nobody hears it."""
        self._spare += self._cushion.spare(self._held)
        if self._spare and np.abs(taken).max() < QUIET:
            surplus = min(self._spare, STEP, self._held)
            self._spare -= surplus
            self.dropped += surplus
            self._remove(surplus)

    def _remove(self, count: int) -> Samples:
        pieces: list[Samples] = []
        left = count
        while left > 0:
            samples, stamp = self._parts.popleft()
            if len(samples) > left:
                self._parts.appendleft((samples[left:], stamp))
                samples = samples[:left]
            pieces.append(samples)
            left -= len(samples)
        self._held -= count
        return np.concatenate(pieces) if pieces else np.zeros(0, np.int16)


class Decimator:
    """48 kHz int16 to 16 kHz float, streaming: every third sample of a low-pass.

    Windowed-sinc filter, 97 taps, cut at 7.4 kHz; delay 1 ms.
    """

    _TAPS = 97

    def __init__(self) -> None:
        n = np.arange(self._TAPS) - self._TAPS // 2
        taps = np.sinc(n * 2 * 7_400 / SOUND_RATE) * np.blackman(self._TAPS)
        self._filter = (taps / taps.sum() / 32_768).astype(np.float32)
        self._past = np.zeros(self._TAPS - 1, np.float32)

    def __call__(self, samples: Samples) -> Floats:
        """int16 [3 n] at 48 kHz to float32 [n] in -1..1 at 16 kHz."""
        sound = np.concatenate([self._past, samples.astype(np.float32)])
        self._past = sound[len(sound) - (self._TAPS - 1) :]
        return np.convolve(sound, self._filter, "valid")[::3].astype(np.float32)


def decibels(heard: Floats) -> float:
    """Effective level of samples in -1..1, decibels of full scale; silence is -100."""
    return 10.0 * float(np.log10(np.mean(heard * heard) + 1e-10))


class VoiceActivity:
    """Does somebody speak? Loudness against the quietest tick of the last seconds.

    A voice has gaps, a fan has none (minimum statistics, R. Martin 2001, at its simplest).

    Args:
        margin: decibels above the quietest tick that count as voice.
        quietest: decibels of full scale below which nothing is voice.
        hold: ticks that a voice lasts after its last loud tick.
        memory: ticks in which the quietest is looked for.
    """

    def __init__(
        self, margin: float = 9.0, quietest: float = -52.0, hold: int = 7, memory: int = 75
    ) -> None:
        self._margin, self._quietest, self._hold = margin, quietest, hold
        self._levels = deque([quietest - margin], maxlen=memory)
        self._left = 0

    def __call__(self, heard: Floats) -> bool:
        """Whether a voice is there in this tick (float32 samples at 16 kHz)."""
        level = decibels(heard)
        self._levels.append(level)
        if level > max(self._quietest, min(self._levels) + self._margin):
            self._left = self._hold
        elif self._left:
            self._left -= 1
        return self._left > 0

    def reset(self) -> None:
        """Nobody speaks; what is known of the noise stays."""
        self._left = 0
