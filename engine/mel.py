"""Streaming log-mel spectrogram: what the networks hear.

One tick of 640 samples gives 4 frames (25 ms window, 10 ms hop). The same code
prepares the training data, so there is one definition of what is heard.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from engine.types import HEARING_RATE, HEARING_TICK, Floats

HOP: Final = 160
WINDOW: Final = 400
FFT: Final = 512
BANDS: Final = 64
FRAMES_PER_TICK: Final = HEARING_TICK // HOP
FLOOR: Final = 1e-5
"""Added before the logarithm; about the noise of a quiet room in 16 bits."""


def mel_filters(bands: int = BANDS, low: float = 60.0, high: float = 7600.0) -> Floats:
    """Triangular filters [bands, FFT // 2 + 1] on the HTK mel scale, unit peak."""
    to_mel = 1127.0 * np.log1p(np.array([low, high]) / 700.0)
    edges = 700.0 * np.expm1(np.linspace(to_mel[0], to_mel[1], bands + 2) / 1127.0)
    bins = np.arange(FFT // 2 + 1) * HEARING_RATE / FFT
    rising = (bins - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - bins) / (edges[2:] - edges[1:-1])[:, None]
    return np.maximum(0.0, np.minimum(rising, falling)).astype(np.float32)


class LogMel:
    """Sound at 16 kHz in, log-mel frames out, with the overlap kept between calls."""

    def __init__(self) -> None:
        self._filters = mel_filters()
        self._window = np.hanning(WINDOW).astype(np.float32)
        self._past = np.zeros(WINDOW - HOP, np.float32)

    def __call__(self, samples: Floats) -> Floats:
        """Frames of `samples`.

        Args:
            samples: float32 [n] in -1..1 with n a multiple of 160.

        Returns:
            float32 [n // 160, BANDS], natural logarithm of band power, scaled to
            about -1..1 (log(FLOOR) maps to -1).
        """
        sound = np.concatenate([self._past, samples])
        self._past = sound[len(sound) - (WINDOW - HOP) :]
        frames = np.lib.stride_tricks.sliding_window_view(sound, WINDOW)[::HOP] * self._window
        power = np.abs(np.fft.rfft(frames, FFT, axis=1)) ** 2
        bands = power.astype(np.float32) @ self._filters.T
        log: Floats = np.log(bands * (1.0 / WINDOW) + FLOOR)
        return log / np.float32(-np.log(FLOOR))

    def reset(self) -> None:
        """Forget the overlap, as if nothing had been heard."""
        self._past = np.zeros(WINDOW - HOP, np.float32)
