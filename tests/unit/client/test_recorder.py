from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from client.devices import RATE, SLICE
from client.errors import FileUnusable
from client.recorder import Recorder
from tests.support.speech import tone


def picture(shade: int) -> av.VideoFrame:
    return av.VideoFrame.from_ndarray(np.full((64, 64, 3), shade, np.uint8), format="rgb24")


def sound(n: int) -> av.AudioFrame:
    frame = av.AudioFrame.from_ndarray(tone(0.02)[None], format="s16", layout="mono")
    frame.sample_rate, frame.pts, frame.time_base = RATE, n * SLICE, Fraction(1, RATE)
    return frame


async def test_pictures_keep_their_time_and_sound_has_no_gaps(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "film.mp4")
    arrivals = [1.0, 1.04, 1.08, 1.20, 1.24]
    for n, at in enumerate(arrivals):
        await recorder.picture(picture(40 * n), at)
    for n in range(15):
        await recorder.sound(sound(n), 1.0 + 0.02 * n)
    await recorder.close()
    with av.open(str(tmp_path / "film.mp4")) as film:
        times = [float(frame.time or 0) for frame in film.decode(video=0)]
    assert times == pytest.approx([at - 1.0 for at in arrivals], abs=0.001)
    with av.open(str(tmp_path / "film.mp4")) as film:
        samples = sum(frame.samples for frame in film.decode(audio=0))
    assert samples == pytest.approx(13 * SLICE, abs=2_048), "two slices belong to earlier pictures"


async def test_a_call_without_pictures_leaves_a_file_without_pictures(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "film.mp4")
    await recorder.sound(sound(0), 0.0)
    await recorder.close()


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(FileUnusable, match="another folder"):
        Recorder(tmp_path / "no" / "film.mp4")
