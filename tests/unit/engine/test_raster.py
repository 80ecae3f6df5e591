"""Triangles in a grid: the middles of cells that they cover, later ones over earlier ones."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.raster import numbered
from engine.types import Floats, floats

SIZE = 24


def scattered(count: int, seed: int) -> Floats:
    """Triangles of all shapes, some of them partly or wholly outside."""
    random = np.random.default_rng(seed)
    middles = random.uniform(-4, SIZE + 4, (count, 1, 2))
    return floats(middles + random.normal(0, 4, (count, 3, 2)))


def in_order(count: int) -> NDArray[np.int64]:
    return np.arange(count)


def inside(corners: Floats, margin: float = 0.0) -> NDArray[np.bool_]:
    """Which cells' middles lie in one triangle, by its three edges; [SIZE, SIZE]."""
    y, x = np.mgrid[:SIZE, :SIZE].astype(float)
    (ax, ay), (bx, by), (cx, cy) = corners.astype(float)
    turn = np.sign((bx - ax) * (cy - ay) - (by - ay) * (cx - ax))
    found = np.ones((SIZE, SIZE), bool)
    for (px, py), (qx, qy) in (
        ((ax, ay), (bx, by)),
        ((bx, by), (cx, cy)),
        ((cx, cy), (ax, ay)),
    ):
        length = max(np.hypot(qx - px, qy - py), 1e-9)
        away = turn * ((qx - px) * (y - py) - (qy - py) * (x - px)) / length
        found &= away >= margin
    return found


@pytest.mark.parametrize("seed", range(20))
def test_cells_get_the_last_triangle_that_covers_them(seed: int) -> None:
    corners = scattered(30, seed)
    order = np.random.default_rng(seed).permutation(30)
    drawn = numbered(corners, order, SIZE)
    covered, near = np.full((SIZE, SIZE), 30), np.zeros((SIZE, SIZE), bool)
    for number in order:
        covered[inside(corners[number])] = number
        near |= inside(corners[number], -1e-3) & ~inside(corners[number], 1e-3)
    assert (drawn == covered)[~near].all() and near.mean() < 0.05


def test_neighbours_leave_no_gap_and_need_no_luck() -> None:
    """A fan of thin triangles around a point covers everything, edges on middles included."""
    angles = np.linspace(0, 2 * np.pi, 49)[:, None]
    rim = SIZE / 2 + 30 * np.concatenate([np.cos(angles), np.sin(angles)], 1)
    rim[-1] = rim[0]
    centre = np.full((48, 2), SIZE / 2)
    fan = floats(np.stack([rim[:-1], rim[1:], centre], axis=1))
    assert numbered(fan, in_order(48), SIZE).max() < 48


def test_an_edge_belongs_to_both_sides() -> None:
    left, right = [[0, 0], [10, 0], [10, 10]], [[10, 0], [10, 10], [20, 0]]
    both = floats([left, right])
    assert numbered(both, np.array([0, 1]), SIZE)[3, 10] == 1
    assert numbered(both, np.array([1, 0]), SIZE)[3, 10] == 0


def test_triangles_without_area_hide_nothing_beside_their_line() -> None:
    line = floats([[[2.5, 3.5], [20.5, 3.5], [9.0, 3.5]], [[5.5, 1], [5.5, 9], [5.5, 4]]])
    assert (numbered(line, in_order(2), SIZE) == 2).all()


def test_reaching_beyond_adds_a_seam_and_no_more() -> None:
    corners = floats([[[4.2, 4.2], [18.7, 6.1], [9.3, 19.4]]])
    before = numbered(corners, in_order(1), SIZE) == 0
    after = numbered(corners, in_order(1), SIZE, 0.5) == 0
    assert (after | ~before).all() and after.sum() > before.sum()
    assert not (after & ~inside(corners[0], -1.5)).any()


def test_nothing_to_draw() -> None:
    none = np.zeros((0, 3, 2), np.float32)
    assert (numbered(none, in_order(0), SIZE) == 0).all()
    away = floats([[[-9, -9], [-5, -9], [-7, -3]], [[40, 3], [50, 3], [45, 9]]])
    assert (numbered(away, in_order(2), SIZE) == 2).all()
