"""Finer meshes: one step of Catmull and Clark's subdivision, which rounds edges off.

E. Catmull, J. Clark: Recursively generated B-spline surfaces on arbitrary topological
meshes (1978).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from engine.types import Floats
from train.people.makehuman import Indices, Mesh


def finer(mesh: Mesh) -> Mesh:
    """`mesh` with four faces for each (three for each triangle)."""
    faces, vertices = mesh.faces, mesh.vertices
    triangle = faces[:, 3] == faces[:, 0]
    edges, edge_of = _edges(faces)
    middles = _middles(vertices, faces, triangle)
    halves = vertices[edges].mean(1)
    inner, sums = _edge_sums(len(edges), edge_of, triangle, middles)
    rounded = halves.copy()
    rounded[inner] = (halves[inner] + sums[inner] / 2) / 2
    corners = _moved_corners(vertices, faces, triangle, middles, edges, halves, inner)
    uv_edges, uv_edge_of = _edges(mesh.uv_faces)
    uv_middles = _middles(mesh.uvs, mesh.uv_faces, triangle)
    return replace(
        mesh,
        vertices=np.concatenate([corners, rounded, middles]).astype(np.float32),
        uvs=np.concatenate([mesh.uvs, mesh.uvs[uv_edges].mean(1), uv_middles]).astype(np.float32),
        faces=_split(faces, edge_of, len(vertices), len(edges), triangle),
        uv_faces=_split(mesh.uv_faces, uv_edge_of, len(mesh.uvs), len(uv_edges), triangle),
        groups=tuple(np.concatenate([np.array(mesh.groups)[use] for use in _uses(triangle)])),
    )


def _uses(triangle: NDArray[np.bool_]) -> list[NDArray[np.bool_]]:
    """Which faces have a first, second, third, fourth corner of their own."""
    return [np.ones_like(triangle)] * 3 + [~triangle]


def _edges(faces: Indices) -> tuple[Indices, Indices]:
    """All edges [e, 2], and for each face the edges after its corners, [f, 4]."""
    ends = np.sort(np.stack([faces, np.roll(faces, -1, 1)], -1), -1).reshape(-1, 2)
    edges, of = np.unique(ends, axis=0, return_inverse=True)
    return edges, of.reshape(-1, 4)


def _middles(points: Floats, faces: Indices, triangle: NDArray[np.bool_]) -> Floats:
    """The mean of each face's corners, [f, k]."""
    sums = points[faces[:, :3]].sum(1) + np.where(triangle[:, None], 0, points[faces[:, 3]])
    return np.array(sums / np.where(triangle, 3, 4)[:, None], np.float32)


def _edge_sums(
    count: int, edge_of: Indices, triangle: NDArray[np.bool_], middles: Floats
) -> tuple[NDArray[np.bool_], Floats]:
    """Which edges have two faces, and the sum of the middles of each edge's faces."""
    faces_at, sums = np.zeros(count, np.int64), np.zeros((count, 3), np.float32)
    for corner, use in enumerate(_uses(triangle)):
        np.add.at(faces_at, edge_of[use, corner], 1)
        np.add.at(sums, edge_of[use, corner], middles[use])
    return faces_at == 2, sums


def _moved_corners(
    vertices: Floats,
    faces: Indices,
    triangle: NDArray[np.bool_],
    middles: Floats,
    edges: Indices,
    halves: Floats,
    inner: NDArray[np.bool_],
) -> Floats:
    """The old vertices: (mean of middles + 2 * mean of halves + (n - 3) * itself) / n."""
    count = len(vertices)
    around, middle_sums = np.zeros(count, np.float32), np.zeros((count, 3), np.float32)
    for corner, use in enumerate(_uses(triangle)):
        np.add.at(around, faces[use, corner], 1)
        np.add.at(middle_sums, faces[use, corner], middles[use])
    true_edge = edges[:, 0] != edges[:, 1]
    half_sums, _ = _sums_at_ends(count, edges[true_edge], halves[true_edge])
    outer = true_edge & ~inner
    border_sums, borders = _sums_at_ends(count, edges[outer], halves[outer])
    n = np.maximum(around, 1)[:, None]
    moved = (middle_sums / n + 2 * half_sums / n + (n - 3) * vertices) / n
    # A border is a cubic B-spline of its own.
    along = np.where((borders == 2)[:, None], vertices / 2 + border_sums / 4, vertices)
    return np.where(((borders > 0) | (around < 3))[:, None], along, moved)


def _sums_at_ends(count: int, edges: Indices, halves: Floats) -> tuple[Floats, Floats]:
    """For each of `count` vertices the sum of `halves` of its `edges`, and their number."""
    sums, number = np.zeros((count, 3), np.float32), np.zeros(count, np.float32)
    for end in (0, 1):
        np.add.at(sums, edges[:, end], halves)
        np.add.at(number, edges[:, end], 1)
    return sums, number


def _split(
    faces: Indices, edge_of: Indices, corners: int, edges: int, triangle: NDArray[np.bool_]
) -> Indices:
    """A quad at each corner: corner, edge after it, middle, edge before it."""
    middle = corners + edges + np.arange(len(faces))
    quads = []
    for corner, use in enumerate(_uses(triangle)):
        before = np.where(triangle & (corner == 0), 2, (corner - 1) % 4)
        last = np.take_along_axis(edge_of, before[:, None], 1)[:, 0]
        quad = [faces[:, corner], corners + edge_of[:, corner], middle, corners + last]
        quads.append(np.stack(quad, 1)[use])
    return np.concatenate(quads)
