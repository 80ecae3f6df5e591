from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from client.devices import RATE, SLICE, Microphone, Silence, SoundFile
from client.errors import DeviceMissing, FileUnusable
from tests.support.speech import tone, write_wav


@pytest.mark.parametrize(("rate", "channels"), [(8_000, 1), (24_000, 1), (44_100, 2), (48_000, 2)])
def test_a_file_is_given_in_slices_and_then_silence(
    tmp_path: Path, rate: int, channels: int
) -> None:
    voice = SoundFile(write_wav(tmp_path / "in.wav", tone(0.5, rate=rate), rate, channels))
    assert voice.seconds == pytest.approx(0.5, abs=0.01)
    slices = [voice.slice() for _ in range(40)]
    assert {piece.shape for piece in slices} == {(SLICE,)}
    assert all(piece.any() for piece in slices[:24])
    assert not any(piece.any() for piece in slices[27:])


def test_the_samples_are_the_files(tmp_path: Path) -> None:
    samples = tone(0.2)
    voice = SoundFile(write_wav(tmp_path / "in.wav", samples, RATE))
    out = np.concatenate([voice.slice() for _ in range(10)])
    np.testing.assert_array_equal(out, samples)


@pytest.mark.parametrize("content", [b"", b"no sound at all", b"RIFF"])
def test_what_is_no_sound_is_said(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.wav"
    path.write_bytes(content)
    with pytest.raises(FileUnusable, match=r"broken\.wav"):
        SoundFile(path)


def test_silence_is_silent() -> None:
    assert not Silence().slice().any()


def test_a_machine_without_microphone_says_what_to_do() -> None:
    try:
        with Microphone() as microphone:
            assert microphone.slice().shape == (SLICE,)
    except DeviceMissing as error:
        assert "--file" in str(error)
