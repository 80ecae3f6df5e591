from __future__ import annotations

import numpy as np
import pytest

from engine.mark import badge, unmarked
from engine.types import SOUND_TICK, AVFrame


def frame(size: int, grey: int) -> AVFrame:
    picture = np.full((size, size, 3), grey, np.uint8)
    return AVFrame(0, 0, picture, np.zeros(SOUND_TICK, np.int16), speaking=False)


@pytest.mark.parametrize("size", [256, 512, 1080])
@pytest.mark.parametrize("grey", [0, 128, 255])
def test_the_badge_is_seen_on_every_ground_and_leaves_the_rest(size: int, grey: int) -> None:
    marked = badge(frame(size, grey))
    changed = np.abs(marked.astype(int) - grey).max(axis=2)
    rows, columns = np.nonzero(changed > 0)
    assert changed.max() > 60
    assert min(rows.min(), columns.min()) > 0.85 * size
    assert max(rows.max(), columns.max()) < size
    assert np.ptp(marked[rows.min() : rows.max(), columns.min() : columns.max()].astype(int)) > 60


@pytest.mark.parametrize("size", [(1080, 1920), (1920, 1080), (200, 1200)])
def test_the_badge_keeps_its_shape_on_other_shapes(size: tuple[int, int]) -> None:
    """As large, and as far from the corner, as on a square of the shorter side."""
    short = min(size)
    square = badge(frame(short, 128))[short // 2 :, short // 2 :]
    plain = frame(short, 128)
    wide = AVFrame(0, 0, np.full((*size, 3), 128, np.uint8), plain.sound, speaking=False)
    marked = badge(wide)
    np.testing.assert_array_equal(marked[-len(square) :, -len(square) :], square)
    assert (marked[: -len(square)] == 128).all() and (marked[:, : -len(square)] == 128).all()


def test_unmarked_is_the_picture_itself() -> None:
    one = frame(256, 7)
    assert unmarked(one) is one.picture
