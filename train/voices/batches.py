"""Batches of crops from the written material, spoiled once more as they are drawn."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.random import Generator
from torch import Tensor

from engine.mel import FLOOR
from engine.types import Floats
from train.voices.spoil import decibels

_SCALE: Final = np.float32(-np.log(FLOOR))


@dataclass(frozen=True, slots=True)
class Batch:
    """mel [batch, ticks, 4, 64], mouth [batch, ticks, 28] and closure [batch, ticks]."""

    mel: Tensor
    mouth: Tensor
    closure: Tensor


class Stretches:
    """All material of one file, kept in half precision."""

    def __init__(self, path: Path) -> None:
        with np.load(path) as file:
            self._mel = file["mel"]
            self._mouth = file["mouth"]
            self._closure = file["closure"]

    def __len__(self) -> int:
        return len(self._closure)

    def crops(self, count: int, ticks: int, random: Generator) -> Batch:
        """`count` random crops of `ticks`, each with a loudness and a noise of its own."""
        starts = random.integers(0, len(self) - ticks, count)
        mels = [disturbed(self._mel[s : s + ticks].astype(np.float32), random) for s in starts]
        mouths = [self._mouth[s : s + ticks] for s in starts]
        closures = [self._closure[s : s + ticks] for s in starts]
        return _batch(np.stack(mels), np.stack(mouths), np.stack(closures))

    def whole(self) -> Batch:
        """Everything as one sequence, as it was written."""
        return _batch(self._mel[None], self._mouth[None], self._closure[None])


def _batch(mel: Floats, mouth: Floats, closure: Floats) -> Batch:
    return Batch(*(torch.from_numpy(part.astype(np.float32)) for part in (mel, mouth, closure)))


def louder(mel: Floats, by: float) -> Floats:
    """Log-mel frames as if the sound were `by` decibels louder: exact, apart from clipping."""
    return _frames(_power(mel) * decibels(by) ** 2)


def disturbed(mel: Floats, random: Generator) -> Floats:
    """Log-mel frames [ticks, 4, 64] as another speaker, microphone and place may give them.

    Bands are moved by up to 12 % (as by a longer or shorter throat) and weighed by a smooth
    curve; the loudness changes; noise is added as power, of a random tilt, with the
    ripple that noise has in a band.
    """
    power = _stretched(_power(mel), random.uniform(0.89, 1.12))
    heights = random.normal(0.0, 3.0, 6)
    curve = np.interp(np.linspace(0, 5, mel.shape[-1]), np.arange(6), heights)
    power *= (10.0 ** ((curve + random.uniform(-14.0, 14.0)) / 10.0)).astype(np.float32)
    if random.random() < 0.4:
        tilt = np.linspace(random.uniform(-2.0, 2.0), random.uniform(-2.0, 2.0), mel.shape[-1])
        ripple = random.gamma(4.0, 0.25, mel.shape)
        below = decibels(-random.uniform(8.0, 40.0)) ** 2
        power += np.exp(tilt) * ripple * power.mean() * below
    return _frames(power)


def _stretched(power: Floats, by: float) -> Floats:
    """Bands moved to `by` times their number, linearly between neighbours."""
    bands = power.shape[-1]
    wanted = np.minimum(np.arange(bands) / by, bands - 1.0)
    below = np.minimum(wanted.astype(np.int64), bands - 2)
    share = (wanted - below).astype(np.float32)
    stretched: Floats = power[..., below] * (1.0 - share) + power[..., below + 1] * share
    return stretched


def _power(mel: Floats) -> Floats:
    """The logarithm undone."""
    power: Floats = np.maximum(np.exp(mel * _SCALE) - FLOOR, 0.0)
    return power


def _frames(power: Floats) -> Floats:
    """Power as `engine.mel.LogMel` gives it."""
    frames: Floats = (np.log(power + FLOOR) / _SCALE).astype(np.float32)
    return frames
