"""What Audio2Lip hears: golden, and the same however the sound is cut."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.mel_windows import (
    BANDS,
    COLUMNS,
    LOOKAHEAD_TICKS,
    MelColumns,
    MelWindows,
    slaney_filters,
)
from engine.types import HEARING_RATE, HEARING_TICK, Floats, floats
from export.edtalk.golden import EVERY_WINDOW, KEPT_WINDOWS
from tests.support.edtalk import golden
from tests.support.speech import heard, noise, tone

LOOKAHEAD_SAMPLES = round(0.1325 * HEARING_RATE)


def whole(sound: Floats) -> NDArray[np.float64]:
    """All windows at once, straight from the formulas, [pictures, 80, 16]."""
    pictures = len(sound) // HEARING_TICK
    clip = sound[: pictures * HEARING_TICK].astype(np.float64)
    sharp = clip - 0.97 * np.concatenate([[0.0], clip[:-1]])
    padded = np.pad(sharp, 400, mode="reflect")
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(800) / 800)
    frames = np.lib.stride_tricks.sliding_window_view(padded, 800)[::200] * hann
    bands = np.abs(np.fft.rfft(frames, axis=1)) @ slaney_filters().T
    mel = np.clip(8 * (20 * np.log10(np.maximum(1e-5, bands)) - 20 + 100) / 100 - 4, -4, 4)
    starts = [int(80 * (picture - 2) / 25) for picture in range(pictures)]
    places = np.clip(np.add.outer(starts, np.arange(16)), 0, len(mel) - 1)
    return np.asarray(mel[places].transpose(0, 2, 1), np.float64)


def pieces(sound: Floats, cuts: list[int]) -> list[Floats]:
    return np.split(sound, sorted(cut % (len(sound) + 1) for cut in cuts))


def streamed(parts: list[Floats]) -> Floats:
    windows = MelWindows()
    return np.concatenate([*(windows.push(part) for part in parts), windows.finish()])


def test_windows_are_golden() -> None:
    wanted = golden()
    found = streamed([heard(wanted["in.wav"])])
    assert len(found) == len(wanted["audio.raw"])
    kept = found[[EVERY_WINDOW * number for number in KEPT_WINDOWS]]
    np.testing.assert_allclose(kept, wanted["audio.windows"], atol=4e-4)


@pytest.mark.parametrize("seconds", [0.0, 0.039, 0.04, 0.06, 0.13, 0.5, 2.01])
def test_clips_of_any_length_are_heard_to_their_end(seconds: float) -> None:
    sound = heard(noise(seconds, 0.1, HEARING_RATE))
    found = streamed([sound])
    assert found.shape == (len(sound) // HEARING_TICK, BANDS, COLUMNS)
    if len(found):
        np.testing.assert_allclose(found, whole(sound), atol=1e-5)


@settings(max_examples=40, deadline=None)
@given(
    length=st.integers(0, 40 * HEARING_TICK),
    cuts=st.lists(st.integers(0, 40 * HEARING_TICK), max_size=30),
    seed=st.integers(0, 99),
)
def test_cutting_the_sound_changes_not_a_bit(length: int, cuts: list[int], seed: int) -> None:
    sound = floats(np.random.default_rng(seed).normal(0, 0.1, length))
    assert np.array_equal(streamed(pieces(sound, cuts)), streamed([sound]))


def test_a_window_is_complete_132_ms_after_its_picture_begins() -> None:
    sound = heard(noise(1.0, 0.1, HEARING_RATE))
    windows = MelWindows()
    ready = 0
    for tick in range(len(sound) // HEARING_TICK):
        ready += len(windows.push(sound[tick * HEARING_TICK : (tick + 1) * HEARING_TICK]))
        assert ready == max(0, tick + 1 - LOOKAHEAD_TICKS)
    picture = 12
    changed = sound.copy()
    changed[picture * HEARING_TICK + LOOKAHEAD_SAMPLES :] = 0.0
    assert np.array_equal(streamed([changed])[picture], streamed([sound])[picture])
    changed[picture * HEARING_TICK + LOOKAHEAD_SAMPLES - 200 :] = 0.0
    assert not np.array_equal(streamed([changed])[picture], streamed([sound])[picture])


def test_the_last_unfinished_tick_is_not_heard() -> None:
    sound = heard(tone(0.5, rate=HEARING_RATE))
    loud = np.concatenate([sound[: 12 * HEARING_TICK], np.ones(500, np.float32)])
    assert np.array_equal(streamed([loud]), streamed([sound[: 12 * HEARING_TICK]]))


def test_after_its_end_and_after_a_reset_it_is_as_new() -> None:
    sound = heard(noise(0.4, 0.1, HEARING_RATE))
    windows = MelWindows()
    windows.push(sound)
    windows.reset()
    first = np.concatenate([windows.push(sound), windows.finish()])
    again = np.concatenate([windows.push(sound), windows.finish()])
    assert np.array_equal(first, streamed([sound])) and np.array_equal(again, first)


def test_what_is_kept_does_not_grow() -> None:
    windows = MelWindows()
    sizes = set()
    for _ in range(400):
        windows.push(np.zeros(HEARING_TICK, np.float32))
        sizes.add(len(windows._kept))
    assert max(sizes) <= 2 * COLUMNS


def test_filters_have_unit_area_and_follow_each_other() -> None:
    filters = slaney_filters()
    area = filters.sum(axis=1) * HEARING_RATE / 800
    np.testing.assert_allclose(area[20:], 1.0, atol=0.15)
    peaks = filters.argmax(axis=1)
    assert (np.diff(peaks) >= 0).all() and peaks[-1] * HEARING_RATE / 800 < 7600


def test_silence_is_the_floor() -> None:
    columns = MelColumns()
    made = columns.push(np.zeros(4 * HEARING_TICK, np.float32))
    assert (made == -4.0).all()
