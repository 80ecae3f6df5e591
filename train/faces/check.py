"""What people who are never trained on make of a network: figures and pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor

from engine.types import Floats
from models.lite.decoder import Correction
from train.faces.batches import Batch, plain_batch
from train.faces.features import Features
from train.faces.losses import applied
from train.faces.pairs import Pairs
from train.faces.regions import feature_crops
from train.faces.training import Training

SHOWN: Final = 6
"""Targets of each person."""


@dataclass(frozen=True, slots=True)
class Checked:
    """One person's targets, and what a network made of them."""

    batch: Batch
    said: Correction
    made: Tensor


def held_out_batches(people: list[Pairs], shown: int = SHOWN) -> list[Batch]:
    """The same few targets of each person's plain portrait, those that move most among them."""
    batches = []
    for number, person in enumerate(people):
        able = np.flatnonzero(person.source == 0)
        random = np.random.default_rng(number)
        chosen = random.choice(able, min(shown, len(able)), replace=False)
        batches.append(plain_batch(person, np.sort(chosen)))
    return batches


@torch.no_grad()
def check(training: Training, batches: list[Batch]) -> list[Checked]:
    """What the running mean of a training makes of held-out people."""
    checked = []
    for batch in batches:
        moved = batch.to(training.device)
        said, _, made = applied(moved, training.ask(training.mean, moved))
        checked.append(Checked(moved, said, made))
    return checked


@torch.no_grad()
def figures(checked: list[Checked], features: Features | None) -> dict[str, float]:
    """Differences from the truth at mouth and eyes, of the mesh alone and of the network.

    Absolute ones in grey levels and, with `features`, distances of features.
    """
    found: dict[str, list[Floats]] = {}
    for one in checked:
        boxes = one.batch.boxes
        wanted = feature_crops(one.batch.wanted, boxes)
        for name, pictures in (("mesh", one.batch.drawn), ("network", one.made)):
            for part, made, true in zip(
                ("mouth", "eyes"), feature_crops(pictures, boxes), wanted, strict=True
            ):
                wrong = (made - true).abs().mean((1, 2, 3)) * 255
                found.setdefault(f"{part} levels, {name}", []).append(wrong.cpu().numpy())
                if features is not None:
                    unlike = features.compare(made, true)
                    found.setdefault(f"{part} features, {name}", []).append(unlike.cpu().numpy())
    return {name: float(np.concatenate(values).mean()) for name, values in found.items()}
