"""Sound files of every kind are read; what is none, or a trap, is refused and costs little."""

from __future__ import annotations

import io
import struct
import time
import tracemalloc
import wave
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import SoundEmpty, SoundError, SoundTooLong, SoundUnreadable
from engine.types import SOUND_RATE
from server import limits
from server.voice.sounds import read_sound
from tests.support.soundfiles import empty_wav, encoded
from tests.support.speech import silence, tone, write_wav

KINDS = [
    ("wav", "pcm_s16le"),
    ("wav", "pcm_u8"),
    ("wav", "pcm_s24le"),
    ("wav", "pcm_f32le"),
    ("wav", "pcm_mulaw"),
    ("wav", "adpcm_ms"),
    ("mp3", "libmp3lame"),
    ("flac", "flac"),
    ("ogg", "libopus"),
    ("ogg", "flac"),
    ("ipod", "aac"),
    ("mp4", "alac"),
    ("webm", "libopus"),
    ("matroska", "aac"),
    ("adts", "aac"),
]
MAGICS = [b"RIFF\x00\x00\x00\x00WAVE", b"fLaC", b"OggS", b"\x1aE\xdf\xa3", b"ID3\x04", b"\xff\xfb"]
MAGICS += [b"\x00\x00\x00\x18ftypM4A ", b"\xff\xf1"]


@pytest.mark.parametrize(("kind", "codec"), KINDS)
@pytest.mark.parametrize("layout", ["mono", "stereo"])
@pytest.mark.parametrize("rate", [24_000, 48_000])
def test_kinds_rates_and_layouts(kind: str, codec: str, layout: str, rate: int) -> None:
    samples = read_sound(encoded(tone(0.5, rate=rate), rate, kind, codec, layout))
    assert 0.5 <= len(samples) / SOUND_RATE < 0.6
    middle = samples[9_600:14_400].astype(float)
    expected = tone(0.5)[9_600:14_400].astype(float)
    assert 0.6 < middle.std() / expected.std() < 1.3
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle))))
    assert abs(int(spectrum.argmax()) * 10 - 220) <= 20, "it is another tone"


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 22_050, 44_100, 96_000, 192_000])
def test_rates(tmp_path: Path, rate: int) -> None:
    data = write_wav(tmp_path / "it.wav", tone(0.3, rate=rate), rate).read_bytes()
    assert len(read_sound(data)) == pytest.approx(0.3 * SOUND_RATE, abs=10)


@pytest.mark.parametrize("cut", [0.3, 0.5, 0.9])
@pytest.mark.parametrize(("kind", "codec"), [("wav", "pcm_s16le"), ("mp3", "libmp3lame")])
def test_of_a_file_that_was_cut_off_the_beginning_is_spoken(
    kind: str, codec: str, cut: float
) -> None:
    data = encoded(tone(1.0), SOUND_RATE, kind, codec)
    assert len(read_sound(data[: int(len(data) * cut)])) > 0.8 * cut * SOUND_RATE


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"R",
        b"This is no sound.",
        b"#EXTM3U\n#EXTINF:1,\nfile:///etc/hostname\n",
        b"ffconcat version 1.0\nfile /etc/hostname\n",
        b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\nm=audio 5004 RTP/AVP 0\r\n",
        b"<?xml version='1.0'?><MPD></MPD>",
        b"\x89PNG\r\n\x1a\n" + bytes(100),
        b"RIFF\x00\x00\x00\x00AVI " + bytes(100),
        *[magic + bytes(200) for magic in MAGICS],
    ],
)
def test_what_is_no_sound_file_is_refused(data: bytes) -> None:
    with pytest.raises((SoundUnreadable, SoundEmpty)):
        read_sound(data)


def test_a_playlist_within_a_file_reaches_nothing() -> None:
    """MP4 may say that its samples are in another file; that is not followed."""
    data = encoded(tone(0.2), SOUND_RATE, "ipod", "aac")
    alien = data.replace(b"url \x00\x00\x00\x01", b"url \x00\x00\x00\x00")
    assert alien != data
    try:
        samples = read_sound(alien)
    except SoundError:
        return
    assert len(samples) < SOUND_RATE


def test_a_film_without_sound_is_refused() -> None:
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=25)
        assert isinstance(stream, av.VideoStream)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        container.mux(stream.encode(av.VideoFrame(64, 64, "yuv420p")))
        container.mux(stream.encode(None))
    with pytest.raises(SoundUnreadable):
        read_sound(file.getvalue())


def test_a_file_without_samples_is_empty() -> None:
    with pytest.raises(SoundEmpty):
        read_sound(empty_wav())


def test_two_minutes_are_spoken_and_a_little_more_is_not() -> None:
    longest = encoded(silence(limits.SPEECH_SECONDS), SOUND_RATE, "flac", "flac")
    assert len(read_sound(longest)) == limits.SPEECH_SECONDS * SOUND_RATE
    with pytest.raises(SoundTooLong, match="120 s"):
        read_sound(encoded(silence(limits.SPEECH_SECONDS + 1), SOUND_RATE, "flac", "flac"))


def test_a_bomb_of_silence_costs_no_more_than_the_longest_file() -> None:
    bomb = encoded(silence(1_800, 8_000), 8_000, "flac", "flac")
    assert len(bomb) < 1_800 * 2 * SOUND_RATE // 500
    tracemalloc.start()
    started = time.monotonic()
    with pytest.raises(SoundTooLong):
        read_sound(bomb)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 40_000_000 and time.monotonic() - started < 5


@pytest.mark.parametrize("rate", [1, 100, 7_999, 192_001, 2_000_000_000])
def test_a_rate_that_would_unpack_is_refused(rate: int) -> None:
    """A header that says 1 Hz makes 48,000 samples of each."""
    with pytest.raises(SoundUnreadable):
        read_sound(_wav(rate, 1))


@pytest.mark.parametrize("channels", [0, 9, 64, 65_535])
def test_that_many_channels_are_refused(channels: int) -> None:
    with pytest.raises(SoundUnreadable):
        read_sound(_wav(48_000, channels))


def test_other_decoders_are_not_let_loose() -> None:
    """A film's sound may be in a format that nobody speaks in."""
    with pytest.raises(SoundUnreadable):
        read_sound(encoded(tone(0.2), SOUND_RATE, "matroska", "wavpack"))


def test_a_decoder_that_takes_too_long_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SPEECH_DECODE_SECONDS", -1.0)
    with pytest.raises(SoundTooLong):
        read_sound(encoded(tone(0.2), SOUND_RATE, "flac", "flac"))


@settings(deadline=None, max_examples=60)
@given(magic=st.sampled_from(MAGICS), rest=st.binary(max_size=2_000))
def test_nonsense_is_refused_in_order(magic: bytes, rest: bytes) -> None:
    try:
        read_sound(magic + rest)
    except SoundError:
        pass


@settings(deadline=None, max_examples=100)
@given(
    which=st.sampled_from([0, 6, 7, 8, 10, 12]),
    at=st.integers(0, 3_000),
    bits=st.binary(min_size=1, max_size=40),
)
def test_a_damaged_file_is_spoken_or_refused(which: int, at: int, bits: bytes) -> None:
    kind, codec = KINDS[which]
    data = bytearray(encoded(tone(0.2), SOUND_RATE, kind, codec))
    data[at : at + len(bits)] = bits
    try:
        assert len(read_sound(bytes(data))) > 0
    except SoundError:
        pass


def _wav(rate: int, channels: int) -> bytes:
    """A WAV file of 4,000 bytes whose header claims this."""
    file = io.BytesIO()
    with wave.open(file, "wb") as target:
        target.setparams((1, 2, 48_000, 0, "NONE", ""))
        target.writeframes(bytes(4_000))
    data = bytearray(file.getvalue())
    data[22:28] = struct.pack("<HI", channels, rate)
    return bytes(data)
