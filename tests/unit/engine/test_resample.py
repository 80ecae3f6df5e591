from __future__ import annotations

import numpy as np
import pytest

from engine.resample import affine, box_around, cover, cut, lookup, resized_floats, spread
from engine.types import floats


def test_looking_up_every_pixel_where_it_is_changes_nothing() -> None:
    picture = np.random.default_rng(0).integers(0, 255, (20, 30, 3), np.uint8)
    places = floats(np.dstack(np.meshgrid(np.arange(30), np.arange(20))))
    np.testing.assert_array_equal(lookup(picture, places), picture)


def test_three_channels_are_found_as_each_of_them_alone() -> None:
    random = np.random.default_rng(3)
    picture = random.integers(0, 255, (60, 50, 3)).astype(np.uint8)
    places = floats(random.uniform(-5, 65, (80, 70, 2)))
    turn = floats([[1.1, 0.2, -3.3], [-0.2, 1.1, 4.4]])
    for n in range(3):
        alone = np.ascontiguousarray(picture[..., n])
        np.testing.assert_array_equal(lookup(picture, places)[..., n], lookup(alone, places))
        once = cut(picture, turn, (90, 70))[..., n]
        np.testing.assert_array_equal(once, cut(alone, turn, (90, 70)))


def test_reducing_averages() -> None:
    stripes = np.tile(np.array([[[0] * 3], [[240] * 3]], np.uint8), (64, 128, 1))
    reduced = cut(stripes, floats([[0.25, 0, 0], [0, 0.25, 0]]), (32, 32))
    assert np.abs(reduced[2:-2, 2:-2].astype(int) - 120).max() < 8


def test_beyond_the_edge_lies_the_edge_or_the_border() -> None:
    picture = np.full((4, 4, 3), 200, np.uint8)
    moved = floats([[1, 0, 10], [0, 1, 0]])
    assert affine(picture, moved, (4, 4)).min() == 200
    assert affine(picture, moved, (4, 4), border=(1, 2, 3))[0, 0].tolist() == [1, 2, 3]


def test_a_polygon_covers_its_area_with_a_soft_edge() -> None:
    mask = cover(floats([[10, 10], [30, 10], [30, 25], [10, 25]]), (40, 40))
    assert mask.sum() == pytest.approx(21 * 16, rel=0.08), "half a pixel all round"
    assert mask[17, 20] == 1.0 and mask[5, 5] == 0.0
    assert ((mask > 0.05) & (mask < 0.95)).any()


def test_a_box_stays_inside_the_picture() -> None:
    assert box_around(floats([[-5.0, 3.2], [40.0, 99.0]]), 2, 64) == (0, 1, 42, 64)


def test_averaging_keeps_the_mean() -> None:
    values = floats(np.random.default_rng(0).normal(size=(64, 64, 2)))
    assert resized_floats(values, 16, 16, average=True).mean() == pytest.approx(
        values.mean(), abs=1e-5
    )


def test_one_known_place_is_spread_over_all() -> None:
    picture = np.zeros((60, 80, 3), np.uint8)
    picture[5, 70] = (200, 150, 100)
    known = picture[..., 0] > 0
    spread_out = spread(picture, known, 1.5)
    assert np.abs(spread_out.astype(int) - (200, 150, 100)).max() <= 1
    assert not spread(picture, np.zeros_like(known), 1.5).any()
