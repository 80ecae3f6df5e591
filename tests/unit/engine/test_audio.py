from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.audio import QUIET, Decimator, Intake, SoundBuffer, VoiceActivity
from engine.errors import SoundUnreadable
from engine.types import HEARING_TICK, SOUND_RATE, SOUND_TICK, Floats, Samples, Sound
from tests.support.speech import heard, noise, silence, tone


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 24_000, 44_100, 48_000, 96_000])
@pytest.mark.parametrize("channels", [0, 1, 2, 6])
def test_any_rate_and_layout_keeps_length_and_pitch(rate: int, channels: int) -> None:
    time = np.arange(rate) / rate
    samples = np.asarray(8_000 * np.sin(2 * np.pi * 440 * time), np.int16)
    if channels:
        samples = np.repeat(samples[:, None], channels, axis=1)
    intake = Intake()
    pieces = [intake(Sound(piece, rate)) for piece in np.array_split(samples, 50)]
    out = np.concatenate(pieces)
    assert len(out) == pytest.approx(SOUND_RATE, abs=0.005 * SOUND_RATE)
    spectrum = np.abs(np.fft.rfft(out[2_000:-2_000] * np.hanning(len(out) - 4_000)))
    assert spectrum.argmax() * SOUND_RATE / (len(out) - 4_000) == pytest.approx(440, abs=2)
    assert np.abs(out[2_000:-2_000]).max() == pytest.approx(8_000, rel=0.05)


@pytest.mark.parametrize("rate", [0, 7_999, 192_001])
def test_an_impossible_rate_is_refused(rate: int) -> None:
    with pytest.raises(SoundUnreadable, match="8 to 192 kHz"):
        Intake()(Sound(np.zeros(10, np.int16), rate))


def test_the_buffer_gives_back_what_came_in() -> None:
    buffer = SoundBuffer(limit=48_000, cushion=0)
    samples = noise(0.4, 0.2)
    for piece in np.array_split(samples, 17):
        buffer.push(piece, None)
    out = np.concatenate([buffer.take(SOUND_TICK)[0] for _ in range(10)])
    np.testing.assert_array_equal(out, samples)


def test_an_empty_buffer_gives_silence_until_the_cushion_is_there() -> None:
    buffer = SoundBuffer(limit=48_000, cushion=960)
    buffer.push(np.ones(2_000, np.int16), 1.0)
    taken, stamp = buffer.take(SOUND_TICK)
    assert not taken.any() and stamp is None
    buffer.push(np.ones(960, np.int16), 2.0)
    taken, stamp = buffer.take(SOUND_TICK)
    assert taken.all() and stamp == 1.0
    assert len(buffer) == 960, "the cushion and no more: the rest would only be delay"
    assert buffer.dropped == 2_960 - SOUND_TICK - 960


def test_running_dry_in_a_tick_pads_it() -> None:
    buffer = SoundBuffer(limit=48_000, cushion=0)
    buffer.push(np.ones(2_000, np.int16), None)
    buffer.take(SOUND_TICK)
    taken, _ = buffer.take(SOUND_TICK)
    assert taken.sum() == 80 and not taken[80:].any()


@given(st.lists(st.integers(0, 4_000), max_size=60))
def test_the_buffer_never_holds_more_than_its_limit_and_counts_drops(sizes: list[int]) -> None:
    buffer = SoundBuffer(limit=6_000, cushion=960)
    for size in sizes:
        buffer.push(np.ones(size, np.int16), None)
        assert len(buffer) <= 6_000
    assert len(buffer) + buffer.dropped == sum(sizes)


PACKET = 960


class Line:
    """Packets of 20 ms that come with a delay each, and ticks of 40 ms that take them."""

    def __init__(self, buffer: SoundBuffer, seed: int = 0) -> None:
        self.buffer = buffer
        self._random = np.random.default_rng(seed)
        self._coming: list[int] = []
        self._sent = self._now = 0  # milliseconds

    def run(self, ticks: int, jitter: int, level: int = 0) -> int:
        """How many of so many ticks had a gap; packets are up to `jitter` ms late."""
        gaps = 0
        for _ in range(ticks):
            self._now += 40
            while self._sent < self._now:
                self._coming.append(self._sent + int(self._random.integers(jitter + 1)))
                self._sent += 20
            for _ in [it for it in self._coming if it <= self._now]:
                self.buffer.push(np.full(PACKET, level, np.int16), None)
            self._coming = [it for it in self._coming if it > self._now]
            before = self.buffer.taken_dry
            self.buffer.take(SOUND_TICK)
            gaps += self.buffer.taken_dry - before
        return gaps


def test_the_cushion_grows_until_jitter_is_not_heard() -> None:
    line = Line(SoundBuffer(limit=48_000, cushion=480, most=3_840))
    assert line.run(500, jitter=60) > 0
    assert line.run(500, jitter=60) == 0


def test_what_piled_up_is_given_back_in_quiet_and_only_then() -> None:
    buffer = SoundBuffer(limit=6_720, cushion=480, most=3_840)
    line = Line(buffer)
    line.run(10, jitter=0)
    buffer.push(np.zeros(3 * PACKET, np.int16), None)  # a burst
    line.run(600, jitter=0, level=10 * QUIET)
    assert len(buffer) > 2 * PACKET, "a voice is never cut"
    line.run(50, jitter=0)
    assert len(buffer) <= 480 + PACKET
    assert line.run(600, jitter=0) == 0, "and what is needed stays"


def test_clearing_is_not_dropping() -> None:
    buffer = SoundBuffer(limit=6_000, cushion=0)
    buffer.push(np.ones(3_000, np.int16), None)
    buffer.clear()
    assert len(buffer) == 0 and buffer.dropped == 0


def test_the_decimator_keeps_speech_and_removes_what_would_fold() -> None:
    time = np.arange(SOUND_TICK * 10) / SOUND_RATE
    for hertz, kept in ((1_000, True), (6_000, True), (12_000, False), (20_000, False)):
        samples = np.asarray(10_000 * np.sin(2 * np.pi * hertz * time), np.int16)
        decimator = Decimator()
        out = np.concatenate([decimator(piece) for piece in np.split(samples, 10)])
        assert len(out) == HEARING_TICK * 10
        level = np.sqrt(np.mean(out[500:] ** 2)) / (10_000 / 32_768 / np.sqrt(2))
        assert level == pytest.approx(1.0, abs=0.02) if kept else level < 0.01


def ticks(samples: Samples) -> list[Floats]:
    return np.split(heard(samples), len(samples) // HEARING_TICK)


def test_a_voice_is_told_from_silence_and_from_a_fan() -> None:
    voice = VoiceActivity()
    rate = 16_000
    assert not any(voice(tick) for tick in ticks(silence(1.0, rate)))
    assert all([voice(tick) for tick in ticks(tone(1.0, rate=rate))][1:])
    after = [voice(tick) for tick in ticks(silence(1.0, rate))]
    assert after[0] and not after[-1], "a voice is held for a moment, then let go"
    fan = [voice(tick) for tick in ticks(noise(12.0, 0.01, rate))]
    assert not any(fan[-25:]), "steady noise is learnt"
    assert any(voice(tick) for tick in ticks(tone(0.4, rate=rate))), "and a voice above it is heard"
