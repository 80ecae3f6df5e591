"""How far each vertex of the base mesh goes along when the head turns.

The head's own vertices go all the way, shoulders stay, the neck bends between them.
"""

from __future__ import annotations

import json
from typing import Any, Final

import numpy as np

from engine.types import Floats, floats
from train.people.head import Anatomy

NECK_SHARES: Final = {"neck01": 0.15, "neck02": 0.45, "neck03": 0.8}
BODY_BONES: Final = (
    "breast", "clavicle", "finger", "foot", "lower", "metacarpal", "pelvis", "root", "shoulder",
    "spine", "toe", "upper", "wrist",
)  # fmt: skip
LOOSE_BELOW: Final = 0.9
"""How far below the chin hair no longer goes along at all, decimetres."""


def head_weights(anatomy: Anatomy) -> Floats:
    """Shares of the head's turn, [n], from the weights of MakeHuman's standard skeleton."""
    path = anatomy.data / "mpfb2/rigs/standard/weights.default.json"
    bones: dict[str, list[list[Any]]] = json.loads(path.read_text())["weights"]
    share = np.zeros(len(anatomy.mesh.vertices), np.float32)
    total = np.zeros_like(share)
    for bone, weights in bones.items():
        if not weights:
            continue
        vertices, amounts = np.array(weights, np.float64).T
        along = 0.0 if bone.startswith(BODY_BONES) else 1.0
        along = NECK_SHARES.get(bone, along)
        np.add.at(total, vertices.astype(int), amounts)
        np.add.at(share, vertices.astype(int), along * amounts)
    return floats(np.clip(share / np.maximum(total, 1e-6), 0, 1))


def hair_weights(hair: Floats, chin: float) -> Floats:
    """Shares of the head's turn for hair [n, 3]: all above the chin's y, less the lower."""
    height = np.clip((hair[:, 1] - chin) / LOOSE_BELOW + 1, 0, 1)
    return floats(height**2 * (3 - 2 * height))
