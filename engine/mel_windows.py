"""What Audio2Lip hears: for each picture 16 columns of a mel spectrogram, as a stream.

The spectrogram is the one of Prajwal et al., "A lip sync expert is all you need" (2020):
50 ms windows every 12.5 ms, 80 bands on Slaney's mel scale, amplitudes in decibels. Fed in
pieces of any length the stream gives the same windows, to the bit, as the whole clip at
once; both ends of a clip are mirrored as there. The window of a picture ends 132.5 ms after
the picture's begin, so it is complete when `LOOKAHEAD_TICKS` more ticks have come in.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.types import HEARING_RATE, HEARING_TICK, Floats, floats

HOP: Final = 200
FFT: Final = 800
HALF: Final = FFT // 2
BANDS: Final = 80
COLUMNS: Final = 16
"""Of one window."""
LOOKAHEAD_TICKS: Final = 3
EMPHASIS: Final = 0.97
LOWEST_HZ: Final = 55.0
HIGHEST_HZ: Final = 7600.0
QUIETEST: Final = 1e-5
LINEAR_HZ: Final = 1000.0
"""Slaney's mel scale is linear below this and logarithmic above."""
MEL_PER_HZ: Final = 3.0 / 200.0
LOG_STEP: Final = float(np.log(6.4) / 27.0)


def slaney_filters() -> NDArray[np.float64]:
    """Triangular filters [BANDS, FFT // 2 + 1] on Slaney's mel scale, each of unit area.

    Slaney, "Auditory toolbox" (1998); closed form, as librosa computes it.
    """
    edges = _hertz(np.linspace(_mel(LOWEST_HZ), _mel(HIGHEST_HZ), BANDS + 2))
    bins = np.arange(HALF + 1) * (HEARING_RATE / FFT)
    rising = (bins - edges[:-2, None]) / np.diff(edges)[:-1, None]
    falling = (edges[2:, None] - bins) / np.diff(edges)[1:, None]
    triangles = np.maximum(0.0, np.minimum(rising, falling))
    return np.asarray(triangles * (2.0 / (edges[2:] - edges[:-2]))[:, None], np.float64)


def _mel(hertz: float) -> float:
    if hertz < LINEAR_HZ:
        return hertz * MEL_PER_HZ
    return LINEAR_HZ * MEL_PER_HZ + float(np.log(hertz / LINEAR_HZ)) / LOG_STEP


def _hertz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    bend = LINEAR_HZ * MEL_PER_HZ
    return np.where(
        mel < bend, mel / MEL_PER_HZ, LINEAR_HZ * np.exp(LOG_STEP * np.maximum(mel - bend, 0.0))
    )


class MelColumns:
    """Whole ticks of sound in, columns of the spectrogram out as soon as they are certain."""

    def __init__(self) -> None:
        self._filters = slaney_filters()
        self._window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FFT) / FFT)  # Hann, periodic
        self.reset()

    def reset(self) -> None:
        """Forget everything heard."""
        self._sound = np.zeros(0)
        self._last = 0.0
        self._begun = False

    def push(self, samples: Floats) -> Floats:
        """Columns that are complete now.

        Args:
            samples: float32 [n * 640] at 16 kHz, -1..1.

        Returns:
            float32 [columns, BANDS] in -4..4.
        """
        if len(samples) == 0:
            return np.zeros((0, BANDS), np.float32)
        sharp = samples.astype(np.float64)
        sharp[1:] -= EMPHASIS * sharp[:-1]
        sharp[0] -= EMPHASIS * self._last
        self._last = float(samples[-1])
        if not self._begun:
            self._sound = sharp[HALF:0:-1]
            self._begun = True
        return self._taken(sharp)

    def finish(self) -> Floats:
        """The last columns, over a mirrored end; then as new."""
        ending = self._sound[-2 : -HALF - 2 : -1] if self._begun else np.zeros(0)
        columns = self._taken(ending)
        self.reset()
        return columns

    def _taken(self, added: NDArray[np.float64]) -> Floats:
        self._sound = np.concatenate([self._sound, added])
        count = max(0, (len(self._sound) - FFT) // HOP + 1)
        columns = [self._column(self._sound[HOP * n : HOP * n + FFT]) for n in range(count)]
        self._sound = self._sound[HOP * count :]
        return floats(columns).reshape(count, BANDS)

    def _column(self, sound: NDArray[np.float64]) -> NDArray[np.float64]:
        """One at a time, so that how many come at once changes no rounding."""
        bands = self._filters @ np.abs(np.fft.rfft(sound * self._window))
        decibels = 20.0 * np.log10(np.maximum(QUIETEST, bands)) - 20.0
        return np.clip(8.0 * (decibels + 100.0) / 100.0 - 4.0, -4.0, 4.0)


class MelWindows:
    """Sound in pieces of any length, windows out, one for each picture of 40 ms.

    What is left of an unfinished tick is never heard: a clip has as many pictures as
    whole ticks.
    """

    def __init__(self) -> None:
        self._columns = MelColumns()
        self.reset()

    def reset(self) -> None:
        """Forget everything heard; equal to a new one."""
        self._columns.reset()
        self._waiting = np.zeros(0, np.float32)
        self._ticks = 0
        self._pictures = 0
        self._kept = np.zeros((0, BANDS), np.float32)
        self._first = 0

    def push(self, samples: Floats) -> Floats:
        """Windows that are complete now.

        Args:
            samples: float32 [n] at 16 kHz, -1..1.

        Returns:
            float32 [pictures, BANDS, COLUMNS].
        """
        self._waiting = np.concatenate([self._waiting, samples])
        whole = len(self._waiting) // HEARING_TICK
        heard, self._waiting = np.split(self._waiting, [whole * HEARING_TICK])
        self._ticks += whole
        self._kept = np.concatenate([self._kept, self._columns.push(heard)])
        ready = self._pictures
        while _start(ready) + COLUMNS <= self._first + len(self._kept):
            ready += 1
        return self._windows(ready)

    def finish(self) -> Floats:
        """The windows of the last pictures, [pictures, BANDS, COLUMNS]; then as new."""
        self._kept = np.concatenate([self._kept, self._columns.finish()])
        windows = self._windows(self._ticks)
        self.reset()
        return windows

    def _windows(self, until: int) -> Floats:
        """Those of the pictures before number `until` that have not been given yet."""
        windows = np.zeros((until - self._pictures, BANDS, COLUMNS), np.float32)
        last = self._first + len(self._kept) - 1
        for window in windows:
            start = _start(self._pictures)
            places = np.clip(np.arange(start, start + COLUMNS), 0, last) - self._first
            window[:] = self._kept[places].T
            self._pictures += 1
        needless = max(0, min(_start(self._pictures), last) - self._first)
        self._kept = self._kept[needless:]
        self._first += needless
        return windows


def _start(picture: int) -> int:
    """First column of a picture's window; numbers below zero are cut towards zero."""
    return int(80 * (picture - 2) / 25)
