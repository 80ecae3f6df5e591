"""The mouth atlas: teeth and tongue at several openings of the jaw.

Mouth plane: x to the picture's right, y down, unit = the closed mouth's width (landmark
78 to 308), origin = the middle of the upper front teeth's edge. A tile of n pixels shows
SPAN units, with (0, CENTRE) at its middle; both are `engine.mouth`'s, which paints it:

    column = (x / SPAN + 0.5) * n,    row = ((y - CENTRE) / SPAN + 0.5) * n

where column and row count from the tile's upper left corner (the first pixel's middle
lies at 0.5). Tiles stand side by side; tile i of m shows jawOpen = i / (m - 1).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.facemesh import LIP_UPPER_INNER
from engine.mouth import CAVITY, CENTRE, SPAN
from engine.types import Floats, Picture
from train.people.canonical import Canonical, eye_distance
from train.people.draw import Stage
from train.people.head import Anatomy, Worn
from train.people.scene import Camera, Part

FRONT = 0.05
"""Half the width of the front teeth that are measured, decimetres."""
TEETH_DEPTH = 2.6
TONGUE_DEPTH = 4.5
"""Loss of light with depth behind the front teeth, 1/dm."""
TONGUE_DROP = 0.12
"""How far the tongue sinks below MakeHuman's when the jaw is open, dm: it lies flat in vowels."""
TONGUE_TINT = (1.0, 0.76, 0.74)


@dataclass(frozen=True, slots=True)
class Mouth:
    """The inside of the mouth of one person, `shape` [n, 3], mouth closed.

    `origin` [3] and `width` lay the mouth plane, decimetres.
    """

    anatomy: Anatomy
    shape: Floats
    teeth: Worn
    tongue: Worn
    origin: Floats
    width: float

    @classmethod
    def of(cls, anatomy: Anatomy, shape: Floats, width: float, teeth: Worn, tongue: Worn) -> Mouth:
        """Lay the mouth plane of `width` through the upper front teeth."""
        closed = teeth.proxy.fit(shape, shape)
        upper = ~_goes_down(anatomy, shape, teeth) & (np.abs(closed[:, 0]) < FRONT)
        origin = np.array([0, closed[upper, 1].min(), closed[upper, 2].max()], np.float32)
        return cls(anatomy, shape, whitened(teeth), tinted(tongue, TONGUE_TINT), origin, width)

    def lower_edges(self, levels: int) -> Floats:
        """Where the edge of the lower front teeth lies in each tile, y of the plane, [levels]."""
        closed = self.teeth.proxy.fit(self.shape, self.shape)
        lower = _goes_down(self.anatomy, self.shape, self.teeth) & (np.abs(closed[:, 0]) < FRONT)
        bodies = [self._opened(jaw) for jaw in openings(levels)]
        heights = [self.teeth.proxy.fit(body, self.shape)[lower, 1].max() for body in bodies]
        return np.array((self.origin[1] - np.array(heights)) / self.width, np.float32)

    def atlas(self, levels: int = 8, size: int = 256) -> Picture:
        """Draw `levels` tiles side by side, RGBA uint8 [size, levels * size, 4].

        RGB is complete, with the cavity; alpha tells where teeth and tongue cover it.
        """
        stage = Stage(size, 4)
        to_eye = np.array([0, -CENTRE * self.width, 10], np.float32)
        camera = Camera(self.origin + to_eye, 10.0, SPAN * self.width)
        red, green, blue = (level / 255 for level in CAVITY)
        drawings = [
            stage.draw(self._parts(jaw), camera, (red, green, blue)) for jaw in openings(levels)
        ]
        return np.concatenate([drawing.picture for drawing in drawings], 1)

    def _parts(self, jaw: float) -> list[Part]:
        body, front = self._opened(jaw), float(self.origin[2])
        teeth = self.teeth.part(body, self.shape, gloss=0.12)
        tongue = lowered(self.tongue.part(body, self.shape, gloss=0.07), TONGUE_DROP * jaw)
        return [dimmed(teeth, front, TEETH_DEPTH), dimmed(tongue, front, TONGUE_DEPTH)]

    def _opened(self, jaw: float) -> Floats:
        return self.anatomy.express(self.shape, {"jawOpen": jaw})


def mouth_ratio(canonical: Canonical) -> float:
    """Width of the canonical mouth (78 to 308) in outer eye distances."""
    right, left = canonical.vertices[[LIP_UPPER_INNER[0], LIP_UPPER_INNER[-1]]]
    return float(np.linalg.norm(left - right)) / eye_distance(canonical.vertices)


def openings(levels: int) -> list[float]:
    """jawOpen of each tile."""
    return [level / (levels - 1) for level in range(levels)]


def _goes_down(anatomy: Anatomy, shape: Floats, teeth: Worn) -> NDArray[np.bool_]:
    """Which vertices of `teeth` the jaw takes along, [n]."""
    closed = teeth.proxy.fit(shape, shape)
    opened = teeth.proxy.fit(anatomy.express(shape, {"jawOpen": 1.0}), shape)
    return np.array(np.abs(opened - closed).max(1) > 1e-3, bool)


def dimmed(part: Part, front: float, rate: float) -> Part:
    """`part` with less light the deeper it lies behind `front`: exp(-rate * depth)."""
    depth = np.clip(front - part.vertices[:, 2], 0, None)
    return replace(part, exposure=np.exp(-rate * depth).astype(np.float32))


def lowered(part: Part, drop: float) -> Part:
    """`part`, `drop` decimetres lower."""
    return replace(part, vertices=part.vertices - np.array([0, drop, 0], np.float32))


def tinted(worn: Worn, tint: tuple[float, float, float]) -> Worn:
    """`worn` with its texture's colours times `tint`."""
    return replace(worn, texture=tinted_texture(worn.texture, tint))


def tinted_texture(texture: Picture, tint: tuple[float, float, float]) -> Picture:
    """`texture`, RGBA, with its colours times `tint`."""
    factors = np.array([*tint, 1], np.float32)
    return (texture * factors).round().astype(np.uint8)


def whitened(teeth: Worn) -> Worn:
    """`teeth` with lighter enamel, see `whitened_texture`."""
    return replace(teeth, texture=whitened_texture(teeth.texture))


def whitened_texture(teeth: Picture) -> Picture:
    """`teeth`, RGBA, with enamel, grey in MakeHuman's, in a light and slightly warm tone.

    Enamel is what has little colour; gums are saturated and stay.
    """
    colour = teeth[..., :3].astype(np.float32) / 255
    saturation = np.ptp(colour, axis=2) / np.maximum(colour.max(2), 1e-3)
    enamel = cv2.GaussianBlur(np.clip((0.42 - saturation) / 0.2, 0, 1), (0, 0), 1.0)[..., None]
    light = 0.69 + 0.35 * colour.mean(2, keepdims=True)
    warm = light * np.array([1.0, 0.965, 0.895], np.float32)
    mixed = colour * (1 - enamel) + warm * enamel
    texture = teeth.copy()
    texture[..., :3] = np.clip(mixed * 255, 0, 255).astype(np.uint8)
    return texture
