"""What a good mouth is: near its curve, moving as it does, closed when lips must touch."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor
from torch.nn.functional import smooth_l1_loss

from engine.arkit import MOUTH
from models.listen import LOOKAHEAD
from train.voices.batches import Batch
from train.voices.curves import GAP

_WEIGHTS: Final = {
    "jawOpen": 4.0, "mouthClose": 4.0, "mouthFunnel": 2.5, "mouthPucker": 2.5,
    "mouthRollLower": 3.0, "mouthRollUpper": 2.0, "mouthPressLeft": 1.5, "mouthPressRight": 1.5,
}  # fmt: skip
"""How much a coefficient counts; the others count 1."""
_FULLY_CLOSED: Final = 0.95
_MARGIN: Final = 0.03
"""Lips that must touch are pressed together this much, so that a small error does not part them."""


def lip_loss(predicted: Tensor, batch: Batch) -> Tensor:
    """Loss of mouths [batch, ticks, 28] that were put out for `batch`.

    What is put out at tick n belongs to tick n - LOOKAHEAD.
    """
    mouth = predicted[:, LOOKAHEAD:]
    wanted = batch.mouth[:, : mouth.shape[1]]
    closed = (batch.closure[:, : mouth.shape[1]] > _FULLY_CLOSED).float()
    weights = torch.tensor([_WEIGHTS.get(name, 1.0) for name in MOUTH])
    gaps = torch.from_numpy(GAP)

    near = (smooth_l1_loss(mouth, wanted, beta=0.12, reduction="none") * weights).mean()
    moving = smooth_l1_loss(mouth.diff(dim=1), wanted.diff(dim=1), beta=0.05, reduction="none")
    gap, wanted_gap = mouth @ gaps, wanted @ gaps
    apart = smooth_l1_loss(gap.clamp(min=-_MARGIN), wanted_gap.clamp(min=-_MARGIN), beta=0.05)
    parted = (torch.relu(gap + _MARGIN) * closed).sum() / closed.sum().clamp(min=1.0)
    return near + 0.5 * (moving * weights).mean() + apart + 0.8 * parted
