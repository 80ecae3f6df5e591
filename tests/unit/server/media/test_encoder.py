"""The encoders with real pictures and sound, read back by FFmpeg's decoders."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import cast

import av
import numpy as np
import pytest
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType
from av.video.reformatter import ColorRange, Colorspace
from numpy.typing import NDArray

from engine.errors import EncoderFailed
from engine.types import SOUND_RATE, TICKS_PER_SECOND, Samples
from server import limits
from server.media.encoder import (
    LIBRARIES,
    NVENC,
    PICTURE_STEP,
    SLICE,
    VPX,
    X264,
    Codec,
    LibraryEncoder,
    PicturePacket,
    SoundEncoder,
    SoundPacket,
    open_picture_encoder,
)
from server.media.rates import Rates
from tests.support.pictures import alike, moving

CODECS: tuple[Codec, ...] = ("H264", "VP8")
START = limits.PICTURE_START_BITRATE


class Decoder:
    """What a viewer sees."""

    def __init__(self, codec: Codec) -> None:
        name = {"H264": "h264", "VP8": "libvpx"}[codec]
        self._context = cast(VideoCodecContext, av.CodecContext.create(name, "r"))

    def __call__(self, packet: PicturePacket) -> av.VideoFrame:
        (frame,) = self._context.decode(packet)
        return frame


def kilobits(packets: list[PicturePacket]) -> float:
    """Of a second."""
    return sum(it.size for it in packets) * 8 * TICKS_PER_SECOND / len(packets) / 1000


@pytest.mark.parametrize("size", [256, 512])
@pytest.mark.parametrize("codec", CODECS)
def test_a_presenter_can_be_recognised_from_the_first_picture_on(codec: Codec, size: int) -> None:
    encoder, decoder = open_picture_encoder(codec, size, size, START), Decoder(codec)
    for tick in range(25):
        picture = moving(size, tick)
        packet = encoder.encode(picture, tick * PICTURE_STEP, False)
        assert (packet.pts, packet.dts, packet.duration) == (tick * 3600, tick * 3600, 3600)
        assert packet.is_keyframe == (tick == 0)
        assert alike(decoder(packet), picture) > 30
    assert alike(decoder(encoder.encode(picture, 25 * PICTURE_STEP, False)), picture) > 38


@pytest.mark.parametrize("codec", CODECS)
def test_a_keyframe_that_is_asked_for_is_the_next_picture(codec: Codec) -> None:
    encoder = open_picture_encoder(codec, 256, 256, START)
    packets = [encoder.encode(moving(256, tick), tick * 3600, tick == 7) for tick in range(10)]
    assert [tick for tick, it in enumerate(packets) if it.is_keyframe] == [0, 7]
    late = Decoder(codec)
    assert alike(late(packets[7]), moving(256, 7)) > 30
    assert alike(late(packets[8]), moving(256, 8)) > 30


def test_every_h264_keyframe_carries_what_a_decoder_needs() -> None:
    encoder = LibraryEncoder([X264], 512, 512, START)
    for tick in range(3):
        packet = encoder.encode(moving(512, tick), tick * 3600, True)
        kinds = [unit[0] & 0x1F for unit in units(packet)]
        assert [kind for kind in kinds if kind != 6] == [7, 8, 5]
        (sequence,) = (unit for unit in units(packet) if unit[0] & 0x1F == 7)
        profile, constraints, level = sequence[1:4]
        assert (profile, level) == (66, 31)
        assert constraints & 0x40, "not the constrained baseline"


def units(packet: PicturePacket) -> list[bytes]:
    """NAL units of Annex B."""
    parts = bytes(packet).replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1")
    assert parts[0] == b""
    return parts[1:]


def test_h264_follows_the_bit_rate_without_a_keyframe() -> None:
    encoder = LibraryEncoder([X264], 256, 256, START)
    encoder.encode(moving(256, 0), 0, False)
    tick = 0
    for wanted in (600_000, 300_000, 1_200_000, 200_000):
        encoder.bitrate = wanted
        packets = []
        for _ in range(50):
            tick += 1
            packets.append(encoder.encode(moving(256, tick, grain=4), tick * 3600, False))
        assert kilobits(packets[15:]) == pytest.approx(wanted / 1000, rel=0.2)
        assert not any(it.is_keyframe for it in packets)


def test_vp8_begins_anew_for_a_large_change_only_and_not_at_once() -> None:
    encoder = open_picture_encoder("VP8", 256, 256, START)

    def keyframes(ticks: range, wanted: int) -> list[int]:
        encoder.bitrate = wanted
        packets = [encoder.encode(moving(256, it, grain=4), it * 3600, False) for it in ticks]
        rates.append(kilobits(packets[-50:]))
        return [tick for tick, it in zip(ticks, packets, strict=True) if it.is_keyframe]

    rates: list[float] = []
    patience = limits.PATIENCE_TICKS
    assert keyframes(range(0, 110), START) == [0]
    assert keyframes(range(110, 120), round(1.3 * START)) == []
    assert keyframes(range(120, 220), START // 3) == [120]
    assert keyframes(range(220, 330), START) == [120 + patience]
    assert rates[2] == pytest.approx(START / 3000, rel=0.2)
    assert rates[3] == pytest.approx(START / 1000, rel=0.2)


def test_a_keyframe_that_comes_anyway_takes_the_new_bit_rate_with_it() -> None:
    encoder = open_picture_encoder("VP8", 256, 256, START)
    packets = []
    for tick in range(80):
        encoder.bitrate = START if tick < 20 else START // 2
        packets.append(encoder.encode(moving(256, tick, grain=4), tick * 3600, tick == 30))
    assert [tick for tick, it in enumerate(packets) if it.is_keyframe] == [0, 30]
    assert kilobits(packets[35:]) == pytest.approx(START / 2000, rel=0.2)


@pytest.mark.parametrize("codec", CODECS)
def test_bit_rates_stay_within_their_limits(codec: Codec) -> None:
    encoder = open_picture_encoder(codec, 64, 64, 1)
    assert encoder.bitrate == limits.PICTURE_LOWEST_BITRATE
    encoder.bitrate = 10**9
    assert encoder.bitrate == limits.PICTURE_HIGHEST_BITRATE


@pytest.mark.parametrize("grain", [0, 12])
@pytest.mark.parametrize("codec", CODECS)
def test_keyframes_at_512_stay_small(codec: Codec, grain: float) -> None:
    encoder = open_picture_encoder(codec, 512, 512, START)
    for tick in range(60):
        packet = encoder.encode(moving(512, tick, grain=grain), tick * 3600, tick % 20 == 0)
        if packet.is_keyframe:
            assert packet.size < 25_000


@pytest.mark.parametrize("codec", CODECS)
def test_another_size_begins_anew(codec: Codec) -> None:
    encoder = open_picture_encoder(codec, 256, 256, START)
    encoder.encode(moving(256, 0), 0, False)
    picture = moving(128, 1)
    packet = encoder.encode(picture, 3600, False)
    assert packet.is_keyframe
    shown = Decoder(codec)(packet)
    assert (shown.width, shown.height) == (128, 128)
    assert alike(shown, picture) > 30


@pytest.mark.parametrize("codec", CODECS)
def test_sizes_that_are_no_multiple_of_16_work(codec: Codec) -> None:
    encoder, decoder = open_picture_encoder(codec, 250, 250, START), Decoder(codec)
    assert alike(decoder(encoder.encode(moving(250, 0), 0, False)), moving(250, 0)) > 30


@pytest.mark.parametrize("size", [(1920, 1080), (1080, 1920), (1080, 1350), (332, 600)])
@pytest.mark.parametrize("codec", CODECS)
def test_pictures_of_any_shape_up_to_full_hd(codec: Codec, size: tuple[int, int]) -> None:
    rates = Rates.of(*size)
    encoder, decoder = open_picture_encoder(codec, *size, rates.start), Decoder(codec)
    packets = []
    for tick in range(3):
        picture = moving(512, tick).reformat(*size)
        packets.append(encoder.encode(picture, tick * PICTURE_STEP, False))
        shown = decoder(packets[-1])
        assert (shown.width, shown.height) == size
    assert alike(shown, picture) > 32
    assert packets[0].size * 8 < 1.5 * rates.burst
    encoder.bitrate = 10**9
    assert encoder.bitrate == rates.highest


@pytest.mark.parametrize(
    ("size", "level"), [((512, 512), 31), ((1920, 1080), 40), ((1080, 1920), 40)]
)
def test_the_stream_says_its_level_and_its_colours(size: tuple[int, int], level: int) -> None:
    encoder = LibraryEncoder([X264], *size, START)
    packet = encoder.encode(moving(512, 0).reformat(*size), 0, True)
    (sequence,) = (unit for unit in units(packet) if unit[0] & 0x1F == 7)
    assert (sequence[1], sequence[3]) == (66, level)
    shown = Decoder("H264")(packet)
    assert (shown.colorspace, shown.color_range) == (Colorspace.ITU601, ColorRange.MPEG)


def test_a_picture_is_left_as_it_is_and_two_threads_may_encode_it() -> None:
    picture = moving(256, 3)
    picture.pts = 77
    before = picture.to_ndarray()
    encoders = [open_picture_encoder(codec, 256, 256, START) for codec in CODECS]
    for encoder in encoders:
        encoder.encode(moving(256, 0), 0, False)

    def again(number: int) -> list[bool]:
        return [
            encoders[number].encode(picture, pts * 3600, number == 0 and pts % 2 == 0).is_keyframe
            for pts in range(1, 40)
        ]

    with ThreadPoolExecutor(2) as executor:
        h264, vp8 = executor.map(again, range(2))
    assert h264 == [pts % 2 == 0 for pts in range(1, 40)]
    assert not any(vp8)
    assert (picture.pts, picture.pict_type) == (77, PictureType.NONE)
    assert np.array_equal(picture.to_ndarray(), before)


def test_without_hardware_the_next_library_is_used() -> None:
    missing = replace(X264, name="h264_of_no_such_library")
    small = replace(X264, options=lambda bitrate: {"preset": "no such preset"})
    encoder = LibraryEncoder([missing, small, X264], 64, 64, START)
    assert encoder.library is X264
    assert encoder.encode(moving(64, 0), 0, False).is_keyframe


def test_hardware_comes_first_and_its_lack_is_no_failure() -> None:
    assert LIBRARIES["H264"] == (NVENC, X264)
    encoder = LibraryEncoder(LIBRARIES["H264"], 256, 256, START)
    assert encoder.library in LIBRARIES["H264"]
    assert encoder.encode(moving(256, 0), 0, False).is_keyframe


def test_no_library_at_all_is_a_clear_error() -> None:
    with pytest.raises(EncoderFailed, match="64 x 64"):
        LibraryEncoder([replace(VPX, name="vp8_of_no_such_library")], 64, 64, START)


def speech(seconds: float) -> Samples:
    """A voice's buzz that comes and goes with syllables."""
    time = np.arange(int(seconds * SOUND_RATE)) / SOUND_RATE
    wave: NDArray[np.float64] = sum(
        (np.sin(2 * np.pi * 150 * n * time) / n for n in range(1, 20)), np.zeros(len(time))
    )
    loud = 5_000 * np.clip(np.cos(2 * np.pi * 3 * time), 0.05, 1)
    return np.asarray(wave * loud, np.int16)


def encoded(samples: Samples) -> list[SoundPacket]:
    encoder = SoundEncoder()
    slices = samples.reshape(-1, SLICE)
    return [encoder.encode(it, (7 + n) * SLICE) for n, it in enumerate(slices)]


def decoded(packets: list[SoundPacket]) -> NDArray[np.float64]:
    decoder = av.CodecContext.create("libopus", "r")
    decoder.sample_rate, decoder.layout = SOUND_RATE, "mono"
    frames = [frame for packet in packets for frame in decoder.decode(packet)]
    heard = np.concatenate([it.to_ndarray() for it in frames], axis=-1)[0]
    return np.asarray(heard, np.float64)


def test_each_slice_of_sound_is_one_packet_at_its_time() -> None:
    packets = encoded(speech(1.0))
    assert [it.pts for it in packets] == [(7 + n) * 960 for n in range(50)]
    assert {it.duration for it in packets} == {960}
    assert sum(it.size for it in packets) * 8 < 1.3 * limits.SOUND_BITRATE


def test_sound_is_what_was_spoken_and_comes_at_once() -> None:
    wave = np.zeros(SOUND_RATE, np.int16)
    wave[24_000:33_600] = speech(0.2)
    heard = decoded(encoded(wave))
    loud = np.flatnonzero(np.abs(heard) > 0.1 * np.abs(heard).max())
    assert loud[0] - 24_000 == pytest.approx(0, abs=480), "10 ms"
    assert np.abs(heard[:22_000]).max() < 0.02 * np.abs(heard).max()


def test_packets_carry_the_slice_before_them_for_a_lost_one() -> None:
    """RFC 6716: modes below 16 have a SILK layer; its second bit says that there is a repair."""
    packets = [bytes(it) for it in encoded(speech(2.0))]
    repaired = [it for it in packets if it[0] >> 3 < 16 and it[1] & 0x40]
    assert len(repaired) > 0.4 * len(packets)
    assert {it[0] & 0x07 for it in packets} == {0}, "one mono frame a packet"


def test_files_get_the_header_they_want() -> None:
    header = SoundEncoder().header
    assert header[:8] == b"OpusHead"
    assert header[9] == 1
