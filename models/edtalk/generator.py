"""The whole generator: a portrait and how far to go along each direction, to a picture.

With expression it is what `EDTalk.pt` holds, without what `EDTalk_lip_pose.pt` holds.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from models.edtalk.banks import Directions, orthonormal
from models.edtalk.encoder import Encoder, Seen
from models.edtalk.heads import head, shared_layers
from models.edtalk.layout import EXPRESSION, MOUTH, OFFICIAL, POSE, Layout
from models.edtalk.synthesis import Synthesis


class Steps(NamedTuple):
    """How far along each component's directions, [b, 20], [b, 6] and [b, 10]; about -5..5.

    `expression` is None for a generator without it.
    """

    mouth: Tensor
    pose: Tensor
    expression: Tensor | None

    def to(self, kind: torch.dtype) -> Steps:
        """The same in another precision."""
        expression = None if self.expression is None else self.expression.to(kind)
        return Steps(self.mouth.to(kind), self.pose.to(kind), expression)


class Generator(nn.Module):
    """Official names inside: lip is our mouth.

    Args:
        layout: of the networks.
        expressive: whether there is a bank of expressions.
    """

    def __init__(self, layout: Layout = OFFICIAL, *, expressive: bool = True) -> None:
        super().__init__()
        self.layout, self.expressive = layout, expressive
        latent = layout.latent
        self.enc = Encoder(layout)
        self.dec = Synthesis(layout, expressive=expressive)
        self.direction_lipnonlip = Directions(latent, MOUTH + POSE)
        self.fc = shared_layers(latent)
        self.lip_fc, self.pose_fc = head(latent, MOUTH), head(latent, POSE)
        if expressive:
            self.direction_exp = Directions(latent, EXPRESSION)
            self.exp_fc = head(latent, EXPRESSION)

    def look(self, picture: Tensor) -> Seen:
        """Look at pictures [b, 3, size, size] in -1..1."""
        seen: Seen = self.enc(picture)
        return seen

    def read(self, code: Tensor) -> Steps:
        """What a face does, by its code [b, latent]."""
        shared = self.fc(code)
        expression = self.exp_fc(shared) if self.expressive else None
        return Steps(self.lip_fc(shared), self.pose_fc(shared), expression)

    def bank(self) -> Tensor:
        """All directions, [latent, 36 or 26]: mouth, pose, expression."""
        columns = [self.direction_lipnonlip.weight]
        if self.expressive:
            columns.append(self.direction_exp.weight)
        return orthonormal(columns)

    def forward(self, seen: Seen, steps: Steps) -> Tensor:
        """Pictures [b, 3, size, size], about -1..1, of a portrait that does what `steps` say."""
        told = [part for part in steps if part is not None]
        bank = self.bank()
        latent = seen.code + torch.cat(told, dim=1) @ bank.T
        expression = None
        if steps.expression is not None:
            expression = steps.expression @ bank[:, MOUTH + POSE :].T
        picture: Tensor = self.dec(latent, seen.features, expression)
        return picture
