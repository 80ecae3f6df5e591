"""What a good mouth is: near its curve, moving as it does, closed when lips must touch.

And how far it is understood what else is said: prosody and phones.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, smooth_l1_loss

from engine.arkit import MOUTH
from models.listen import LOOKAHEAD, Understood
from train.voices.batches import Batch
from train.voices.curves import GAP

_WEIGHTS: Final = {
    "jawOpen": 4.0, "mouthClose": 4.0, "mouthFunnel": 2.5, "mouthPucker": 2.5,
    "mouthRollLower": 10.0, "mouthRollUpper": 2.0, "mouthPressLeft": 1.5, "mouthPressRight": 1.5,
}  # fmt: skip
"""How much a coefficient counts; the others count 1."""
_FULLY_CLOSED: Final = 0.95
_MARGIN: Final = 0.03
"""Lips that must touch are pressed together this much, so that a small error does not part them."""


_ROLL: Final = MOUTH.index("mouthRollLower")
_TUCKED: Final = 0.25
"""Roll of the lower lip that only f and v have. They are rare: an error that counts by its size
alone would be least if the lip never rolled."""
_PROSODY: Final = 0.3
_PHONES: Final = 0.03
"""Weights beside that of the mouth, which is what matters."""


def hearing_loss(understood: Understood, batch: Batch) -> Tensor:
    """Loss of all that was put out for `batch`."""
    ticks = batch.phone.shape[1] - LOOKAHEAD
    prosody = understood.prosody[:, LOOKAHEAD:] - batch.prosody[:, :ticks]
    phones = cross_entropy(
        understood.phones[:, LOOKAHEAD:].flatten(0, 1), batch.phone[:, :ticks].flatten()
    )
    mouth = lip_loss(understood.mouth, batch)
    return mouth + _PROSODY * prosody.square().mean() + _PHONES * phones


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
    roll, wanted_roll = mouth[..., _ROLL], wanted[..., _ROLL]
    tucked = (wanted_roll > _TUCKED).float()
    missed = (torch.relu(wanted_roll - roll) * tucked).sum() / tucked.sum().clamp(min=1.0)
    return near + 0.5 * (moving * weights).mean() + apart + 0.8 * parted + 0.1 * missed
