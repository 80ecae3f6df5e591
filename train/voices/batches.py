"""Batches of crops from the written material, spoiled once more as they are drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from torch import Tensor

from engine.mel import FLOOR
from engine.types import Floats
from train.voices.spoil import decibels

LABELS: Final = ("mouth", "closure", "prosody", "phone")
_SCALE: Final = np.float32(-np.log(FLOOR))
_COMPANY: Final = 0.25
_BEHIND: Final = (8.0, 26.0)
"""Decibels by which those who talk in the background are quieter."""


@dataclass(frozen=True, slots=True)
class Batch:
    """mel [batch, ticks, 4, 64], mouth [.., .., 28], prosody [.., .., 2], closure and phone."""

    mel: Tensor
    mouth: Tensor
    closure: Tensor
    prosody: Tensor
    phone: Tensor


class Stretches:
    """All material of one file, kept in half precision."""

    def __init__(self, path: Path) -> None:
        with np.load(path) as file:
            self._mel = file["mel"]
            self._labels = {name: file[name] for name in LABELS}

    def __len__(self) -> int:
        return len(self._mel)

    def crops(self, count: int, ticks: int, random: Generator) -> Batch:
        """`count` random crops of `ticks`, each with its own loudness, noise and company."""
        starts = random.integers(0, len(self) - ticks, count)
        mels = np.stack([self._heard(start, ticks, random) for start in starts])
        chosen = starts[:, None] + np.arange(ticks)
        return _batch(mels, {name: label[chosen] for name, label in self._labels.items()})

    def whole(self) -> Batch:
        """Everything as one sequence, as it was written."""
        return _batch(self._mel[None], {name: label[None] for name, label in self._labels.items()})

    def _heard(self, start: int, ticks: int, random: Generator) -> Floats:
        """One crop, disturbed; in `_COMPANY` of the cases others talk behind it."""
        others: list[Floats] = []
        if random.random() < _COMPANY:
            places = random.integers(0, len(self) - ticks, random.integers(1, 5))
            others = [self._mel[place : place + ticks].astype(np.float32) for place in places]
        return disturbed(self._mel[start : start + ticks].astype(np.float32), random, others)


def _batch(mel: NDArray[Any], labels: dict[str, NDArray[Any]]) -> Batch:
    phone = torch.from_numpy(labels["phone"].astype(np.int64))
    kept = {name: label for name, label in labels.items() if name != "phone"}
    parts = {name: torch.from_numpy(part.astype(np.float32)) for name, part in kept.items()}
    return Batch(torch.from_numpy(mel.astype(np.float32)), phone=phone, **parts)


def louder(mel: Floats, by: float) -> Floats:
    """Log-mel frames as if the sound were `by` decibels louder: exact, apart from clipping."""
    return _frames(_power(mel) * decibels(by) ** 2)


def disturbed(mel: Floats, random: Generator, others: Sequence[Floats] = ()) -> Floats:
    """Log-mel frames [ticks, 4, 64] as another speaker, microphone and place may give them.

    Bands are moved by up to 12 % (as by a longer or shorter throat) and weighed by a smooth
    curve; the loudness changes; noise is added as power, of a random tilt, with the
    ripple that noise has in a band; so are `others`, who talk further away.
    """
    power = _stretched(_power(mel), random.uniform(0.87, 1.14))
    if others:
        talk = np.sum([_power(other) for other in others], axis=0, dtype=np.float32)
        below = decibels(-random.uniform(*_BEHIND)) ** 2
        power += talk * np.float32(below * power.mean() / (talk.mean() + FLOOR))
    heights = random.normal(0.0, 3.0, 6)
    curve = np.interp(np.linspace(0, 5, mel.shape[-1]), np.arange(6), heights)
    power *= (10.0 ** ((curve + random.uniform(-14.0, 14.0)) / 10.0)).astype(np.float32)
    if random.random() < 0.45:
        tilt = np.linspace(random.uniform(-2.0, 2.0), random.uniform(-2.0, 2.0), mel.shape[-1])
        ripple = random.gamma(4.0, 0.25, mel.shape)
        below = decibels(-random.uniform(5.0, 40.0)) ** 2
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
