"""An avatar that costs next to nothing to draw: what a test wants to know lies in its motion."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from engine.types import Component, Floats, Motion, Picture


class Blank:
    """See `engine.render.Identity`: a grey, lighter the wider the mouth is open."""

    width = height = 32

    def __init__(self, own: Mapping[Component, Floats] | None = None) -> None:
        self.own: Mapping[Component, Floats] = own or {}

    def draw(self, motion: Motion) -> Picture:
        """See `Identity.draw`."""
        shade = np.clip(90 + 100 * float(np.abs(motion.mouth).max(initial=0.0)), 0, 255)
        return np.full((self.height, self.width, 3), shade, np.uint8)
