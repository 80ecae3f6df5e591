"""What each exported graph takes and gives, by name.

| graph | takes | gives |
| --- | --- | --- |
| `portrait` | `picture` [b, 3, n, n] in -1..1 | `code`, `rest_mouth`, `rest_pose`, |
| | | `rest_expression`, `features_8` ..., `statistics_8` ... |
| `expression` | `expression` [b, 10], `features_*`, `statistics_*` | `maps_8` ... |
| `render` | `mouth` [b, 20], `pose` [b, 6], `expression`, `code`, `maps_*` | `picture`, |
| | | uint8 [b, n, n, 3] |
| `watch` | `picture` | `mouth`, `pose`, `expression` |
| `listen` | `windows` [b, 1, 80, 16] | `mouth` |

What the portrait's own face does is its `rest_*`; what a graph takes are steps from
nothing, as the networks have them. A generator without expression has no `expression`
graph, and `portrait` gives `maps_*` at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn

from export.traced import traced
from models.edtalk.audio2lip import BANDS, COLUMNS, Audio2Lip
from models.edtalk.exact.avatar import Avatar, Identity
from models.edtalk.exact.precision import halved
from models.edtalk.generator import Generator, Steps
from models.edtalk.layout import EXPRESSION, MOUTH, POSE, Layout

STEPS: Final = Steps._fields
LEVELS: Final = 127.5
"""Grey levels between 0 and 1."""
EXAMPLES: Final = 1
"""Samples that graphs are traced with; more take longer and show nothing else."""


@dataclass(frozen=True)
class Graphs:
    """All graphs of one avatar, and examples of what they take.

    Args:
        avatar: the rewrite, in full precision or halved.
        layout: of its networks.
        expressive: whether it has expressions.
    """

    avatar: Avatar
    layout: Layout
    expressive: bool

    @classmethod
    def of(cls, generator: Generator, *, half: bool = False) -> Graphs:
        """Those of a published generator; with `half` its convolutions have half precision."""
        avatar = Avatar(generator)
        return cls(halved(avatar) if half else avatar, generator.layout, generator.expressive)

    @property
    def components(self) -> tuple[str, ...]:
        """Names of the components that it has."""
        return STEPS if self.expressive else STEPS[:2]

    def named(self, kind: str) -> list[str]:
        """`kind` and each level's number."""
        return [f"{kind}_{cells}" for cells in self.layout.levels]

    @property
    def kept(self) -> list[str]:
        """What `portrait` gives."""
        maps = ("features", "statistics") if self.expressive else ("maps",)
        rest = [f"rest_{component}" for component in self.components]
        return ["code", *rest, *(name for kind in maps for name in self.named(kind))]

    @property
    def picture(self) -> dict[str, Tensor]:
        """An example of pictures."""
        size = self.layout.size
        return {"picture": torch.zeros(EXAMPLES, 3, size, size)}

    @property
    def steps(self) -> dict[str, Tensor]:
        """An example of steps."""
        sizes = dict(zip(STEPS, (MOUTH, POSE, EXPRESSION), strict=True))
        return {name: torch.zeros(EXAMPLES, sizes[name]) for name in self.components}

    def maps(self, kind: str) -> dict[str, Tensor]:
        """An example of `features`, `statistics` or `maps`, by name."""
        last = self.layout.size
        made = {}
        for cells in self.layout.levels:
            channels = self.layout.channels(cells)
            if kind == "maps":
                channels = 3 if cells == last else channels + 3
            made[f"{kind}_{cells}"] = torch.zeros(
                EXAMPLES, channels, cells, cells, dtype=self.avatar.kept_as
            )
        return made

    def portrait(self) -> bytes:
        """The `portrait` graph."""
        return traced(_Portrait(self.avatar), self.picture, self.kept, batches=True)

    def watch(self) -> bytes:
        """The `watch` graph."""
        return traced(_Watch(self.avatar), self.picture, self.components, batches=True)

    def expression(self) -> bytes:
        """The `expression` graph; only an expressive avatar has it."""
        steps = {"expression": self.steps["expression"]}
        given = {**steps, **self.maps("features"), **self.maps("statistics")}
        return traced(_Expression(self.avatar), given, self.named("maps"), batches=True)

    def render(self) -> bytes:
        """The `render` graph."""
        code = {"code": torch.zeros(EXAMPLES, self.layout.latent)}
        given = {**self.steps, **code, **self.maps("maps")}
        return traced(_Render(self.avatar), given, ["picture"], batches=True)

    def files(self) -> Mapping[str, bytes]:
        """All graphs as ONNX files, by name."""
        made = {"portrait": self.portrait(), "render": self.render(), "watch": self.watch()}
        if self.expressive:
            made["expression"] = self.expression()
        return made


def listen(network: Audio2Lip) -> bytes:
    """The `listen` graph."""
    return traced(network, {"windows": torch.zeros(2, 1, BANDS, COLUMNS)}, ["mouth"], batches=True)


def flat(identity: Identity) -> list[Tensor]:
    """The tensors of an identity, in the order of `Graphs.kept`."""
    steps = [part for part in identity.steps if part is not None]
    return [identity.code, *steps, *identity.features, *identity.statistics]


class _Portrait(nn.Module):
    def __init__(self, avatar: Avatar) -> None:
        super().__init__()
        self.portraits = avatar.portraits

    def forward(self, picture: Tensor) -> list[Tensor]:
        return flat(self.portraits(picture))


class _Watch(nn.Module):
    def __init__(self, avatar: Avatar) -> None:
        super().__init__()
        self.watcher = avatar.watcher

    def forward(self, picture: Tensor) -> list[Tensor]:
        return [part for part in self.watcher(picture) if part is not None]


class _Expression(nn.Module):
    def __init__(self, avatar: Avatar) -> None:
        super().__init__()
        assert avatar.expressions is not None
        self.expressions = avatar.expressions

    def forward(self, expression: Tensor, *kept: Tensor) -> list[Tensor]:
        half = len(kept) // 2
        maps: list[Tensor] = self.expressions(expression, kept[:half], kept[half:])
        return maps


class _Render(nn.Module):
    def __init__(self, avatar: Avatar) -> None:
        super().__init__()
        self.renders, self.count = avatar.renders, 3 if avatar.expressions is not None else 2

    def forward(self, *given: Tensor) -> Tensor:
        steps, code, maps = given[: self.count], given[self.count], given[self.count + 1 :]
        colours: Tensor = self.renders(Steps(*steps, *[None] * (3 - self.count)), code, maps)
        return as_levels(colours)


def as_levels(colours: Tensor) -> Tensor:
    """Pictures [b, 3, n, n] in -1..1 as uint8 [b, n, n, 3], by a map that never changes.

    The published programs stretch each clip between its own darkest and brightest value;
    a stream cannot, and brightness must not depend on what else is in a clip.
    """
    levels = (colours.permute(0, 2, 3, 1) + 1) * LEVELS
    return levels.round().clamp(0.0, 2 * LEVELS).to(torch.uint8)
