"""The last step before a picture leaves: a mark that says what it is."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, Protocol

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from engine.types import AVFrame, Floats, Picture, floats

TEXT: Final = "AI"
HEIGHT: Final = 0.05
"""Of the badge, as a share of the picture's shorter side."""
MARGIN: Final = 0.025
OPACITY: Final = 0.62
OVERSAMPLING: Final = 4


class Mark(Protocol):
    """Makes of a drawn picture the one that is shown."""

    def __call__(self, frame: AVFrame) -> Picture:
        """The frame's picture, uint8 [height, width, 3], marked; may be the same array."""
        ...


def unmarked(frame: AVFrame) -> Picture:
    """The picture as it was drawn."""
    return frame.picture


def badge(frame: AVFrame) -> Picture:
    """A small sign in the lower right corner: this face was made by a machine.

    People who watch must be told (AI Act, article 50); those who see the stream in a
    player of their own see no page that says so.
    """
    picture = frame.picture
    size = min(picture.shape[:2])
    colour, opacity = _sign(size)
    height, width = opacity.shape[:2]
    margin = round(MARGIN * size)
    rows = slice(-margin - height, -margin)
    columns = slice(-margin - width, -margin)
    behind = picture[rows, columns].astype(np.float32)
    picture[rows, columns] = behind + opacity * (colour - behind)
    return picture


@lru_cache(8)
def _sign(size: int) -> tuple[Floats, Floats]:
    """Colour and opacity for a shorter side of `size`, float32 [h, w, 3] and [h, w, 1]."""
    high = round(HEIGHT * size) * OVERSAMPLING
    wide = round(high * 1.5)
    sign = Image.new("LA", (wide, high), (0, 0))
    drawing = ImageDraw.Draw(sign)
    drawing.rounded_rectangle((0, 0, wide - 1, high - 1), high * 0.3, fill=(24, 255))
    font = ImageFont.load_default(round(high * 0.72))
    drawing.text((wide / 2, high / 2), TEXT, fill=(245, 255), font=font, anchor="mm")
    small = sign.resize((wide // OVERSAMPLING, high // OVERSAMPLING), Image.Resampling.BOX)
    values = np.asarray(small, np.float32)
    opacity = values[..., 1:] * np.float32(OPACITY / 255)
    return np.repeat(values[..., :1], 3, 2), floats(opacity)
