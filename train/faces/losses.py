"""What a correction is held to.

An absolute difference alone rewards a blur, so features of mouth and eyes count as well.
Alpha dies if it is only ever punished: while colours are still bad, less of them is always
better. So inside the mouth, where the mesh is wrong, it is told to be there from the first
step on, and left to the other losses later.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

import torch
from torch import Tensor
from torch.nn import functional

from models.lite.decoder import Correction
from models.lite.layers import halved
from models.lite.network import bent, repainted
from train.faces.batches import Batch
from train.faces.features import Features
from train.faces.regions import feature_crops, soft_boxes

WRONG: Final = 0.08
"""Mean difference between mesh and truth at which the mesh counts as plainly wrong."""
MOST_ALPHA: Final = 0.9
"""What alpha is told to be there."""
STILL: Final = 0.002
"""Shares of the width that the mesh moves a place, on the mean, below which it hardly moves."""
AROUND, MOUTH, EYE = 0.4, 6.0, 4.0
"""Weights of a difference anywhere, and more at the mouth and at an eye."""

Losses: TypeAlias = dict[str, Tensor]


class Repainted(NamedTuple):
    """An answer in float32, the mesh's pictures bent by it, and repainted as well."""

    said: Correction
    base: Tensor
    made: Tensor


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each loss counts. `guided` falls to nothing in the first half."""

    flow: float = 30.0
    moved: float = 40.0
    whole: float = 2.0
    near: float = 1.0
    edges: float = 1.0
    colour: float = 0.5
    guided: float = 0.3
    alpha: float = 0.3
    features: float = 1.0


def lite_losses(batch: Batch, answer: Repainted, weights: Weights, share: float) -> Losses:
    """Losses by name, weighted.

    Args:
        batch: what was asked.
        answer: what was answered and made of it.
        weights: of the losses.
        share: of the training that is over, 0..1.
    """
    said, base, made = answer
    near = soft_boxes(batch.boxes, said.alpha.shape[-1])
    weight = AROUND + MOUTH * near[:, :1] + EYE * near[:, 1:].sum(1, keepdim=True)
    weight = weight / weight.mean()
    known = batch.known * functional.avg_pool2d(weight, 2)
    wanted = halved(batch.wanted)
    whole = (halved(made) - wanted).abs() * weight
    painted = halved(base.detach()) + said.change
    colour = (painted - wanted).abs() * (near.sum(1, keepdim=True) + 0.05)
    crops = [*zip(_crops(made, batch), _crops(batch.wanted, batch), strict=True)]
    losses = {
        "flow": weights.flow * ((said.residual - batch.residual).abs() * known).mean(),
        "moved": weights.moved * _taken_back(said.residual, batch, near),
        "whole": weights.whole * whole.mean(),
        "near": weights.near * _mean(crops, _difference),
        "edges": weights.edges * _mean(crops, _edges),
        "colour": weights.colour * colour.mean(),
        "alpha": weights.alpha * _unwanted(said.alpha, near, batch.blinks),
    }
    if share < 0.5:
        losses["guided"] = weights.guided * (1 - 2 * share) * _guided(said.logit, batch, wanted)
    return losses


def feature_loss(
    features: Features, batch: Batch, made: Tensor, judged: Tensor, weights: Weights
) -> Tensor:
    """How unlike mouths and eyes look in the pictures with the numbers `judged` [n]."""
    boxes = batch.boxes[judged]
    pairs = zip(
        feature_crops(made[judged], boxes), feature_crops(batch.wanted[judged], boxes), strict=True
    )
    return weights.features * _mean([*pairs], features.compare)


def applied(batch: Batch, said: Correction) -> Repainted:
    """An answer, and the pictures it makes."""
    said = Correction(*(part.float() for part in said))
    base = bent(batch.drawn, said)
    return Repainted(said, base, repainted(base, said))


def _taken_back(residual: Tensor, batch: Batch, near: Tensor) -> Tensor:
    """How much more of the mesh's own movement is taken back than is right, squared.

    Each place alone may be nearly right while a head turns less, or a jaw opens less, than it
    was told to: what is learnt lies between nothing and the truth. So the whole face counts as
    one, and the mouth as one.
    """
    mouth = batch.known * functional.avg_pool2d(near[:, :1], 2)
    return torch.stack(
        [
            functional.relu(_along(batch.residual, batch, where) - _along(residual, batch, where))
            .square()
            .mean()
            for where in (batch.known, mouth)
        ]
    ).sum()


def _along(residual: Tensor, batch: Batch, where: Tensor) -> Tensor:
    """The share of the mesh's movement that a residual adds, [b]; takes back, where negative."""
    least = STILL**2 * where.sum((1, 2, 3)) + 1e-9
    energy = (batch.flow.square() * where).sum((1, 2, 3))
    return (residual * batch.flow * where).sum((1, 2, 3)) / (energy + least)


def _crops(pictures: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
    return feature_crops(pictures, batch.boxes)


def _mean(
    pairs: list[tuple[Tensor, Tensor]], compare: Callable[[Tensor, Tensor], Tensor]
) -> Tensor:
    return torch.stack([compare(made, wanted).mean() for made, wanted in pairs]).mean()


def _difference(made: Tensor, wanted: Tensor) -> Tensor:
    return (made - wanted).abs()


def _edges(made: Tensor, wanted: Tensor) -> Tensor:
    """Differences of the slopes to the right and downwards."""
    wrong = made - wanted
    across, down = wrong[..., :, 1:] - wrong[..., :, :-1], wrong[..., 1:, :] - wrong[..., :-1, :]
    return across.abs().mean() + down.abs().mean()


def _unwanted(alpha: Tensor, near: Tensor, blinks: Tensor) -> Tensor:
    """Alpha where little needs repainting: beside the features, and on open eyes.

    Light changes on all of a face that turns, so that it is only dear there, not forbidden.
    """
    beside = 1 - near.amax(1, keepdim=True)
    opened = near[:, 1:] * (1 - blinks)[..., None, None]
    return (alpha * (0.05 * beside + 0.4 * opened.amax(1, keepdim=True) + 0.01)).mean()


def _guided(logit: Tensor, batch: Batch, wanted: Tensor) -> Tensor:
    """How far alpha is from where it should begin: inside the mouth, where the mesh is wrong."""
    wrong = (halved(batch.drawn) - wanted).abs().mean(1, keepdim=True)
    wrong = functional.avg_pool2d(wrong, 5, 1, 2)
    goal = MOST_ALPHA * (wrong / WRONG).clamp(max=1)
    missed = functional.binary_cross_entropy_with_logits(4 * logit - 2, goal, reduction="none")
    return (missed * batch.inside).sum() / (batch.inside.sum() + 1)
