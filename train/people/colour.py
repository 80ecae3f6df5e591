"""New colours for MakeHuman's textures: skin tones, dyed hair, irises.

Textures are RGBA uint8 [h, w, 4]; colours are sRGB in 0..255, as one picks them.
Products of colours are taken of linear light.
"""

from __future__ import annotations

from typing import Final, TypeAlias

import cv2
import numpy as np

from engine.types import Floats, Picture

Colour: TypeAlias = tuple[int, int, int]

LIGHTNESS: Final = np.array([0.2126, 0.7152, 0.0722], np.float32)
IRISES: Final = ((0.293, 0.703), (0.707, 0.297))
"""Middles of the two irises in MakeHuman's eye textures, shares of its width and height."""
IRIS_RADIUS: Final = 0.112
CHEEK: Final = (0.862, 0.545, 0.895, 0.585)
"""A patch of cheek in MakeHuman's skins: left, top, right, bottom as shares."""


def linear(colour: Picture | Colour) -> Floats:
    """sRGB 0..255 to linear light 0..1, by the gamma of 2.2."""
    return np.array((np.asarray(colour, np.float32) / 255) ** 2.2, np.float32)


def encoded(light: Floats) -> Picture:
    """Linear light to sRGB, what is too bright cut off."""
    return (np.clip(light, 0, 1) ** (1 / 2.2) * 255).round().astype(np.uint8)


def plain(colour: Colour) -> Picture:
    """A texture of one colour, [1, 1, 4]."""
    return np.array([[[*colour, 255]]], np.uint8)


def toned(skin: Picture, tone: Colour, evenness: float = 0.3) -> Picture:
    """`skin` with its cheeks in the colour `tone`, everything else shifted alike.

    At `evenness` 1 all of it has the cheeks' hue; red noses and lips are somewhat calmed.
    """
    light = linear(skin[..., :3])
    height, width = light.shape[:2]
    left, top, right, bottom = CHEEK
    patch = light[int(top * height) : int(bottom * height), int(left * width) : int(right * width)]
    cheek = np.maximum(np.median(patch.reshape(-1, 3), 0), 1e-3)
    shade = np.maximum(light @ LIGHTNESS / (cheek @ LIGHTNESS), 1e-3)[..., None]
    hue = np.maximum(light / cheek / shade, 1e-2) ** (1 - evenness)
    return _with_rgb(skin, encoded((shade * hue * linear(tone)).astype(np.float32)))


def dyed(texture: Picture, colour: Colour, contrast: float = 0.8) -> Picture:
    """`texture` in the one colour `colour`; its own lights and darks to the power `contrast`."""
    light = linear(texture[..., :3]) @ LIGHTNESS
    covered = texture[..., 3] > 128
    usual = float(np.median(light[covered])) if covered.any() else float(light.mean())
    relief = np.clip(light / max(usual, 1e-3), 0.25, 3.0) ** contrast
    # Where little is covered the texture is black: no dark fringes.
    relief = 1 + (relief - 1) * (texture[..., 3] / np.float32(255))
    return _with_rgb(texture, encoded(relief[..., None] * linear(colour)))


def faded(texture: Picture, opacity: float) -> Picture:
    """`texture` with its alpha times `opacity`."""
    made = texture.copy()
    made[..., 3] = (texture[..., 3] * opacity).round().astype(np.uint8)
    return made


def with_iris(eye: Picture, colour: Colour) -> Picture:
    """The texture of an eye with its irises in `colour`, a little lighter around the pupil."""
    height, width = eye.shape[:2]
    row, column = np.mgrid[:height, :width].astype(np.float32)
    made = eye[..., :3].astype(np.float32)
    relief = linear(eye[..., :3]) @ LIGHTNESS
    for x, y in IRISES:
        radius = np.hypot((column + 0.5) / width - x, (row + 0.5) / height - y) / IRIS_RADIUS
        share = np.clip((1.06 - radius) / 0.12, 0, 1)[..., None]
        usual = float(np.median(relief[(radius > 0.5) & (radius < 0.85)]))
        shade = np.clip(relief / usual, 0, 2.2) ** 0.7 * (1.15 - 0.35 * np.clip(radius, 0, 1))
        dark_rim = 1 - 0.6 * np.clip((radius - 0.82) / 0.2, 0, 1)
        iris = encoded((shade * dark_rim)[..., None] * linear(colour))
        made = made * (1 - share) + iris * share
    return _with_rgb(eye, made.round().astype(np.uint8))


def enlarged(texture: Picture, side: int) -> Picture:
    """`texture` smoothly enlarged to `side` pixels; drawing alone would show its pixels."""
    if max(texture.shape[:2]) >= side:
        return texture
    return cv2.resize(texture, (side, side), interpolation=cv2.INTER_CUBIC).astype(np.uint8)


def _with_rgb(texture: Picture, rgb: Picture) -> Picture:
    return np.dstack([rgb, texture[..., 3]])
