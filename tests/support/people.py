"""Short films of somebody, with or without sound."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import av
import numpy as np

from engine.film import Film
from engine.types import SOUND_RATE, SOUND_TICK, AVFrame, Picture
from tests.support.driver_clip import CLIP
from tests.support.speech import tone
from tests.support.videos import write_video


def somebody(count: int, begin: int = 0) -> list[Picture]:
    """Pictures of the invented person, RGB [256, 256, 3]; calm for 35, then everything at once."""
    with av.open(str(CLIP)) as film:
        frames = (frame.to_ndarray(format="rgb24") for frame in film.decode(video=0))
        return [np.asarray(frame, np.uint8) for frame in islice(frames, begin, begin + count)]


def talking(path: Path, count: int) -> Path:
    """So many pictures of them, with a tone in place of a voice; returns `path`."""
    sound = tone(count / 25).reshape(count, SOUND_TICK)
    assert sound.size == count * SOUND_RATE // 25
    with Film(path, 256, 256) as film:
        for index, picture in enumerate(somebody(count)):
            film.add(AVFrame(index, 0, picture, sound[index], True))
    return path


def silent(path: Path, count: int, rate: int = 25) -> Path:
    """So many pictures of them without any sound; returns `path`."""
    return write_video(path, somebody(count), rate)
