"""Random light, camera and backdrop of a person's pictures; the same for all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from engine.types import Floats, Picture, floats
from train.people.colour import Colour, encoded
from train.people.develop import background

LIGHTS: Final = 3
CAMERA: Final = (13.0, 32.0)
"""Nearest and farthest camera, decimetres."""
HEIGHT: Final = (2.75, 3.8)
"""What a picture shows from top to bottom, decimetres: a head is about 2.4 high."""


@dataclass(frozen=True, slots=True)
class Light:
    """Three lamps and the light of the room.

    `directions` [3, 3] are unit vectors towards the lamps, the first casts shadows; `powers`
    [3, 3] their colours, linear RGB; `below` and `above` [3] what comes from the room.
    """

    directions: Floats
    powers: Floats
    below: Floats
    above: Floats


@dataclass(frozen=True, slots=True)
class Staging:
    """`distance` of the camera and `height` of what it sees, decimetres; `middle` [2] moves
    the picture's middle from the usual place; `backdrop` RGB uint8 [size, size, 3]."""

    light: Light
    distance: float
    height: float
    middle: tuple[float, float]
    backdrop: Picture


def random_staging(rng: np.random.Generator, size: int, colours: tuple[Colour, Colour]) -> Staging:
    """Anything between a studio and a room at dusk."""
    aside, up = rng.normal(0, (0.08, 0.06))
    return Staging(
        random_light(rng),
        float(np.exp(rng.uniform(*np.log(CAMERA)))),
        float(rng.uniform(*HEIGHT)),
        (float(np.clip(aside, -0.2, 0.2)), float(np.clip(up, -0.15, 0.15))),
        random_backdrop(rng, size, colours),
    )


def random_light(rng: np.random.Generator) -> Light:
    """A key light from the front or a side, a weaker fill, and one from behind."""
    side = rng.choice((-1, 1))
    angle, rise = rng.uniform(0.1, 1.15), rng.uniform(0.1, 0.9)
    key = (side * np.sin(angle), rise, np.cos(angle))
    fill = (-side * rng.uniform(0.4, 1.2), rng.uniform(-0.1, 0.4), 0.8)
    back = (rng.uniform(-1, 1), rng.uniform(0.3, 0.9), -0.9)
    directions = np.array([key, fill, back])
    # The harder the light, the weaker what fills its shadows.
    hardness = rng.uniform(0, 1)
    strength = np.array([0.62 + 0.5 * hardness, 0.42 - 0.26 * hardness, rng.uniform(0.1, 0.5)])
    warmth = rng.normal(0, 0.07)
    tints = np.stack([_tint(warmth), _tint(-0.5 * warmth), _tint(rng.normal(0, 0.06))])
    room = (0.34 - 0.17 * hardness) * rng.uniform(0.85, 1.2)
    exposure = rng.uniform(0.85, 1.15)
    return Light(
        floats(directions / np.linalg.norm(directions, axis=1, keepdims=True)),
        floats(exposure * strength[:, None] * tints),
        floats(exposure * room * rng.uniform(0.5, 0.9) * _tint(warmth)),
        floats(exposure * room * _tint(-warmth)),
    )


def random_backdrop(rng: np.random.Generator, size: int, colours: tuple[Colour, Colour]) -> Picture:
    """A plain wall, a gradient, or a room out of focus, RGB uint8 [size, size, 3]."""
    chance = rng.random()
    if chance < 0.25:
        return np.full((size, size, 3), colours[0], np.uint8)
    soft = encoded(background(size, colours, int(rng.integers(1 << 31))))
    if chance < 0.6:
        return soft
    return _room(rng, soft)


def _room(rng: np.random.Generator, wall: Picture) -> Picture:
    """Furniture, windows and lamps, as blurred as a camera near a face leaves them."""
    size = len(wall)
    picture = wall.astype(np.float32)
    for _ in range(int(rng.integers(4, 12))):
        left, top = rng.uniform(-0.2, 1, 2) * size
        width, height = rng.uniform(0.05, 0.6, 2) * size
        corners = np.array([[left, top], [left + width, top + rng.normal(0, 4)],
                            [left + width, top + height], [left, top + height]])  # fmt: skip
        colour = np.clip(rng.uniform(20, 235) + rng.normal(0, 22, 3), 0, 255)
        cv2.fillPoly(picture, [corners.astype(np.int32)], colour.tolist())
    for _ in range(int(rng.integers(0, 5))):
        place = tuple(int(value) for value in rng.uniform(0, size, 2))
        cv2.circle(picture, place, int(rng.uniform(2, 14)), (255, 244, 220), -1)
    blurred = cv2.GaussianBlur(picture, (0, 0), float(rng.uniform(0.012, 0.06)) * size)
    return np.clip(blurred, 0, 255).astype(np.uint8)


def _tint(warmth: float) -> Floats:
    return floats([1 + warmth, 1.0, 1 - warmth])
