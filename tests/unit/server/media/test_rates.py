"""Bit rates and levels by the size of the pictures, at each bound and one past it."""

from __future__ import annotations

import pytest

from server import limits
from server.media.levels import Level
from server.media.rates import Rates

ANSWER = "a=fmtp:99 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f\r\n"


@pytest.mark.parametrize("size", [(256, 256), (512, 512), (300, 512), (2, 2)])
def test_faces_alone_have_the_limits_own_rates(size: tuple[int, int]) -> None:
    rates = Rates.of(*size)
    assert (rates.start, rates.highest) == (600_000, limits.PICTURE_HIGHEST_BITRATE)
    assert rates.burst == limits.PICTURE_BURST_BITS
    assert Rates.ceiling("low", *size) == limits.QUALITY_BITRATES["low"]


def test_rates_grow_with_the_sides_whichever_way_up() -> None:
    wide, tall = Rates.of(1920, 1080), Rates.of(1080, 1920)
    assert wide == tall
    assert wide.highest / limits.PICTURE_HIGHEST_BITRATE == pytest.approx(2.81, abs=0.01)
    assert wide.start / limits.PICTURE_START_BITRATE == pytest.approx(2.81, abs=0.01)
    assert wide.lowest == limits.PICTURE_LOWEST_BITRATE
    assert Rates.ceiling("high", 1920, 1080) == wide.highest
    assert Rates.of(1024, 1024).highest == 2 * limits.PICTURE_HIGHEST_BITRATE


@pytest.mark.parametrize(
    ("asked", "given"),
    [(1, 150_000), (150_001, 150_001), (2_500_000, 2_500_000), (10**9, 2_500_000)],
)
def test_bit_rates_are_bounded(asked: int, given: int) -> None:
    assert Rates.of(512, 512).bounded(asked) == given


@pytest.mark.parametrize(
    ("size", "level"),
    [
        ((512, 512), Level.L31),
        ((1280, 720), Level.L31),
        ((1280, 722), Level.L40),
        ((1080, 1080), Level.L40),
        ((1920, 1080), Level.L40),
        ((1080, 1920), Level.L40),
        ((1920, 1090), Level.L51),
    ],
)
def test_the_lowest_level_that_holds_a_picture(size: tuple[int, int], level: Level) -> None:
    assert Level.of(*size) is level


def test_an_answer_says_the_level() -> None:
    assert Level.L31.declare(ANSWER) == ANSWER
    assert "profile-level-id=42e028" in Level.L40.declare(ANSWER)
    assert "profile-level-id=42e033" in Level.L51.declare(ANSWER)
    other = ANSWER.replace("42e01f", "42001f")
    assert Level.L40.declare(other) == other
