"""Develops a portrait: spreads the light in skin, adds the background, and tones it."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from engine.types import Floats, Picture
from train.people.colour import Colour, linear
from train.people.portrait import Exposure

SPREAD: Final = (
    ((0.5, 0.012), (0.5, 0.028)),
    ((0.70, 0.008), (0.30, 0.018)),
    ((0.88, 0.006), (0.12, 0.014)),
)
"""For red, green and blue: shares and widths (decimetres) of two blurs; red goes deepest."""
BLOBS: Final = 7


def develop(
    exposure: Exposure, width: float, backdrop: tuple[Colour, Colour], seed: int
) -> Picture:
    """RGB uint8 [size, size, 3] of a picture that shows `width` decimetres."""
    size = len(exposure.plain)
    skin = scattered(exposure.skin_light, size / width) * exposure.skin_colour
    person = exposure.plain[..., :3] + skin
    behind = background(size, backdrop, seed)
    light = person + behind * (1 - np.clip(exposure.plain[..., 3:], 0, 1))
    dither = np.random.default_rng(seed).uniform(-0.5, 0.5, light.shape)
    levels = np.clip(toned(light * vignette(size)) * 255 + dither, 0, 255)
    return np.array(levels.round(), np.uint8)


def scattered(light: Floats, pixels: float) -> Floats:
    """The light on skin [h, w, 4] (its share last) spread within the skin, [h, w, 3].

    `pixels` is the size of a decimetre.
    """
    result = np.zeros((*light.shape[:2], 3), np.float32)
    for channel, blurs in enumerate(SPREAD):
        pair = np.ascontiguousarray(light[..., [channel, 3]])
        for share, width in blurs:
            blurred = cv2.GaussianBlur(pair, (0, 0), max(width * pixels, 0.3))
            result[..., channel] += share * blurred[..., 0] / np.maximum(blurred[..., 1], 1e-3)
    return result


def background(size: int, colours: tuple[Colour, Colour], seed: int) -> Floats:
    """A room far out of focus: a gradient between two colours with soft lights, linear RGB."""
    rng = np.random.default_rng(seed)
    down, right = np.mgrid[:size, :size].astype(np.float32) / size
    low, high = (linear(colour) for colour in colours)
    share = np.clip(0.75 * down + 0.25 * right, 0, 1)[..., None]
    picture = high * (1 - share) + low * share
    for _ in range(BLOBS):
        x, y = rng.uniform(-0.1, 1.1), rng.uniform(-0.1, 0.9)
        radius, strength = rng.uniform(0.10, 0.28), rng.uniform(-0.14, 0.2)
        distance = np.hypot(right - x, down - y) / radius
        picture *= 1 + strength * np.clip((1.1 - distance) / 0.5, 0, 1)[..., None] ** 2
    return np.array(cv2.GaussianBlur(picture, (0, 0), 0.035 * size), np.float32)


def vignette(size: int) -> Floats:
    """Less light towards the corners, [size, size, 1]."""
    side = np.linspace(-1, 1, size, dtype=np.float32)
    return 1 - 0.11 * (side[:, None] ** 2 + side[None] ** 2)[..., None]


def toned(light: Floats) -> Floats:
    """Linear light to sRGB 0..1 with a soft shoulder: x up to the knee, then towards 1."""
    knee = 0.6
    above = np.maximum(light - knee, 0) / (1 - knee)
    soft = np.minimum(light, knee) + (1 - knee) * (1 - np.exp(-above))
    return np.array(soft ** (1 / 2.2), np.float32)
