"""Are lips in time with a sound, and are they lips of this sound at all?

The judge compares sound and lips shifted against each other tick by tick and takes the
shift at which they agree best, as SyncNet does. Lips come from a mouth's coefficients
(`lips_of_mouths`) or from what a face tracker reads in pictures (`lips_of_points`).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch

from engine.arkit import MOUTH
from engine.types import Floats, floats
from models.sync import Sync
from train.voices.curves import lip_gap
from train.voices.targets import shape

WEIGHTS: Final = Path(__file__).with_name("sync.npz")
FURTHEST: Final = 15
"""Ticks by which lips are shifted to either side."""
IN_SYNC: Final = 0.13
"""Confidence from which lips count as those of the sound; measured, see train/README.md."""
SPREAD: Final = (
    shape(mouthStretch=0.5, mouthSmile=0.5) - shape(mouthPucker=1.0) - shape(mouthFunnel=0.5)
)
_SIDES, _CORNERS, _EYES = (13, 14), (61, 291), (33, 263)
"""Landmarks: inner lips above and below, corners of the mouth, outer corners of the eyes."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How sound and lips go together."""

    offset: int
    """Ticks by which the lips come later than the sound."""
    confidence: float
    """By how much the best shift is nearer than the usual one, 0..2."""

    @property
    def together(self) -> bool:
        """Whether these lips belong to this sound, in time or not."""
        return self.confidence >= IN_SYNC


class SyncJudge:
    """The trained judge.

    Args:
        network: see `models.sync`.
    """

    def __init__(self, network: Sync) -> None:
        self._network = network.eval()

    @classmethod
    def load(cls, path: Path = WEIGHTS) -> SyncJudge:
        """The judge of a file that `train.sync` wrote."""
        with np.load(path) as stored:
            weights = {name: torch.from_numpy(floats(stored[name])) for name in stored.files}
        network = Sync(weights["sound.0.bias"].numel(), weights["sound.6.bias"].numel())
        network.load_state_dict(weights)
        return cls(network)

    @torch.no_grad()
    def distances(self, mel: Floats, lips: Floats) -> Floats:
        """Mean distance at each shift from -FURTHEST to FURTHEST, [shifts], 0..2.

        Args:
            mel: [ticks, 4, 64].
            lips: [ticks, 2], of `lips_of_mouths` or `lips_of_points`.
        """
        ticks = min(len(mel), len(lips))
        heard, seen = self._network(
            torch.from_numpy(mel[None, :ticks]), torch.from_numpy(usual(lips[:ticks])[None])
        )
        alike = (heard[0] @ seen[0].T).numpy()
        shifts = range(-FURTHEST, FURTHEST + 1)
        return floats([1.0 - np.diagonal(alike, shift).mean() for shift in shifts])

    def __call__(self, mel: Floats, lips: Floats) -> Verdict:
        """Offset and confidence of sound and lips of the same length, two seconds or more."""
        distances = self.distances(mel, lips)
        best = int(np.argmin(distances))
        return Verdict(best - FURTHEST, float(np.median(distances) - distances[best]))


def lips_of_mouths(mouths: Floats) -> Floats:
    """How far lips are apart and spread, [..., 2], of mouths [..., 28]."""
    return np.stack([np.maximum(lip_gap(mouths), 0.0), mouths @ SPREAD], axis=-1)


def lips_of_points(points: Floats) -> Floats:
    """The same of landmarks [ticks, 468, 2 or 3], in shares of the eyes' distance."""

    def apart(pair: tuple[int, int]) -> Floats:
        far: Floats = np.linalg.norm(points[:, pair[0], :2] - points[:, pair[1], :2], axis=1)
        return far

    eyes = apart(_EYES)
    return np.stack([apart(_SIDES) / eyes, apart(_CORNERS) / eyes], axis=-1)


def usual(lips: Floats) -> Floats:
    """Lips [ticks, 2] with mean 0 and deviation 1 by channel; a channel that rests stays 0."""
    spread = lips.std(axis=0)
    scaled: Floats = (lips - lips.mean(axis=0)) / np.where(spread > 1e-4, spread, np.inf)
    return scaled.astype(np.float32)


assert len(SPREAD) == len(MOUTH)
