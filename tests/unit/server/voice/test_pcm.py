"""Bytes cut anywhere become the same samples."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest

from server.protocol import HelloMessage
from server.voice.pcm import Pcm
from tests.support.voices import counting


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("kind", ["s16le", "f32le"])
@pytest.mark.parametrize("step", [1, 2, 3, 5, 7, 4_096])
def test_cuts_do_not_matter(
    channels: Literal[1, 2], kind: Literal["s16le", "f32le"], step: int
) -> None:
    samples = counting(1_000).reshape(-1, channels)
    data = samples.astype("<i2") if kind == "s16le" else (samples / 32_767).astype("<f4")
    pcm, sent = Pcm(HelloMessage(rate=24_000, channels=channels, format=kind)), data.tobytes()
    pieces = [pcm(sent[at : at + step]) for at in range(0, len(sent), step)]
    assert {piece.rate for piece in pieces} == {24_000}
    got = np.concatenate([piece.samples for piece in pieces])
    assert (got == (samples if channels == 2 else samples[:, 0])).all()


def test_what_is_no_number_is_silence_and_what_is_too_loud_is_held() -> None:
    values = np.array([np.nan, np.inf, -np.inf, 7.0, -7.0, 1e38, 0.5], "<f4")
    got = Pcm(HelloMessage(rate=48_000, format="f32le"))(values.tobytes()).samples
    assert got.tolist() == [0, 32_767, -32_767, 32_767, -32_767, 32_767, 16_384]


def test_a_cut_frame_at_the_end_does_not_shift_the_next_utterance() -> None:
    pcm = Pcm(HelloMessage(rate=48_000))
    pcm(b"\x01\x02\x03")
    pcm.end()
    assert pcm(b"\x05\x00").samples.tolist() == [5]
