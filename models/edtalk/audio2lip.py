"""Sound to mouth: what `Audio2Lip.pt` holds.

The sound encoder of Prajwal et al., "A lip sync expert is all you need" (2020), and a
linear layer that says how far to go along each of the mouth's directions.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn

from models.edtalk.layout import MOUTH

BANDS: Final = 80
COLUMNS: Final = 16
"""Of a mel spectrogram, that are heard for one picture."""
BLOCKS: Final = (
    (1, 32, 3, (1, 1), 1),
    (32, 32, 3, (1, 1), 1),
    (32, 32, 3, (1, 1), 1),
    (32, 64, 3, (3, 1), 1),
    (64, 64, 3, (1, 1), 1),
    (64, 64, 3, (1, 1), 1),
    (64, 128, 3, (3, 3), 1),
    (128, 128, 3, (1, 1), 1),
    (128, 128, 3, (1, 1), 1),
    (128, 256, 3, (3, 2), 1),
    (256, 256, 3, (1, 1), 1),
    (256, 512, 3, (1, 1), 0),
    (512, 512, 1, (1, 1), 0),
)
"""Channels in and out, kernel, stride and padding; a block that keeps its maps' shape
adds what it was given, but for the last."""


class Block(nn.Module):
    """A convolution, normalised over batches, and a rectifier."""

    def __init__(
        self, inputs: int, outputs: int, kernel: int, stride: tuple[int, int], pad: int
    ) -> None:
        super().__init__()
        self.conv_block = nn.Sequential(
            nn.Conv2d(inputs, outputs, kernel, stride, pad), nn.BatchNorm2d(outputs)
        )
        self.adds = inputs == outputs and kernel == 3

    def forward(self, signal: Tensor) -> Tensor:
        made = self.conv_block(signal)
        return torch.relu(made + signal if self.adds else made)


class Audio2Lip(nn.Module):
    """Mel windows [b, 1, 80, 16] of `engine.mel_windows` to mouth steps [b, 20]."""

    def __init__(self) -> None:
        super().__init__()
        self.audio_encoder = nn.Sequential(*(Block(*block) for block in BLOCKS))
        self.mapping = nn.Linear(BLOCKS[-1][1], MOUTH)

    def forward(self, windows: Tensor) -> Tensor:
        mouth: Tensor = self.mapping(self.audio_encoder(windows).flatten(1))
        return mouth
