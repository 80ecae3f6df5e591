"""A clip for a browser's camera: one of the presenters, who moves as a test knows."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import cv2
import numpy as np

from engine.render import Identity
from engine.types import Floats, Picture, floats
from tests.support.motions import motion

CLIP_RATE: Final = 30
"""Pictures a second: a browser plays Motion JPEG no other way."""
CLIP_SECONDS: Final = 5.0
"""Then it begins anew, without a jump."""
WIDTH, HEIGHT = 640, 480
QUALITY: Final = 80
YAW: Final = 14.0


def driven_yaw(seconds: Floats) -> Floats:
    """Degrees by which the person in the clip is turned at those times of it."""
    turns = 2 * np.pi * seconds / CLIP_SECONDS
    return floats(YAW * (0.7 * np.sin(turns) + 0.3 * np.sin(3 * turns + 1.0)))


def write_clip(person: Identity, path: Path) -> Path:
    """Draw the person, turning and speaking, as Motion JPEG."""
    times = floats(np.arange(round(CLIP_SECONDS * CLIP_RATE)) / CLIP_RATE)
    opened = 0.25 - 0.25 * np.cos(2 * np.pi * 4 * times / CLIP_SECONDS)
    with path.open("wb") as file:
        for yaw, jaw in zip(driven_yaw(times), opened, strict=True):
            face = person.draw(motion(yaw=float(yaw), jawOpen=float(jaw)))
            file.write(_jpeg(_framed(face)))
    return path


def _framed(face: Picture) -> Picture:
    """The person in the middle of a camera's picture, with more of what is behind."""
    whole = cv2.resize(face, (HEIGHT, HEIGHT), interpolation=cv2.INTER_AREA)
    aside = (WIDTH - HEIGHT) // 2
    wide = cv2.copyMakeBorder(whole, 0, 0, aside, aside, cv2.BORDER_REPLICATE)
    return np.asarray(wide, np.uint8)


def _jpeg(picture: Picture) -> bytes:
    done, data = cv2.imencode(
        ".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, QUALITY]
    )
    assert done
    return data.tobytes()
