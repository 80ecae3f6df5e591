"""The network that hears: log-mel frames of one tick in, mouth and prosody out.

A linear layer over the four frames of a tick (a convolution as wide as its stride), two
layers of gated recurrent units (Cho et al., 2014), linear layers with a sigmoid: one for
the mouth, one for the prosody that head and brows go with. One tick sees only its past;
what it puts out belongs to the tick `LOOKAHEAD` before, so a mouth is made with 80 ms of
sound after it. While it is trained the network also has to name the phone, so that it
learns to tell sounds apart which move the mouth alike but seldom; nothing of that is
exported.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import torch
from torch import Tensor, nn

BANDS: Final = 64
FRAMES: Final = 4
MOUTH: Final = 28
PROSODY: Final = 2
"""Stress and pause."""
PHONES: Final = 41
LOOKAHEAD: Final = 2
"""Ticks between the newest sound that is heard and the mouth that is put out."""


class Understood(NamedTuple):
    """What was heard: mouth [batch, ticks, 28] and prosody [batch, ticks, 2] in 0..1.

    And phones [batch, ticks, 41], logits.
    """

    mouth: Tensor
    prosody: Tensor
    phones: Tensor


class Listen(nn.Module):
    """Audio to mouth.

    `forward` hears one tick and is what is exported; `sequence` hears many at once and
    is what is trained. Both compute the same.

    Args:
        width: units in each layer.
        layers: recurrent layers.
        dropout: share of values left out between layers while training.
    """

    def __init__(self, width: int = 256, layers: int = 2, dropout: float = 0.0) -> None:
        super().__init__()
        self.width, self.layers = width, layers
        self.front = nn.Linear(FRAMES * BANDS, width)
        self.memory = nn.GRU(width, width, layers, batch_first=True, dropout=dropout)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(width, MOUTH)
        self.prosody = nn.Linear(width, PROSODY)
        self.phones = nn.Linear(width, PHONES)
        nn.init.constant_(self.head.bias, -3.0)  # a mouth at rest to begin with

    @property
    def state_size(self) -> int:
        """Numbers that are kept from tick to tick."""
        return self.width * self.layers

    def forward(self, mel: Tensor, state: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """One tick.

        Args:
            mel: [batch, 4, 64] from `engine.mel.LogMel`.
            state: [batch, state_size], zeros at the start.

        Returns:
            mouth [batch, 28] and prosody [batch, 2] in 0..1, and the next state.
        """
        signal = torch.relu(self.front(mel.flatten(1)))
        states = []
        for layer, past in enumerate(torch.chunk(state, self.layers, dim=1)):
            signal = self._unit(layer, signal, past)
            states.append(signal)
        mouth, prosody = torch.sigmoid(self.head(signal)), torch.sigmoid(self.prosody(signal))
        return mouth, prosody, torch.cat(states, dim=1)

    def sequence(self, mel: Tensor, state: Tensor | None = None) -> Understood:
        """Many ticks: mel [batch, ticks, 4, 64]."""
        hidden = None
        if state is not None:
            hidden = torch.stack(torch.chunk(state, self.layers, dim=1))
        signal, _ = self.memory(torch.relu(self.front(mel.flatten(2))), hidden)
        signal = self.dropout(signal)
        mouth, prosody = torch.sigmoid(self.head(signal)), torch.sigmoid(self.prosody(signal))
        return Understood(mouth, prosody, self.phones(signal))

    def _unit(self, layer: int, signal: Tensor, past: Tensor) -> Tensor:
        """One gated recurrent unit as two matrix products, in the form of `nn.GRU`.

        ONNX has an operator for it, but not every backend runs that in batches.
        """
        weights = {kind: getattr(self.memory, f"{kind}_l{layer}") for kind in _KINDS}
        new = nn.functional.linear(signal, weights["weight_ih"], weights["bias_ih"])
        old = nn.functional.linear(past, weights["weight_hh"], weights["bias_hh"])
        new_reset, new_update, new_value = torch.chunk(new, 3, dim=1)
        old_reset, old_update, old_value = torch.chunk(old, 3, dim=1)
        reset = torch.sigmoid(new_reset + old_reset)
        update = torch.sigmoid(new_update + old_update)
        value = torch.tanh(new_value + reset * old_value)
        return value + update * (past - value)


_KINDS: Final = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
