"""What each exported graph computes.

`PortraitGraph` runs once an avatar. `HostGraph` gives the correction and leaves warping
and blending at full size to the engine, which is quicker at them on a CPU. `FullGraph`
makes whole pictures, any number at once, for backends that are quick at everything.
"""

from __future__ import annotations

import copy
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.correction import BENT, INSIDE
from models.lite.decoder import Statics
from models.lite.layers import enlarged, places, warp_rows
from models.lite.motion import Banks, FixedBanks
from models.lite.network import Lite, repainted
from models.lite.sizes import COLOUR, FLOW

LEVELS: Final = 255.0
PLACES: Final = 32.0
"""The engine counts places in this many parts of a pixel (OpenCV's remap)."""
STATICS: Final = Statics._fields
MOTION: Final = ("mouth", "pose", "expression")


def frozen(network: Lite) -> Lite:
    """A copy whose banks are fixed: no decomposition is left to export."""
    fixed = copy.deepcopy(network).eval().requires_grad_(False)
    assert isinstance(fixed.motion.banks, Banks)
    fixed.motion.banks = FixedBanks(fixed.motion.banks)
    return fixed


class PortraitGraph(nn.Module):
    """`picture`, `landmarks`, `reading` to the avatar's tensors."""

    def __init__(self, network: Lite) -> None:
        super().__init__()
        self.network = network

    def forward(self, picture: Tensor, landmarks: Tensor, reading: Tensor) -> Statics:
        statics: Statics = self.network.look(picture, landmarks, reading)
        return statics


class HostGraph(nn.Module):
    """Motion, flow, what the mesh drew and the avatar to an `engine.correction.Answer`."""

    def __init__(self, network: Lite) -> None:
        super().__init__()
        self.network = network

    def forward(
        self,
        mouth: Tensor,
        pose: Tensor,
        expression: Tensor,
        flow: Tensor,
        drawn: Tensor,
        identity: Tensor,
        start: Tensor,
        coarse: Tensor,
        middle: Tensor,
    ) -> tuple[Tensor, Tensor]:
        statics = Statics(identity, start, coarse, middle)
        said = self.network(statics, (mouth, pose, expression), drawn, flow, warp_rows)
        return said.residual, torch.cat([said.change, said.alpha], dim=1)


class FullGraph(nn.Module):
    """Everything of a picture but the mesh itself.

    Inputs: `skin` [b, 3, n, n] in 0..1, `flow` [b, 2, 128, 128] in shares of the width,
    `overlay` [b, 4, n, n] (`engine.overlay`), `opening` [b, 1, 128, 128] (where the inside of
    the mouth shows), the motion and the avatar's tensors. Output: `picture` uint8 [b, n, n, 3].
    """

    def __init__(self, network: Lite) -> None:
        super().__init__()
        self.network = network

    def forward(
        self,
        skin: Tensor,
        flow: Tensor,
        overlay: Tensor,
        opening: Tensor,
        mouth: Tensor,
        pose: Tensor,
        expression: Tensor,
        identity: Tensor,
        start: Tensor,
        coarse: Tensor,
        middle: Tensor,
    ) -> Tensor:
        size = skin.shape[-1]
        warped = _warped(skin, enlarged(flow, size))
        sketch = _whole_levels(warped * (1 - overlay[:, 3:]) + overlay[:, :3])
        drawn = _whole_levels(functional.avg_pool2d(sketch, size // COLOUR))
        seen = functional.avg_pool2d(flow, flow.shape[-1] // FLOW)
        statics = Statics(identity, start, coarse, middle)
        said = self.network(statics, (mouth, pose, expression), drawn, seen)
        base = _warped(sketch, enlarged(BENT * said.residual, size))
        made = repainted(base, said._replace(alpha=said.alpha * (1 - INSIDE * opening)))
        return (made * LEVELS).round().clamp(0.0, LEVELS).permute(0, 2, 3, 1).to(torch.uint8)


def _warped(pictures: Tensor, flow: Tensor) -> Tensor:
    """Pictures [b, 3, n, n] through a flow in shares of the width, as the engine warps them."""
    size = pictures.shape[-1]
    rounded = ((places(flow) + 1) * (size / 2) - 0.5) * PLACES
    found = (rounded.round() / PLACES + 0.5) * (2 / size) - 1
    return _whole_levels(
        functional.grid_sample(
            pictures, found, mode="bilinear", padding_mode="border", align_corners=False
        )
    )


def _whole_levels(pictures: Tensor) -> Tensor:
    return (pictures * LEVELS).round() / LEVELS


class Halved(nn.Module):
    """A layer in half precision between casts; what surrounds it stays as it was."""

    def __init__(self, layer: nn.Conv2d | nn.Linear) -> None:
        super().__init__()
        self.layer = copy.deepcopy(layer).half()

    def forward(self, signal: Tensor) -> Tensor:
        made: Tensor = self.layer(signal.half()).float()
        return made


def halved(network: Lite) -> Lite:
    """A copy with convolutions and linear layers in half precision.

    Flows, warps, colours and all sums stay in float32: near pixel 256 half precision
    knows places only to an eighth of a pixel.
    """
    changed = copy.deepcopy(network)
    for parent in [*changed.modules()]:
        for name, layer in [*parent.named_children()]:
            if isinstance(layer, nn.Conv2d | nn.Linear):
                setattr(parent, name, Halved(layer))
    return changed
