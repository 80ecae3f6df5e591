"""Parameters that official checkpoints hold and that have no effect on any picture.

They exist so that checkpoints load strictly and can be written again. Noise is never
injected; the first level's colours are never asked for; the expression module's first
branch is overwritten by its second.
"""

from __future__ import annotations

import torch
from torch import nn

from models.edtalk.equalised import EqualConv, Rectifier


class DeadNoise(nn.Module):
    """How strong noise would be."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))


class DeadColours(nn.Module):
    """Colours of the decoder's first maps, [b, channels, 4, 4]."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(1, 3, 1, 1))
        self.conv = nn.Sequential(EqualConv(channels, 3, 1), Rectifier(3))


def dead_keys(keys: list[str]) -> list[str]:
    """Those of a generator's state-dict keys that have no effect."""
    branch = (".conv1.", ".norm1.")
    return [
        key
        for key in keys
        if key.endswith("noise.weight")
        or key.startswith("dec.to_rgb1.")
        or (key.startswith("dec.fineadainresblock.") and any(part in key for part in branch))
    ]
