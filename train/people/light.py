"""The light of a portrait studio: large soft lamps, taken apart into many small ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.types import Floats, floats

GOLDEN_ANGLE: Final = np.pi * (3 - np.sqrt(5))


@dataclass(frozen=True, slots=True)
class Lamp:
    """A soft lamp: `direction` towards it, `colour` of its light (linear RGB), and size.

    `spread` is the radius of its disc seen from the head, as a tangent; `share` tells how
    many of a picture's passes it gets, `glint` how brightly it is seen in the eyes.
    """

    direction: tuple[float, float, float]
    colour: tuple[float, float, float]
    spread: float
    share: float
    glint: float


@dataclass(frozen=True, slots=True)
class Ray:
    """Parallel light from `direction` [3], a unit vector; `colour` [3] linear RGB, `glint`
    how brightly eyes mirror it."""

    direction: Floats
    colour: Floats
    glint: float = 0.0


SKY: Final = ((0.20, 0.185, 0.175), (0.42, 0.43, 0.45))
"""Light from below and from above that comes from the room, not from lamps."""
SKY_SHARE: Final = 0.36
STUDIO: Final = (
    Lamp((-0.62, 0.62, 1.0), (1.32, 1.25, 1.15), 0.5, 0.30, 1.0),
    Lamp((0.9, 0.12, 0.9), (0.38, 0.395, 0.42), 0.6, 0.14, 0.15),
    Lamp((0.85, 0.55, -0.75), (0.55, 0.54, 0.53), 0.30, 0.10, 0.0),
    Lamp((-0.8, 0.7, -0.9), (0.4, 0.42, 0.46), 0.30, 0.10, 0.0),
)
"""Key from the upper left, a cooler fill, and two lamps behind that edge hair and shoulders."""


def rays(passes: int) -> Iterator[Ray]:
    """The studio's light as `passes` rays or a few more; their colours add up to the lamps'."""
    for lamp in STUDIO:
        count = max(1, round(passes * lamp.share))
        yield from _lamp_rays(lamp, count)
    yield from _sky_rays(max(1, round(passes * SKY_SHARE)))


def _lamp_rays(lamp: Lamp, count: int) -> Iterator[Ray]:
    middle = _unit(np.array(lamp.direction, np.float32))
    aside = _unit(np.cross(np.array([0, 1, 0], np.float32), middle))
    upwards = np.cross(middle, aside)
    for index in range(count):
        radius = lamp.spread * np.sqrt((index + 0.5) / count)
        angle = index * GOLDEN_ANGLE
        offset = radius * (np.cos(angle) * aside + np.sin(angle) * upwards)
        yield Ray(_unit(middle + offset), floats(lamp.colour) / np.float32(count), lamp.glint)


def _sky_rays(count: int) -> Iterator[Ray]:
    """Rays from all around; a surface in the open gets the mean of below and above."""
    below, above = (np.array(colour, np.float32) for colour in SKY)
    for index in range(count):
        height = 1 - 2 * (index + 0.5) / count
        radius, angle = np.sqrt(1 - height**2), index * GOLDEN_ANGLE
        direction = np.array([radius * np.cos(angle), height, radius * np.sin(angle)])
        share = (height + 1) / 2
        # A white ball under n equal rays of 4 / n from everywhere has brightness 1.
        colour = (below * (1 - share) + above * share) * (4 / count)
        yield Ray(np.array(direction, np.float32), np.array(colour, np.float32))


def _unit(vector: Floats) -> Floats:
    return np.array(vector / np.linalg.norm(vector), np.float32)
