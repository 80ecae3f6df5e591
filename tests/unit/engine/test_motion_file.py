from __future__ import annotations

import io
import random
import zipfile
from typing import Any

import numpy as np
import pytest

from engine.arkit import EXPRESSION, MOUTH, POSE
from engine.errors import MotionUnreadable
from engine.motion_file import MotionTake, Playback, read_motion_file
from engine.types import Component
from tests.support.motions import motion

NAMES = {Component.MOUTH: MOUTH, Component.EXPRESSION: EXPRESSION, Component.POSE: POSE}


def take(ticks: int = 50) -> MotionTake:
    made = MotionTake(NAMES)
    for tick in range(ticks):
        made.add(motion(jawOpen=tick / ticks, yaw=tick, browInnerUp=0.5))
    return made


def stored(**changes: Any) -> bytes:
    """A small file with some of its arrays replaced; None leaves one out."""
    arrays: dict[str, Any] = {"rate": np.float32(25)}
    for part in Component:
        arrays[part.value] = np.zeros((10, len(NAMES[part])), np.float32)
        arrays[f"{part.value}_names"] = np.array(NAMES[part])
    arrays = {key: it for key, it in (arrays | changes).items() if it is not None}
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def _long(ticks: int) -> dict[str, Any]:
    return {part.value: np.zeros((ticks, len(NAMES[part])), np.float32) for part in Component}


def test_what_was_kept_is_read_again() -> None:
    file = read_motion_file(take().packed(), NAMES)
    assert file.ticks == 50 and file.seconds == 2.0
    kept = motion(jawOpen=0.6, yaw=30, browInnerUp=0.5)
    for part in Component:
        np.testing.assert_array_equal(file[30][part], kept[part])


def test_coefficients_are_found_by_name() -> None:
    others = {
        Component.MOUTH: ("tongueOut", "jawOpen", "unheardOf"),
        Component.EXPRESSION: ("browInnerUp",),
        Component.POSE: ("roll", "yaw"),
    }
    file = read_motion_file(take().packed(), others)
    np.testing.assert_allclose(file[25].mouth, [0, 0.5, 0])
    np.testing.assert_allclose(file[25].pose, [0, 25])
    with pytest.raises(MotionUnreadable, match="another kind"):
        read_motion_file(take().packed(), dict.fromkeys(Component, ("other",)))


def test_other_rates_become_ticks() -> None:
    jaw = np.zeros((60, len(MOUTH)), np.float32)
    jaw[:, MOUTH.index("jawOpen")] = np.linspace(0, 1, 60)
    still = {
        "pose": np.zeros((60, len(POSE)), np.float32),
        "expression": np.zeros((60, len(EXPRESSION)), np.float32),
    }
    file = read_motion_file(stored(rate=np.float32(60), mouth=jaw, **still), NAMES)
    assert file.ticks == 25
    assert file[10].mouth.max() == pytest.approx(24 / 59)


def test_it_is_played_once_or_again_and_again() -> None:
    file = read_motion_file(take(3).packed(), NAMES)
    once, again = Playback(file, loop=False), Playback(file, loop=True)
    yaws = [None if (it := once.step()) is None else float(it.pose[0]) for _ in range(5)]
    assert yaws == [0, 1, 2, None, None]
    assert [float(it.pose[0]) for _ in range(5) if (it := again.step())] == [0, 1, 2, 0, 1]


def test_nothing_makes_no_file() -> None:
    with pytest.raises(MotionUnreadable, match="nothing was recorded"):
        MotionTake(NAMES).packed()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK\x03\x04 no archive",
        take().packed()[:-100],
        stored(rate=None),
        stored(rate=np.float32(0)),
        stored(rate=np.float32(np.nan)),
        stored(rate=np.array([1.0, 2.0])),
        stored(mouth=None),
        stored(mouth=np.zeros((10, 3), np.float32)),
        stored(mouth=np.zeros((9, len(MOUTH)), np.float32)),
        stored(mouth=np.full((10, len(MOUTH)), np.inf, np.float32)),
        stored(**_long(0)),
        stored(mouth=np.array([["x"] * len(MOUTH)] * 10)),
        stored(mouth=np.array([[object()]])),
        stored(mouth_names=np.float32(3)),
    ],
    ids=range(15),
)
def test_other_files_are_refused_in_words(content: bytes) -> None:
    with pytest.raises(MotionUnreadable):
        read_motion_file(content, NAMES)


def test_a_damaged_file_is_refused_wherever_the_damage_is() -> None:
    whole, dice, refused = take().packed(), random.Random(5), 0
    for _ in range(500):
        damaged = bytearray(whole)
        damaged[dice.randrange(len(whole))] ^= 1 << dice.randrange(8)
        try:
            read_motion_file(bytes(damaged), NAMES)
        except MotionUnreadable:
            refused += 1
    assert refused > 100


def test_what_unpacks_to_too_much_is_not_unpacked() -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mouth.npy", bytes(80_000_000))
    assert len(bomb.getvalue()) < 100_000
    with pytest.raises(MotionUnreadable, match="64 MB"):
        read_motion_file(bomb.getvalue(), NAMES)


def test_a_motion_of_hours_is_refused() -> None:
    with pytest.raises(MotionUnreadable, match="hour"):
        read_motion_file(stored(rate=np.float32(1), **_long(4_000)), NAMES)
