"""A person's face moved by coefficients: MakeHuman's 52 units on top of a calm look."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from engine import facemesh
from engine.types import Floats
from train.expressions import NAMES
from train.people.head import Anatomy
from train.people.landmarks import Place
from train.people.makehuman import Target

REPOSE: Final[Mapping[str, float]] = {
    "browInnerUp": 0.55,
    "browOuterUpLeft": 0.15,
    "browOuterUpRight": 0.15,
    "eyeBlinkLeft": 0.04,
    "eyeBlinkRight": 0.04,
}
"""The calm look: MakeHuman's brows raised out of their frown."""
STRONGER: Final[Mapping[str, float]] = {
    "browInnerUp": 2.2,
    "browOuterUp": 1.25,
    "browDown": 1.15,
    "mouthFunnel": 1.7,
    "mouthPucker": 1.5,
    "mouthLowerDown": 1.3,
    "mouthUpperUp": 1.3,
    "eyeLookUp": 1.5,
}
"""Factors that make MakeHuman's units move landmarks as far as the engine's mesh does, whose
units were adjusted (see train.people.units), and eyes as far as engine.eyes."""
LIDS: Final = {
    "Left": (facemesh.LID_UPPER_LEFT, facemesh.LID_LOWER_LEFT),
    "Right": (facemesh.LID_UPPER_RIGHT, facemesh.LID_LOWER_RIGHT),
}
LID_FACTORS: Final = (0.75, 1.6)


class Muscles:
    """Moves the face of the person whose vertices without expression are `rest` [n, 3]."""

    def __init__(self, anatomy: Anatomy, place: Place, rest: Floats) -> None:
        self.anatomy, self.rest = anatomy, rest
        usual, own = place.of(anatomy.mesh.vertices), place.of(rest)
        self._lids = {side: _lid_factor(usual, own, side) for side in LIDS}
        eyes = np.concatenate([anatomy.group_vertices(f"helper-{side}-eye") for side in "lr"])
        self._eyeballs = np.zeros(len(rest), bool)
        self._eyeballs[eyes] = True

    def body(self, coefficients: Floats) -> Floats:
        """Vertices [n, 3] under `coefficients` [52]; all 0 is the calm face."""
        weights = dict(zip(NAMES, coefficients.tolist(), strict=True))
        body = self.rest.copy()
        for name, weight in weights.items():
            side = "Left" if name.endswith("Left") else "Right" if name.endswith("Right") else ""
            blink = weights.get(f"eyeBlink{side}", 0.0)
            calm = REPOSE.get(name, 0.0)
            if name.startswith("eyeBlink"):
                total = (calm + (1 - calm) * weight) * self._lids[side]
            else:
                total = calm + weight * STRONGER.get(name.removesuffix(side), 1.0)
            if name.startswith(("eyeWide", "eyeSquint")):
                total *= 1 - blink
            if total == 0:
                continue
            unit = self.anatomy.units[name]
            if name.startswith("eyeLook") and blink > 0:
                # Eyes turn behind closed lids, and do not open them.
                _chosen(unit, ~self._eyeballs).add_to(body, total * (1 - blink))
                unit = _chosen(unit, self._eyeballs)
            unit.add_to(body, total)
        return body


def _chosen(unit: Target, keep: Floats) -> Target:
    kept = keep[unit.indices]
    return Target(unit.indices[kept], unit.offsets[kept])


def _lid_factor(usual: Floats, own: Floats, side: str) -> float:
    """How much farther a blink has to go than on the base mesh, for which it was made."""
    upper, lower = (list(points) for points in LIDS[side])
    gaps = [float((face[upper, 1] - face[lower, 1])[2:5].mean()) for face in (usual, own)]
    return float(np.clip(gaps[1] / gaps[0], *LID_FACTORS))
