"""Decoding in a process of its own: the same sound, the same refusals, and nothing else dies."""

from __future__ import annotations

import struct
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from engine.errors import SoundEmpty, SoundError, SoundTooLong, SoundUnreadable
from engine.types import SOUND_RATE
from server import limits
from server.voice.decoding import decode
from server.voice.sounds import read_sound
from tests.support.soundfiles import empty_wav, encoded
from tests.support.speech import silence, tone

MEASURED = """
import resource, sys
from engine.errors import SoundError
from server.voice.decoding import decode
try:
    decode(sys.stdin.buffer.read())
except SoundError as error:
    print(error.code, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
"""Decodes in a process that has no other child, and says how much that child used, in kB."""


def test_it_is_the_same_sound() -> None:
    data = encoded(tone(0.5), SOUND_RATE, "flac", "flac")
    assert (decode(data) == read_sound(data)).all()


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"no sound", SoundUnreadable),
        (encoded(silence(121, 8_000), 8_000, "flac", "flac"), SoundTooLong),
        (empty_wav(), SoundEmpty),
    ],
    ids=["nonsense", "long", "empty"],
)
def test_they_are_the_same_refusals(data: bytes, error: type[SoundError]) -> None:
    with pytest.raises(error) as here:
        read_sound(data)
    with pytest.raises(error) as there:
        decode(data)
    assert there.value.message == here.value.message


def test_a_small_file_that_asks_for_gigabytes_gets_none() -> None:
    """Tables of an MP4 that say that there are 80 million samples: 2.8 GB of index."""
    data = bytearray(encoded(tone(0.5), SOUND_RATE, "ipod", "aac"))
    for box, at, values in ((b"stsz", 8, (1, 80_000_000)), (b"stts", 12, (80_000_000,))):
        start = data.index(box) + at
        data[start : start + 4 * len(values)] = struct.pack(f">{len(values)}I", *values)
    start = data.index(b"stsc") + 16
    data[start : start + 4] = struct.pack(">I", 80_000_000)
    measured = subprocess.run(
        [sys.executable, "-c", MEASURED], input=bytes(data), capture_output=True, check=True
    )
    refusal, most = measured.stdout.split()
    assert refusal.startswith(b"sound_")
    assert int(most) * 1024 < limits.SPEECH_DECODE_BYTES + 200_000_000


def test_a_decoder_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SPEECH_DECODE_SECONDS", 0.01)
    started = time.monotonic()
    with pytest.raises(SoundTooLong, match="too long to decode"):
        decode(encoded(tone(0.5), SOUND_RATE, "flac", "flac"))
    assert time.monotonic() - started < 5


def test_a_decoder_that_breaks_is_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/bin/false")
    with pytest.raises(SoundUnreadable):
        decode(b"")


def test_no_secret_of_ours_is_passed_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    seen = tmp_path / "environment"
    spy = tmp_path / "python"
    spy.write_text(f"#!/bin/sh\nenv > {seen}\n")
    spy.chmod(0o755)
    monkeypatch.setenv("VISAVIS_SECRET", "kept")
    monkeypatch.setattr("sys.executable", str(spy))
    decode(b"")
    assert "PYTHONPATH=" in seen.read_text() and "SECRET" not in seen.read_text()


def test_what_comes_back_can_be_cut_into_pieces() -> None:
    samples = decode(encoded(tone(0.2), SOUND_RATE, "wav", "pcm_s16le"))
    assert samples.dtype == np.int16 and samples.ndim == 1
