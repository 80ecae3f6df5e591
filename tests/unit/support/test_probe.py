"""What is written into pictures is read from them, also after a codec had them."""

from __future__ import annotations

import av
import numpy as np
import pytest

from client.devices import RATE, SLICE
from engine.types import SOUND_TICK, AVFrame, Picture, Samples, floats
from tests.support.probe import Beeps, Onsets, ProbeMark, as_rgb, offsets_ms, read, write


def grey(size: int) -> Picture:
    return np.full((size, size, 3), 90, np.uint8)


def frame(index: int, sound: Samples) -> AVFrame:
    return AVFrame(index, 0, grey(256), sound, False)


@pytest.mark.parametrize("size", [256, 512])
@pytest.mark.parametrize("value", [0, 1, 0x8000, 0xA5C3, 0xFFFF])
def test_a_number_is_read_after_vp8(size: int, value: int) -> None:
    picture = grey(size)
    write(picture, value, lit=True)
    codec = av.CodecContext.create("libvpx", "w")
    assert isinstance(codec, av.VideoCodecContext)
    codec.width = codec.height = size
    codec.pix_fmt, codec.bit_rate, codec.framerate = "yuv420p", 500_000, 25  # type: ignore[assignment]
    drawn = av.VideoFrame.from_ndarray(picture, "rgb24").reformat(format="yuv420p")
    packets = [*codec.encode(drawn), *codec.encode(None)]
    reader = av.CodecContext.create("vp8", "r")
    assert isinstance(reader, av.VideoCodecContext)
    (seen,) = [it for packet in packets for it in reader.decode(packet)]
    assert read(as_rgb(seen)) == (value, True)


def test_beeps_come_each_second() -> None:
    voice, onsets = Beeps(), Onsets(RATE)
    found = []
    for n in range(50 * 4):
        begins = onsets(floats(voice.slice()) / np.float32(32_768))
        if begins is not None:
            found.append((n * SLICE + begins) / RATE)
    assert found == pytest.approx([0.5, 1.5, 2.5, 3.5], abs=0.002)


@pytest.mark.parametrize("delay", [0, 5, -5])
def test_the_flash_is_on_the_tick_of_the_beep_or_as_far_off_as_asked(delay: int) -> None:
    voice, mark = Beeps(), ProbeMark(delay, stamp=lambda: 7)
    lit = []
    for index in range(100):
        sound = np.concatenate([voice.slice(), voice.slice()])
        assert len(sound) == SOUND_TICK
        value, flash = read(mark(frame(index, sound)))
        assert value == 7
        lit += [index] * flash
    beeps = [12, 37, 62, 87]  # 0.5 s, 1.5 s ... in ticks
    shifted = {it + delay for it in beeps} | {it + delay + 1 for it in beeps}
    first = min(lit)
    assert set(lit) == {it for it in shifted if first <= it < 100} and len(lit) >= 4


def test_offsets_are_those_of_the_nearest_beep() -> None:
    assert offsets_ms([0.1, 6.0, 7.1], [5.95, 7.2], settling=5) == pytest.approx([50, -100])
    assert offsets_ms([6.0], [], settling=5) == []
