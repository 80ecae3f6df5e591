"""Where MediaPipe's 468 landmarks lie on MakeHuman's base mesh.

Average heads are drawn, the face tracker marks them, and each landmark is given the
three visible vertices nearest to it. One vertex alone makes the lips ragged.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.errors import NoFace
from engine.tracker import FaceTracker
from engine.types import Floats, Picture, floats
from train.people.draw import Drawing, Stage
from train.people.head import Anatomy, Worn, read_texture, read_worn
from train.people.makehuman import Indices
from train.people.scene import Camera, Part

LANDMARKS = 468
NEAREST = 3
OPENED = {"jawOpen": 0.3}
"""The expression in which heads are marked: lips apart, so that none takes the other's place."""
GREY = (0.45, 0.47, 0.5)
HIDDEN = 5e-4
"""Depth behind what is drawn (as a share of the camera's range) from which a vertex is hidden."""


@dataclass(frozen=True, slots=True)
class Place:
    """Landmarks on the base mesh: `vertices` [468, k] and the `shares` [468, k] of each."""

    vertices: Indices
    shares: Floats

    def of(self, values: Floats) -> Floats:
        """What the landmarks take of `values` [n, 3] of all vertices, [468, 3]."""
        taken: Floats = (values[self.vertices] * self.shares[:, :, None]).sum(1)
        return taken.astype(np.float32)

    @classmethod
    def mean(cls, places: Sequence[Place]) -> Place:
        """What people have in common: every place counts alike."""
        shares = np.concatenate([place.shares for place in places], 1) / len(places)
        return cls(np.concatenate([place.vertices for place in places], 1), floats(shares))


@dataclass(frozen=True, slots=True)
class Person:
    """An average person: `shape` [n, 3] of the base mesh and its `skin`, RGBA."""

    shape: Floats
    skin: Picture


def average_people(anatomy: Anatomy, makehuman: Path) -> Iterator[Person]:
    """Twelve people: every race, gender and age that MakeHuman blends from."""
    for race in ("african", "asian", "caucasian"):
        for gender in ("female", "male"):
            for age in ("young", "old"):
                skin = read_texture(makehuman / f"skins/{age}_{race}_{gender}.jpg")
                yield Person(anatomy.shape(race, gender, age), skin)


class Finder:
    """Finds the landmarks of people who wear eyes, teeth, a tongue, brows and lashes."""

    def __init__(self, anatomy: Anatomy, makehuman: Path, tracker: FaceTracker) -> None:
        self.anatomy, self.tracker = anatomy, tracker
        self.features = tuple(_features(makehuman))
        self.stage = Stage(512)

    def find(self, person: Person) -> Place:
        """The landmarks' place on one person.

        Raises:
            NoFace: the tracker does not see a face in the drawing.
        """
        drawing, camera = self.draw(person)
        faces = self.tracker(drawing.picture[..., :3])
        if not faces:
            raise NoFace("The tracker found no face on a drawn head: check skins and .task file.")
        marks = faces[0].points[:LANDMARKS, :2]
        body = self.anatomy.express(person.shape, OPENED)
        vertices = self.anatomy.group_vertices("body")
        seen = _visible(vertices, camera.project(body[vertices]), drawing.depth)
        pixels = camera.project(body[seen])[:, :2] * self.stage.size
        distance = np.linalg.norm(marks[:, None] - pixels[None], axis=2)
        order = np.argsort(distance, 1)[:, :NEAREST]
        # One pixel more keeps a vertex that is hit exactly from taking all.
        shares = 1 / (np.take_along_axis(distance, order, 1) ** 2 + 1)
        return Place(seen[order], (shares / shares.sum(1, keepdims=True)).astype(np.float32))

    def draw(self, person: Person) -> tuple[Drawing, Camera]:
        """Draw a head from one metre, as large as in a passport picture."""
        anatomy, shape = self.anatomy, person.shape
        body = anatomy.express(shape, OPENED)
        eyes = [shape[anatomy.group_vertices(f"joint-{side}-eye")] for side in "lr"]
        middle = np.concatenate(eyes).mean(0)
        camera = Camera(middle + np.array([0, -0.3, 10], np.float32), 10.0, 2.8)
        light = np.ones(len(body), np.float32)
        parts = [Part(anatomy.skin(shape), body, person.skin, light)]
        parts += [worn.part(body, shape, see_through=veil) for worn, veil in self.features]
        return self.stage.draw(parts, camera, GREY), camera


def known_place(path: Path, anatomy: Anatomy, makehuman: Path, tracker: bytes) -> Place:
    """Where landmarks lie on the mesh: read from `path`, or found and written there.

    Raises:
        NoFace: the tracker does not see a face in an average head's drawing.
    """
    if not path.exists():
        finder = Finder(anatomy, makehuman, FaceTracker(tracker, most=1))
        found = [finder.find(person) for person in average_people(anatomy, makehuman)]
        finder.tracker.close()
        place = Place.mean(found)
        np.savez(path, vertices=place.vertices, shares=place.shares)
    with np.load(path) as stored:
        return Place(stored["vertices"], stored["shares"])


def _features(makehuman: Path) -> Iterator[tuple[Worn, bool]]:
    """What every face wears, and whether it is see-through."""
    for folder, texture, see_through in (
        ("eyes/high-poly", "eyes/materials/brown_eye.png", False),
        ("teeth/teeth_base", "teeth/teeth_base/teeth.png", False),
        ("tongue/tongue01", "tongue/tongue01/tongue01_diffuse.jpg", False),
        ("eyebrows/eyebrow001", "eyebrows/eyebrow001/eyebrow001.png", True),
        ("eyelashes/eyelashes01", "eyelashes/eyelashes01/eyelashes01.png", True),
    ):
        yield read_worn(makehuman / folder, makehuman / texture), see_through


def _visible(vertices: Indices, places: Floats, depth: Floats) -> Indices:
    """Those of `vertices`, projected to `places` [n, 3], that nothing hides in `depth`."""
    side = len(depth)
    column, row = (places[:, :2] * side).astype(int).T
    inside = (column >= 1) & (column < side - 1) & (row >= 1) & (row < side - 1)
    column, row = column[inside], row[inside]
    # The farthest of nine pixels, so that a vertex on an edge counts as seen.
    around = [depth[row + down, column + right] for down in (-1, 0, 1) for right in (-1, 0, 1)]
    seen = places[inside, 2] <= np.max(around, 0) + HIDDEN
    visible: Indices = vertices[inside][seen]
    return visible
