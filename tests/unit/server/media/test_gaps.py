"""Holes in sound: made up, filled, or left alone."""

from __future__ import annotations

import av
import numpy as np
import pytest
from av.audio.codeccontext import AudioCodecContext

from engine.types import Floats
from server.media.gaps import CONCEALED, Gaps, Timeline, concealed
from server.media.reorder import Packet


def opus(seconds: float, bit_rate: int = 32_000) -> list[bytes]:
    """A hum of 220 Hz, 20 ms a packet."""
    encoder = av.CodecContext.create("libopus", "w")
    assert isinstance(encoder, AudioCodecContext)
    encoder.format, encoder.layout, encoder.sample_rate = av.AudioFormat("s16"), "mono", 48_000
    encoder.bit_rate = bit_rate
    hum = 8_000 * np.sin(2 * np.pi * 220 * np.arange(int(48_000 * seconds)) / 48_000)
    frame = av.AudioFrame.from_ndarray(hum.astype(np.int16)[None], format="s16", layout="mono")
    frame.sample_rate = 48_000
    pieces = av.AudioResampler("s16", "mono", 48_000, frame_size=960).resample(frame)
    return [bytes(it) for piece in pieces for it in encoder.encode(piece)]


def decoded(packets: list[bytes]) -> list[Floats]:
    decoder = av.CodecContext.create("libopus", "r")
    assert isinstance(decoder, AudioCodecContext)
    decoder.sample_rate, decoder.layout = 48_000, "mono"
    frames = [frame for it in packets for frame in decoder.decode(av.Packet(it))]
    return [it.to_ndarray().astype(np.float32).ravel() for it in frames]


def stream(data: list[bytes], first: int = 0) -> list[Packet]:
    return [
        Packet((first + it) & 0xFFFF, (2**32 - 9_600 + 960 * it) % 2**32, one, it * 0.02)
        for it, one in enumerate(data)
    ]


@pytest.mark.parametrize("missing", [1, 2, 3])
def test_the_decoder_goes_on_through_what_was_lost(missing: int) -> None:
    packets = stream(opus(1.0), first=65_530)
    made_up = concealed(packets[19], packets[20 + missing])
    assert [it.number for it in made_up] == [it.number for it in packets[20 : 20 + missing]]
    assert [it.timestamp for it in made_up] == [it.timestamp for it in packets[20 : 20 + missing]]
    rest = packets[:20] + made_up + packets[20 + missing :]
    whole = decoded([it.data for it in packets])
    holed = decoded([it.data for it in rest])
    assert [it.size for it in holed] == [it.size for it in whole]
    loud = [float(np.sqrt(np.mean(it**2))) for it in whole]
    kept = [float(np.sqrt(np.mean(it**2))) for it in holed]
    assert all(kept[it] > 0.3 * loud[it] for it in range(20, 20 + missing))


def test_nothing_is_made_up_without_need_or_reason() -> None:
    packets = stream([b"\x78abc"] * 40)
    assert concealed(packets[3], packets[4]) == []
    assert concealed(packets[3], packets[3 + CONCEALED + 2]) == []
    assert concealed(packets[4], packets[3]) == []
    silent = Packet(packets[5].number, packets[5].timestamp + 48_000, b"\x78", 0.0)
    assert concealed(packets[3], silent) == []
    assert concealed(Packet(0, 0, b"", 0.0), Packet(2, 1_920, b"x", 0.0)) == []


@pytest.mark.parametrize("data", [b"\x78abcd", b"\x79abcd", b"\x7aabcd", b"\x7b\x82abcd", b"\x7b"])
def test_what_is_made_up_is_as_long_as_what_was_lost(data: bytes) -> None:
    """An Opus packet holds one frame, two, or as many as its second byte says."""
    made_up = concealed(Packet(0, 0, data, 0.0), Packet(2, 3_840, data, 0.0))
    frames = {0: 1, 1: 2, 2: 2}.get(data[0] & 3, 2)
    assert sum(it.size for it in decoded([made_up[0].data])) == frames * 960


def test_a_time_line_starts_at_zero_and_has_no_wrap() -> None:
    line = Timeline(48_000)
    stamps = [(2**32 - 2_000 + 960 * it) % 2**32 for it in range(10)]
    assert [line(it) for it in stamps] == [960 * it for it in range(10)]


def test_a_lost_packet_is_a_step_of_the_time_line() -> None:
    line = Timeline(48_000)
    assert [line(it) for it in (100, 1_060, 4_900)] == [0, 960, 4_800]


def test_a_stream_that_begins_anew_follows_on() -> None:
    line = Timeline(48_000)
    assert [line(it) for it in (0, 960, 2**31, 2**31 + 960, 17, 977)] == [
        960 * it for it in range(6)
    ]


def test_two_days_of_sound_lie_on_one_line() -> None:
    line = Timeline(48_000)
    step = 48_000 * 9
    times = [line(step * it % 2**32) for it in range(48 * 3600 // 9)]
    assert times == [step * it for it in range(len(times))]


def test_gaps_are_as_long_as_what_is_missing() -> None:
    gaps = Gaps(48_000, longest=0.1)
    starts = [0, 960, 2_880, 3_840, 8_640]
    assert [gaps.before(it, 960) for it in starts] == [0, 0, 960, 0, 3_840]
    assert gaps.filled == 4_800


def test_filled_sound_has_the_length_of_what_was_sent() -> None:
    gaps = Gaps(48_000)
    lost = {3, 4, 9, 20, 21, 22}
    total = sum(gaps.before(960 * it, 960) + 960 for it in range(100) if it not in lost)
    assert total == 96_000


def test_long_holes_and_overlaps_are_not_filled() -> None:
    gaps = Gaps(48_000, longest=0.1)
    assert [gaps.before(it, 960) for it in (0, 48_000, 48_960, 48_000, 48_960)] == [0] * 5
