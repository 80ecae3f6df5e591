"""Sound that came back, compared with the sound that was said."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from engine.soundtrack import read_sound
from engine.types import SOUND_RATE, Floats, Samples, floats

LOUDNESS_RATE = 200
"""Values a second of `loudness`."""


def read(path: Path) -> Samples:
    """A sound file at 48 kHz mono, int16 [n]."""
    return np.concatenate(list(read_sound(path)))


def loudness(samples: Samples) -> Floats:
    """Effective loudness of 48 kHz sound, `LOUDNESS_RATE` a second, as a logarithm."""
    step = SOUND_RATE // LOUDNESS_RATE
    pieces = samples[: len(samples) // step * step].reshape(-1, step).astype(np.float64)
    return floats(np.log10(np.sqrt((pieces**2).mean(axis=1)) + 10.0))


def offset(heard: Floats, said: Floats) -> tuple[float, float]:
    """When what was said begins in what was heard (seconds), and how alike they are there.

    Args:
        heard: loudness of what came back; it may be a part only.
        said: loudness of what was said.
    """
    shorter = min(len(heard), len(said))
    one, other = heard - heard.mean(), said - said.mean()
    scores = np.correlate(one, other, "full")
    best = int(np.argmax(scores))
    scale = float(np.std(one) * np.std(other)) * shorter
    return (best - (len(said) - 1)) / LOUDNESS_RATE, float(scores[best] / max(scale, 1e-9))
