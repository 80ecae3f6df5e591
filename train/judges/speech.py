"""Do the lips follow a voice that was never heard? Sound in, pictures out, read by the tracker."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.film import frames
from engine.pipeline import Pipeline
from engine.types import SOUND_RATE, TICKS_PER_SECOND, Floats, Samples, floats
from train.judges.reader import Reader
from train.voices.curves import lip_opening, mouth_curves
from train.voices.phones import Utterance
from train.voices.sound import resampled
from train.voices.spoil import decibels, level, noise

SPOKEN: Final = 200
"""Ticks of speech."""
QUIET: Final = 50
"""Ticks of silence, and then of noise."""
SETTLING: Final = 10
"""Ticks after which a mouth must be at rest."""
NOISE_BELOW: Final = 15.0
"""Decibels by which the noise lies under the speech."""
MOST_LAG: Final = 0.4
BLINK: Final = 0.18
"""Rise of the reading over its median that is a blink."""


@dataclass(frozen=True, slots=True)
class Trial:
    """`sound` at 48 kHz: speech, silence, noise; `opening` [SPOKEN] as the phones ask for it."""

    sound: Samples
    opening: Floats


@dataclass(frozen=True, slots=True)
class Seen:
    """What was read, picture by picture: lip gap and how far the eyes are shut."""

    gap: Floats
    shut: Floats
    lost: int


@dataclass(frozen=True, slots=True)
class Heard:
    """Figures of one person.

    `lag` in ms, + = the lips are late; `silence` and `noise` are the lip gap's standard
    deviation there as a share of that in speech.
    """

    correlation: float
    lag: float
    silence: float
    noise: float
    blinks: int
    lost: int


def trial(said: Utterance) -> Trial:
    """Held-out speech, cut to `SPOKEN` ticks, then silence, then noise."""
    opening = lip_opening(mouth_curves(said)[0])[:SPOKEN]
    count, quiet = (ticks * SOUND_RATE // TICKS_PER_SECOND for ticks in (SPOKEN, QUIET))
    speech = resampled(said.sound, said.rate, SOUND_RATE)[:count]
    hiss = noise(quiet, np.random.default_rng(0)) * np.float32(
        level(speech) * decibels(-NOISE_BELOW)
    )
    whole = np.concatenate([speech, np.zeros(quiet, np.float32), hiss])
    return Trial((whole * 32_767).clip(-32_768, 32_767).astype(np.int16), floats(opening))


def watched(pipeline: Pipeline, sound: Samples, reader: Reader) -> Seen:
    """Every picture of a pipeline that is given `sound`; a lost one repeats what was before."""
    gaps, shuts, lost = [0.0], [0.0], 0
    for frame in frames(pipeline, _once(sound)):
        reading = reader(frame.picture)
        lost += reading is None
        gaps.append(gaps[-1] if reading is None else reading.gap)
        shuts.append(shuts[-1] if reading is None else reading.values["eyeBlink"])
    return Seen(floats(gaps[1:]), floats(shuts[1:]), lost)


def judged(seen: Seen, opening: Floats) -> Heard:
    """Figures of what was seen of a `Trial`."""
    spoken = len(opening)
    correlation, lag = best_lag(opening, seen.gap[:spoken])
    speech = float(np.std(seen.gap[:spoken]))
    silent, noisy = (
        float(np.std(seen.gap[start + SETTLING : start + QUIET])) / max(speech, 1e-6)
        for start in (spoken, spoken + QUIET)
    )
    return Heard(correlation, 1000 * lag, silent, noisy, blinks(seen.shut), seen.lost)


def best_lag(asked: Floats, seen: Floats) -> tuple[float, float]:
    """The best correlation of two curves at 25 a second, and the lag in seconds that has it."""
    grid = (np.arange(len(asked)) + 0.5) / TICKS_PER_SECOND
    inner = (grid > MOST_LAG) & (grid < grid[-1] - MOST_LAG)
    lags = np.arange(-MOST_LAG, MOST_LAG + 1e-9, 0.01)
    scores = [
        np.corrcoef(np.interp(grid[inner] - lag, grid, asked), seen[inner])[0, 1] for lag in lags
    ]
    best = int(np.argmax(scores))
    return float(scores[best]), float(lags[best])


def blinks(shut: Floats) -> int:
    """How often the eyes shut."""
    high = shut > np.median(shut) + BLINK
    return int(np.sum(high[1:] & ~high[:-1]))


def _once(sound: Samples) -> Iterator[Samples]:
    yield sound
