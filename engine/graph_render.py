"""Pictures straight out of a bundle's graphs.

`portrait` runs once an avatar; `expression`, where the bundle has it, whenever the
expression changes; `render` once a picture. Each takes those of the tensors that its
manifest names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import cv2
import numpy as np

from engine.backends import Kept
from engine.crop import MESH, Crop
from engine.errors import BundleError
from engine.graph_lips import GraphLips
from engine.portrait import Portrait
from engine.resample import resized_picture
from engine.rim import Rim
from engine.types import Component, Floats, Motion, Picture, floats
from engine.wiring import Wired

NETWORK_PORTRAIT: Final = 256
"""Width in pixels of the portrait that a `portrait` graph sees."""
LEAST_CHANGE: Final = 1e-3
"""By which an expression must change to be laid over anew; nobody sees less."""


class GraphRenderer:
    """Makes avatars of graphs.

    Args:
        encode: the `portrait` graph: `picture` [1, 3, 256, 256] in -1..1 to identity tensors;
            a tensor `rest_pose`, say, is what the portrait does already, and added to.
        render: the `render` graph: `picture` uint8 [1, n, n, 3] of those, of what `lay`
            gives, and of `mouth`, `pose`, `expression` [1, m].
        lay: the `expression` graph: lays an expression over identity tensors.
        rule: by which these graphs know faces.
    """

    def __init__(
        self, encode: Wired, render: Wired, lay: Wired | None = None, *, rule: Crop = MESH
    ) -> None:
        self._encode, self._render, self._lay, self._rule = encode, render, lay, rule

    def identity(self, portrait: Portrait, size: int, rim: Rim | None = None) -> GraphIdentity:
        """See `Renderer.identity`; the graph knows no rim, where it lies is blended."""
        small = resized_picture(portrait.picture, NETWORK_PORTRAIT)
        statics = self._encode.keep({"picture": planes(small)})
        return GraphIdentity(self._render, self._lay, statics, size)

    def lips(self) -> GraphLips:
        """See `Renderer.lips`."""
        return GraphLips(self, self._rule)


class GraphIdentity:
    """One avatar of a graph renderer."""

    def __init__(
        self, render: Wired, lay: Wired | None, statics: Mapping[str, Kept], size: int
    ) -> None:
        self.size = self.width = self.height = size
        self._render, self._lay, self._statics = render, lay, statics
        self._laid: tuple[Floats, Mapping[str, Kept]] | None = None
        rest = {part: statics.get(f"rest_{part}") for part in Component}
        self.own = {
            part: floats(np.asarray(step)[0]) for part, step in rest.items() if step is not None
        }

    def moved(self, motion: Motion) -> tuple[Picture, None]:
        """See `Likeness.moved`."""
        return self.draw(motion), None

    def draw(self, motion: Motion) -> Picture:
        """See `Identity.draw`."""
        steps = {part: self._absolute(part, motion[part][None]) for part in Component}
        laid: Mapping[str, Kept] = {}
        if self._lay is not None:
            steps[Component.EXPRESSION], laid = self._laid_over(steps[Component.EXPRESSION])
        given = {**self._statics, **laid, **{part.value: step for part, step in steps.items()}}
        picture = self._render.run(given)["picture"][0]
        if picture.dtype != np.uint8 or picture.ndim != 3:
            raise BundleError("the bundle's render graph does not give a uint8 picture")
        if picture.shape[0] != self.size:
            return resized_picture(picture, self.size, cv2.INTER_CUBIC)
        return np.asarray(picture, np.uint8)

    def _absolute(self, part: Component, step: Floats) -> Floats:
        return step if part is Component.MOUTH or part not in self.own else step + self.own[part]

    def _laid_over(self, expression: Floats) -> tuple[Floats, Mapping[str, Kept]]:
        """The expression that is laid over the portrait now, and the tensors that gave."""
        assert self._lay is not None
        laid = self._laid
        if laid is None or np.abs(laid[0] - expression).max() > LEAST_CHANGE:
            given = {**self._statics, Component.EXPRESSION.value: expression}
            laid = self._laid = expression, self._lay.keep(given)
        return laid


def planes(picture: Picture) -> Floats:
    """A picture uint8 [n, n, 3] as graphs see it: [1, 3, n, n] in -1..1."""
    return picture.astype(np.float32).transpose(2, 0, 1)[None] / np.float32(127.5) - 1
