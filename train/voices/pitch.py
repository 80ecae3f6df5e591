"""The pitch of clean speech, by autocorrelation.

After Boersma, "Accurate short-term analysis of the fundamental frequency ... of a sampled
sound" (1993): the autocorrelation of a windowed frame over that of its window, the best
peak between the lags of two frequencies, higher ones preferred a little.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from engine.types import HEARING_RATE, Floats

FRAMES: Final = 100
"""Frames a second."""
_WINDOW: Final = 640
_SIZE: Final = 2048
_LOWEST, _HIGHEST = 65.0, 420.0
_VOICED: Final = 0.6
"""Autocorrelation of a frame that counts as voiced."""
_OCTAVE: Final = 0.03
"""What an octave lower costs: a lag of two periods is as good as one of one."""
_QUIET: Final = 1e-3
"""Power, as a share of the loudest frame's, below which nothing is voiced."""


def pitch(sound: Floats) -> Floats:
    """Semitones above 100 Hz, [frames] at `FRAMES` a second; not a number where unvoiced.

    Args:
        sound: float32 [n] at 16 kHz, clean.
    """
    hop = HEARING_RATE // FRAMES
    padded = np.pad(sound, (_WINDOW // 2, _WINDOW // 2))
    frames = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::hop]
    window = np.hanning(_WINDOW).astype(np.float32)
    power = np.abs(np.fft.rfft((frames - frames.mean(1, keepdims=True)) * window, _SIZE)) ** 2
    related = np.fft.irfft(power)
    own = np.fft.irfft(np.abs(np.fft.rfft(window, _SIZE)) ** 2)
    lags = np.arange(int(HEARING_RATE / _HIGHEST), int(HEARING_RATE / _LOWEST))
    share = related[:, lags] / (related[:, :1] + 1e-9) * (own[0] / own[lags])
    best = lags[np.argmax(share - _OCTAVE * np.log2(lags / lags[0]), axis=1)]
    voiced = share.max(axis=1) > _VOICED
    voiced &= related[:, 0] > _QUIET * related[:, 0].max()
    tones = 12.0 * np.log2(HEARING_RATE / best / 100.0)
    return _smoothed(np.where(voiced, tones, np.nan).astype(np.float32))


def _smoothed(tones: Floats) -> Floats:
    """The median of five frames, which drops lone slips of an octave."""
    around = np.lib.stride_tricks.sliding_window_view(np.pad(tones, 2, mode="edge"), 5)
    known = np.isfinite(around).sum(axis=1) >= 3
    middle = np.full(len(tones), np.nan, np.float32)
    middle[known] = np.nanmedian(around[known], axis=1)
    return middle
