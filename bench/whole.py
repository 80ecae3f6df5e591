"""A whole picture of 1920 x 1080 with a face of a thousand pixels: the most there is to draw."""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable
from typing import Final

import av
import cv2
import numpy as np
from PIL import Image

from engine.background import named
from engine.portrait import decode_picture
from engine.render import Identity
from engine.scene import Framing, Scene
from engine.studio import Studio
from engine.types import TICKS_PER_SECOND, Motion, Picture
from server.media.encoder import PICTURE_STEP, Codec, open_picture_encoder
from server.media.rates import Rates
from server.media.tracks import as_yuv

WIDTH: Final = 1920
HEIGHT: Final = 1080
BACKGROUNDS: Final = ("as_is", "blur")
CODECS: Final[tuple[Codec, ...]] = ("H264", "VP8")


def wide_portrait(studio: Studio) -> bytes:
    """The first presenter in the middle of a wide picture, PNG."""
    content = studio.presenter_picture(studio.presenters[0].id)
    square = np.asarray(Image.fromarray(decode_picture(content)).resize((HEIGHT, HEIGHT)))
    beside = (WIDTH - HEIGHT) // 2
    wide = cv2.copyMakeBorder(square, 0, 0, beside, beside, cv2.BORDER_REFLECT)
    file = io.BytesIO()
    Image.fromarray(np.asarray(wide, np.uint8)).save(file, "PNG")
    return file.getvalue()


def works(studio: Studio, motions: list[Motion]) -> dict[str, Callable[[], object]]:
    """What is to be measured, by its name; needs the face tracker."""
    portrait, size = wide_portrait(studio), max(studio.sizes)
    found: dict[str, Callable[[], object]] = {}
    pictures: list[Picture] = []
    for name in BACKGROUNDS:
        identity = studio.portrait(portrait, size, Scene(Framing.WHOLE, named(name)))
        found[f"draw 1080p, {name}"] = _drawing(identity, motions)
        pictures = pictures or [identity.draw(motion) for motion in motions[:TICKS_PER_SECOND]]
    shown = itertools.cycle(pictures)
    found["1080p to YUV"] = lambda: as_yuv(next(shown))
    frames = [as_yuv(picture) for picture in pictures]
    for codec in CODECS:
        found[f"encode {codec} 1080p"] = _encoding(codec, frames)
    return found


def _drawing(identity: Identity, motions: list[Motion]) -> Callable[[], object]:
    turn = itertools.cycle(motions)
    return lambda: identity.draw(next(turn))


def _encoding(codec: Codec, frames: list[av.VideoFrame]) -> Callable[[], object]:
    """Encodes one picture after the other at the bit rate that calls begin with."""
    encoder = open_picture_encoder(codec, WIDTH, HEIGHT, Rates.of(WIDTH, HEIGHT).start)
    turn, count = itertools.cycle(frames), itertools.count()
    return lambda: encoder.encode(next(turn), next(count) * PICTURE_STEP, keyframe=False)
