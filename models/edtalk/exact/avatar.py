"""The rewrite as the engine meets it: look once, lay an expression over, render pictures."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from models.edtalk.exact.encoder import Encoder
from models.edtalk.exact.expression import Expressions, Statistics
from models.edtalk.exact.heads import Heads
from models.edtalk.exact.projection import Projections
from models.edtalk.exact.synthesis import Synthesis
from models.edtalk.generator import Generator, Steps


class Identity(NamedTuple):
    """What is kept of a portrait.

    `code` [b, latent]; what the face in it does already; its features, 8 cells first; and
    what an expression scales and shifts of them. A generator without expression has no
    statistics, and its features are maps already.
    """

    code: Tensor
    steps: Steps
    features: list[Tensor]
    statistics: list[Tensor]


class Watcher(nn.Module):
    """Pictures [b, 3, n, n] in -1..1 to what the faces in them do, `Steps`."""

    def __init__(self, encoder: Encoder, heads: Heads) -> None:
        super().__init__()
        self.encoder, self.heads = encoder, heads

    def forward(self, picture: Tensor) -> Steps:
        steps: Steps = self.heads(self.encoder(picture).code)
        return steps


class Portraits(nn.Module):
    """Pictures [b, 3, n, n] in -1..1 to identities."""

    def __init__(self, encoder: Encoder, heads: Heads, published: Generator) -> None:
        super().__init__()
        self.encoder, self.heads = encoder, heads
        self.statistics = Statistics(published) if published.expressive else None
        self.projections = None if published.expressive else Projections(published.dec)

    def forward(self, picture: Tensor) -> Identity:
        code, features = self.encoder(picture)
        steps: Steps = self.heads(code)
        if self.statistics is not None:
            return Identity(code, steps, [*features], self.statistics(features))
        assert self.projections is not None
        return Identity(code, steps, self.projections(features), [])


class Renders(nn.Module):
    """Steps, a code and maps to pictures."""

    bank: Tensor

    def __init__(self, published: Generator) -> None:
        super().__init__()
        self.register_buffer("bank", published.bank().T.contiguous())
        self.synthesis = Synthesis(published.dec)

    def forward(self, steps: Steps, code: Tensor, maps: Sequence[Tensor]) -> Tensor:
        """Pictures [b, 3, n, n], about -1..1, not clipped."""
        told = torch.cat([part for part in steps if part is not None], dim=1)
        picture: Tensor = self.synthesis(code + told @ self.bank, maps)
        return picture


class Avatar(nn.Module):
    """The whole rewrite of a generator; its weights are copies, and fixed."""

    def __init__(self, published: Generator) -> None:
        super().__init__()
        with torch.no_grad():
            fixed = copy.deepcopy(published).eval().requires_grad_(False)
            encoder, heads = Encoder(fixed.enc), Heads(fixed)
            self.watcher = Watcher(encoder, heads)
            self.portraits = Portraits(encoder, heads, fixed)
            self.expressions = Expressions(fixed) if fixed.expressive else None
            self.renders = Renders(fixed)
        self.to(fixed.direction_lipnonlip.weight.dtype).eval().requires_grad_(False)

    @property
    def kept_as(self) -> torch.dtype:
        """Precision of the features that an identity keeps."""
        return self.portraits.encoder.stem.convolution.weight.dtype

    def maps(self, identity: Identity, expression: Tensor | None) -> list[Tensor]:
        """What `renders` warps: the portrait with an expression [b, 10] laid over."""
        if self.expressions is None or expression is None:
            return identity.features
        made: list[Tensor] = self.expressions(expression, identity.features, identity.statistics)
        return made

    def forward(self, identity: Identity, steps: Steps) -> Tensor:
        """Pictures of a portrait that does what `steps` say."""
        picture: Tensor = self.renders(steps, identity.code, self.maps(identity, steps.expression))
        return picture
