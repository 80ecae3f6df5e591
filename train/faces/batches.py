"""Batches for the small network: some people, some targets each, varied at random.

Everything is drawn by numpy on the CPU from a seed and the step's number, so that any
machine is taught the same; only what comes out is put onto the device.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.arkit import EXPRESSION, MOUTH
from engine.types import Floats, floats
from train.faces.pairs import Pairs

GAIN: Final = 0.1
"""Standard deviation of the logarithm of each colour's gain."""
READING_NOISE: Final = 0.03
"""Standard deviation of what is added to the coefficients read on a portrait."""
_NAMES: Final = (*MOUTH, *EXPRESSION)
_BLINKS: Final = [_NAMES.index(f"eyeBlink{side}") for side in ("Right", "Left")]


def _other_side(name: str) -> str:
    if name.endswith("Left"):
        return name.removesuffix("Left") + "Right"
    return name.removesuffix("Right") + "Left" if name.endswith("Right") else name


MIRRORED: Final = np.array(
    [_NAMES.index(other) if (other := _other_side(name)) in _NAMES else n
     for n, name in enumerate(_NAMES)]
)  # fmt: skip
"""Where each coefficient's value comes from when left and right change places."""
TURNED: Final = floats([-1, 1, -1, -1, 1, 1])
"""Signs of the pose in a mirror; the first three are those of a turn."""


@dataclass(frozen=True, slots=True)
class Batch:
    """b targets of i portraits; target n belongs to portrait n // (b / i).

    `portraits` [i, 3, 128, 128] in -1..1, `landmarks` [i, 5, 128, 128], `readings` [i, 55];
    `mouth`, `pose`, `expression` [b, n]; `drawn` and `wanted` [b, 3, 256, 256] in 0..1;
    `flow` and `residual` [b, 2, 64, 64], `known` [b, 1, 64, 64]; `inside` [b, 1, 128, 128];
    `boxes` [b, 3, 4] of mouth and eyes; `blinks` [b, 2] of the eyes in the same order.
    """

    portraits: Tensor
    landmarks: Tensor
    readings: Tensor
    mouth: Tensor
    pose: Tensor
    expression: Tensor
    drawn: Tensor
    wanted: Tensor
    flow: Tensor
    residual: Tensor
    known: Tensor
    inside: Tensor
    boxes: Tensor
    blinks: Tensor

    def __len__(self) -> int:
        return len(self.drawn)

    @property
    def motion(self) -> tuple[Tensor, Tensor, Tensor]:
        """Mouth, pose and expression."""
        return self.mouth, self.pose, self.expression

    @property
    def repeats(self) -> int:
        """Targets of each portrait."""
        return len(self.drawn) // len(self.portraits)

    def to(self, device: torch.device) -> Batch:
        """The same on a device."""
        return Batch(*(getattr(self, field.name).to(device) for field in fields(self)))


class Sampler:
    """Draws batches.

    Args:
        groups: people of each kind (invented, photographed) and how often a kind is drawn.
        people: portraits in a batch.
        targets: of each.
    """

    def __init__(self, groups: list[tuple[list[Pairs], float]], people: int, targets: int) -> None:
        self._groups = [(pairs, often) for pairs, often in groups if pairs]
        total = sum(often for _, often in self._groups)
        self._often = [often / total for _, often in self._groups]
        self._people, self._targets = people, targets

    def draw(self, random: np.random.Generator) -> Batch:
        """A batch."""
        parts = []
        for _ in range(self._people):
            group = self._groups[int(random.choice(len(self._groups), p=self._often))][0]
            person = group[int(random.integers(len(group)))]
            portrait = int(random.integers(len(person.portraits)))
            able = np.flatnonzero(person.source == portrait)
            chosen = random.choice(able, self._targets, replace=len(able) < self._targets)
            part = _arrays(person, portrait, chosen)
            parts.append(_varied(part, random))
        return _joined(parts)


def plain_batch(person: Pairs, chosen: NDArray[np.int64]) -> Batch:
    """Pairs of one portrait, unvaried."""
    return _joined([_arrays(person, int(person.source[chosen[0]]), chosen)])


def _joined(parts: list[dict[str, Floats]]) -> Batch:
    return Batch(
        **{
            field.name: torch.from_numpy(
                np.ascontiguousarray(np.concatenate([part[field.name] for part in parts]))
            )
            for field in fields(Batch)
        }
    )


def _arrays(person: Pairs, portrait: int, chosen: NDArray[np.int64]) -> dict[str, Floats]:
    target = person.target[chosen]
    motions = person.motions[chosen]
    mouth, pose, expression = np.split(motions, [len(MOUTH), len(MOUTH) + 6], axis=1)
    face = np.concatenate([mouth, expression], axis=1)
    return {
        "portraits": _planes(person.portraits[portrait : portrait + 1]) * np.float32(2) - 1,
        "landmarks": floats(person.landmarks[portrait : portrait + 1]),
        "readings": person.readings[portrait : portrait + 1],
        "mouth": mouth,
        "pose": pose,
        "expression": expression,
        "drawn": _planes(person.drawn[chosen]),
        "wanted": _planes(person.wanted[target]),
        "flow": floats(person.flow[chosen]),
        "residual": floats(person.residual[chosen]),
        "known": floats(person.known[chosen, None]),
        "inside": floats(person.inside[target, None]),
        "boxes": person.boxes[target],
        "blinks": face[:, _BLINKS],
    }


def _planes(pictures: NDArray[np.uint8]) -> Floats:
    return pictures.transpose(0, 3, 1, 2).astype(np.float32) / np.float32(255)


def _varied(part: dict[str, Floats], random: np.random.Generator) -> dict[str, Floats]:
    """Mirrored or not, other colours, another reading."""
    if random.random() < 0.5:
        part = mirrored(part)
    gain = floats(np.exp(random.normal(0, GAIN, (1, 3, 1, 1))))
    part["portraits"] = ((part["portraits"] + 1) * gain - 1).clip(-1, 1)
    for name in ("drawn", "wanted"):
        part[name] = (part[name] * gain).clip(0, 1)
    noise = random.normal(0, READING_NOISE, (1, len(_NAMES)))
    part["readings"] = part["readings"].copy()
    part["readings"][:, : len(_NAMES)] += floats(noise)
    return part


def mirrored(part: dict[str, Floats]) -> dict[str, Floats]:
    """Arrays of a batch, by name, as a mirror shows them."""
    flipped = {
        name: part[name][..., ::-1].copy()
        for name in (
            "portraits", "landmarks", "drawn", "wanted", "flow", "residual", "known", "inside"
        )
    }  # fmt: skip
    flipped["landmarks"][:, 0] *= -1
    for name in ("flow", "residual"):
        flipped[name][:, 0] *= -1
    face = np.concatenate([part["mouth"], part["expression"]], axis=1)[:, MIRRORED]
    reading = part["readings"].copy()
    reading[:, : len(_NAMES)] = reading[:, MIRRORED]
    reading[:, len(_NAMES) :] *= TURNED[:3]
    boxes = part["boxes"][:, [0, 2, 1]][..., [2, 1, 0, 3]].copy()
    boxes[..., [0, 2]] = 1 - boxes[..., [0, 2]]
    return {
        **flipped,
        "mouth": face[:, : len(MOUTH)],
        "expression": face[:, len(MOUTH) :],
        "pose": part["pose"] * TURNED,
        "readings": reading,
        "boxes": boxes,
        "blinks": part["blinks"][:, ::-1].copy(),
    }
