"""What is behind a person: as it is, blurred, a colour, or another picture."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

import cv2
import numpy as np
from PIL import Image, ImageOps

from engine.errors import BackgroundUnusable, ControlError, PictureTooLarge, PictureUnreadable
from engine.fill import filled
from engine.portrait import decode_picture
from engine.types import Floats, Picture, floats

SMALLEST: Final = 64
"""Pixels of a picture's shorter side below which it would only be coloured mud."""
BLUR: Final = 0.03
"""Standard deviation of the blur, in shorter sides of the picture."""
MARGIN: Final = 0.012
"""Around a person, in shorter sides, whose colours are not blurred into the background."""
COARSER: Final = 4
"""So much smaller it is blurred: nobody sees the difference."""


@dataclass(frozen=True, slots=True)
class AsItIs:
    """The portrait's own."""


@dataclass(frozen=True, slots=True)
class Blurred:
    """The portrait's own, out of focus."""


@dataclass(frozen=True, slots=True)
class Coloured:
    """One colour: red, green, blue, 0 to 255."""

    rgb: tuple[int, int, int]

    @classmethod
    def parse(cls, text: str) -> Coloured:
        """Read `#rrggbb` (ControlError if it is anything else)."""
        if not re.fullmatch(r"#[0-9a-fA-F]{6}", text):
            raise ControlError("a colour is written as #rrggbb, #203040 for example")
        red, green, blue = bytes.fromhex(text[1:])
        return cls((red, green, blue))


@dataclass(frozen=True, slots=True)
class Pictured:
    """Another picture: the content of a PNG, JPEG or WebP file."""

    content: bytes


Background: TypeAlias = AsItIs | Blurred | Coloured | Pictured


def named(text: str) -> Background:
    """A background by what somebody types: `as_is`, `blur`, `#rrggbb`, or a picture's file.

    Raises:
        ControlError: a colour that is none.
        BackgroundUnusable: the file cannot be read.
    """
    if text == "as_is":
        return AsItIs()
    if text == "blur":
        return Blurred()
    if text.startswith("#"):
        return Coloured.parse(text)
    try:
        return Pictured(Path(text).read_bytes())
    except OSError as error:
        raise BackgroundUnusable(
            "the background cannot be read: say as_is, blur, #rrggbb or a picture's file"
        ) from error


def ground(background: Background, still: Picture, cover: Floats) -> Picture:
    """What is seen where nobody is, uint8 [h, w, 3].

    Args:
        background: the choice.
        still: the whole picture with the person, [h, w, 3].
        cover: how much of each pixel is the person, [h, w] in 0..1.

    Raises:
        BackgroundUnusable: the other picture cannot be read, is too large or too small.
    """
    match background:
        case Coloured(rgb):
            return np.full_like(still, rgb)
        case Pictured(content):
            return backdrop(content, still.shape[:2])
        case Blurred():
            return blurred(filled(still, 1 - _grown(cover)))
        case AsItIs():
            return still


def _grown(cover: Floats) -> Floats:
    """A matte with a margin: beside an ear a wall is still a little pink."""
    reach = max(1, round(MARGIN * min(cover.shape)))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    return floats(cv2.dilate(cover, kernel))


def backdrop(content: bytes, size: tuple[int, int]) -> Picture:
    """A picture that covers [height, width] = `size`, cut where it is too long.

    Raises:
        BackgroundUnusable: it cannot be read, is too large or too small.
    """
    try:
        picture = decode_picture(content)
    except (PictureUnreadable, PictureTooLarge) as error:
        raise BackgroundUnusable(f"the background: {error.message}") from error
    if min(picture.shape[:2]) < SMALLEST:
        raise BackgroundUnusable(
            f"the background is too small: choose one of at least {SMALLEST} x {SMALLEST} pixels"
        )
    fitted = ImageOps.fit(Image.fromarray(picture), size[::-1], Image.Resampling.LANCZOS)
    return np.asarray(fitted).copy()


def blurred(picture: Picture) -> Picture:
    """A picture out of focus."""
    height, width = picture.shape[:2]
    small = cv2.resize(
        picture, (-(-width // COARSER), -(-height // COARSER)), interpolation=cv2.INTER_AREA
    )
    soft = cv2.GaussianBlur(small, (0, 0), BLUR * min(height, width) / COARSER)
    return np.asarray(cv2.resize(soft, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)
