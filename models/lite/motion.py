"""Coefficients to a latent, each component in directions of its own.

As in EDTalk (Tan et al., 2024) a component may move the latent only within its own bank,
and all directions of all banks are orthonormal: Q of the QR decomposition of one learnt
matrix, whose columns are dealt out to mouth, pose and expression. How far to go along
each direction a small network a component says, out of what the face is to do and what
was read on the portrait.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.lite.layers import SLOPE
from models.lite.sizes import EXPRESSION, LATENT, MOUTH, POSE, READING

HIDDEN: Final = 64
"""Units of each component's network."""
POSE_UNIT: Final = (15.0, 10.0, 10.0, 0.1, 0.1, 0.1)
"""Yaw, pitch, roll in degrees, shift in shares of the width, logarithm of scale: about 1."""
PARTS: Final = [MOUTH, EXPRESSION, READING - MOUTH - EXPRESSION]
"""Of a reading: coefficients of mouth and expression, and the turn."""
COMPONENTS: Final = {"mouth": MOUTH, "pose": POSE, "expression": EXPRESSION}


class Banks(nn.Module):
    """Orthonormal directions of the latent, [256, 58]."""

    def __init__(self) -> None:
        super().__init__()
        self.free = nn.Parameter(torch.randn(LATENT, sum(COMPONENTS.values())) / LATENT**0.5)

    def forward(self) -> Tensor:
        directions: Tensor = torch.linalg.qr(self.free.float())[0]
        return directions


class FixedBanks(nn.Module):
    """`Banks` as they were learnt: no decomposition is left in the graph."""

    directions: Tensor

    def __init__(self, banks: Banks) -> None:
        super().__init__()
        self.register_buffer("directions", banks().detach().clone())

    def forward(self) -> Tensor:
        return self.directions


class Motion(nn.Module):
    """What the face is to do, as a step in the latent."""

    pose_unit: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.banks: Banks | FixedBanks = Banks()
        sizes = COMPONENTS.items()
        self.wanted = nn.ModuleDict({name: nn.Linear(size, HIDDEN) for name, size in sizes})
        self.own = nn.ModuleDict(
            {name: nn.Linear(size, HIDDEN, bias=False) for name, size in sizes}
        )
        self.steps = nn.ModuleDict({name: nn.Linear(HIDDEN, size) for name, size in sizes})
        self.register_buffer("pose_unit", torch.tensor(POSE_UNIT))

    def start(self, reading: Tensor) -> Tensor:
        """The portrait's share of the networks, once an avatar: [b, 55] to [b, 3 x HIDDEN]."""
        mouth, expression, turn = torch.split(
            reading, [MOUTH, EXPRESSION, READING - MOUTH - EXPRESSION], dim=1
        )
        pose = torch.cat([turn / self.pose_unit[:3], torch.zeros_like(turn)], dim=1)
        parts = {"mouth": mouth, "pose": pose, "expression": expression}
        return torch.cat([self.own[name](parts[name]) for name in COMPONENTS], dim=1)

    def forward(self, mouth: Tensor, pose: Tensor, expression: Tensor, start: Tensor) -> Tensor:
        """The step [b, 256] for coefficients [b, 28], [b, 6], [b, 24] and a portrait's `start`."""
        parts = {"mouth": mouth, "pose": pose / self.pose_unit, "expression": expression}
        steps = []
        for name, begun in zip(COMPONENTS, torch.split(start, HIDDEN, dim=1), strict=True):
            hidden = functional.leaky_relu(self.wanted[name](parts[name]) + begun, SLOPE)
            steps.append(self.steps[name](hidden))
        directions: Tensor = self.banks()
        return torch.cat(steps, dim=1) @ directions.T
