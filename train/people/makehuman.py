"""MakeHuman's files: meshes (.obj), morph targets (.target) and what is worn (.mhclo).

All three are plain text. Lengths are decimetres; x points to the subject's left,
y up, z out of the face.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from engine.types import Floats

Indices: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Mesh:
    """A mesh of quads; a triangle repeats its first corner.

    `vertices` [n, 3], `uvs` [m, 2] with v up, `faces` and `uv_faces` [f, 4] index
    into them, `groups` names the group of every face.
    """

    vertices: Floats
    uvs: Floats
    faces: Indices
    uv_faces: Indices
    groups: tuple[str, ...]

    def faces_of(self, group: str) -> NDArray[np.bool_]:
        """Which faces belong to `group`, [f]."""
        return np.array([name == group for name in self.groups], bool)


@dataclass(frozen=True, slots=True)
class Target:
    """A morph target: `offsets` [k, 3] of the vertices `indices` [k] at weight 1."""

    indices: Indices
    offsets: Floats

    def add_to(self, vertices: Floats, weight: float = 1.0) -> None:
        """Move `vertices` [n, 3] in place."""
        vertices[self.indices] += np.float32(weight) * self.offsets


@dataclass(frozen=True, slots=True)
class Ruler:
    """Distance along `axis` between two body vertices, over its length in the asset."""

    axis: int
    first: int
    second: int
    length: float

    def factor(self, body: Floats) -> float:
        """How much larger `body` is than the body the asset was made for."""
        return float(abs(body[self.first, self.axis] - body[self.second, self.axis]) / self.length)


@dataclass(frozen=True, slots=True)
class Proxy:
    """Something worn (teeth, eyes, brows): each vertex rides on three body vertices.

    `riders` [n, 3] are body vertices, `weights` [n, 3] their shares, `offsets`
    [n, 3] what is added, scaled by `rulers`. `covered` are the body vertices under it,
    not to be drawn.
    """

    mesh: str
    riders: Indices
    weights: Floats
    offsets: Floats
    rulers: tuple[Ruler, ...]
    covered: Indices

    def fit(self, body: Floats, rest: Floats) -> Floats:
        """Vertices [n, 3] on `body`; `rest` is the same person without expression."""
        scale = np.ones(3, np.float32)
        for ruler in self.rulers:
            scale[ruler.axis] = ruler.factor(rest)
        fitted: Floats = (body[self.riders] * self.weights[:, :, None]).sum(1)
        return (fitted + self.offsets * scale).astype(np.float32)


def parse_obj(lines: Iterable[str]) -> Mesh:
    """Read vertices, texture coordinates, groups and faces of three or four corners."""
    vertices: list[list[float]] = []
    uvs: list[list[float]] = []
    faces: list[list[int]] = []
    uv_faces: list[list[int]] = []
    groups: list[str] = []
    group = ""
    for kind, *words in _words(lines):
        if kind == "v":
            vertices.append([float(word) for word in words[:3]])
        elif kind == "vt":
            uvs.append([float(word) for word in words[:2]])
        elif kind == "g":
            group = words[0] if words else ""
        elif kind == "f":
            corners = [(word.split("/") + [""])[:2] for word in words]
            corners += corners[:1] * (4 - len(corners))
            faces.append([int(vertex) - 1 for vertex, _ in corners[:4]])
            uv_faces.append([int(uv) - 1 if uv else 0 for _, uv in corners[:4]])
            groups.append(group)
    return Mesh(
        np.array(vertices, np.float32).reshape(-1, 3),
        np.array(uvs or [[0.0, 0.0]], np.float32),
        np.array(faces, np.int64).reshape(-1, 4),
        np.array(uv_faces, np.int64).reshape(-1, 4),
        tuple(groups),
    )


def parse_target(lines: Iterable[str]) -> Target:
    """Read rows of "vertex dx dy dz"."""
    rows = [row for row in _words(lines) if len(row) == 4]
    return Target(
        np.array([int(row[0]) for row in rows], np.int64),
        np.array([[float(word) for word in row[1:]] for row in rows], np.float32).reshape(-1, 3),
    )


def parse_proxy(lines: Iterable[str]) -> Proxy:
    """Read the fitting of a .mhclo: its mesh's name, rulers, and the rows of its two lists."""
    mesh = ""
    rulers: list[Ruler] = []
    rows: list[list[float]] = []
    covered: list[int] = []
    in_rows = in_covered = False
    for row in _words(lines):
        if in_covered and row[0].isdigit():
            covered += _ranges(row)
        elif in_rows and row[0].isdigit():
            numbers = [float(word) for word in row[:9]]
            # A lone index: the vertex sits on that body vertex.
            rows.append(numbers if len(row) > 1 else numbers * 3 + [1, 0, 0, 0, 0, 0])
        elif row[0] == "verts":
            in_rows = True
        elif row[0] == "obj_file":
            mesh = row[1]
        elif row[0] in ("x_scale", "y_scale", "z_scale"):
            axis = "xyz".index(row[0][0])
            rulers.append(Ruler(axis, int(row[1]), int(row[2]), float(row[3])))
        elif row[0] == "delete_verts":
            in_rows, in_covered = False, True
    table = np.array(rows, np.float64).reshape(-1, 9)
    return Proxy(
        mesh,
        table[:, :3].astype(np.int64),
        table[:, 3:6].astype(np.float32),
        table[:, 6:].astype(np.float32),
        tuple(rulers),
        np.array(covered, np.int64),
    )


def read_obj(path: Path) -> Mesh:
    with path.open(encoding="utf-8", errors="replace") as lines:
        return parse_obj(lines)


def read_target(path: Path) -> Target:
    """Read a .target or .target.gz."""
    opened = gzip.open(path, "rt") if path.suffix == ".gz" else path.open()
    with opened as lines:
        return parse_target(lines)


def read_proxy(path: Path) -> tuple[Proxy, Mesh]:
    """Read a .mhclo and the mesh beside it."""
    with path.open(encoding="utf-8", errors="replace") as lines:
        proxy = parse_proxy(lines)
    return proxy, read_obj(path.parent / proxy.mesh)


def _ranges(words: list[str]) -> Iterator[int]:
    """The numbers of "3 7 - 9": 3, 7, 8, 9."""
    for place, word in enumerate(words):
        if word == "-":
            yield from range(int(words[place - 1]) + 1, int(words[place + 1]))
        else:
            yield int(word)


def _words(lines: Iterable[str]) -> Iterator[list[str]]:
    """The words of every line that is neither empty nor a comment."""
    for line in lines:
        words = line.split()
        if words and not words[0].startswith("#"):
            yield words
