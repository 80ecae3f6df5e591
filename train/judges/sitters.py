"""Invented people pose again: what they truly look like when they do what others are told to.

Every judge has faults of its own: a tracker that reads a turn where a jaw opens, a distance
that grows when a head turns. What it says of true pictures shows how much of a contender's
figures is the judge's.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from engine.mesh import rotation
from engine.types import Motion, Picture, floats
from train.judges.people import SIZE, Person
from train.people.booth import Booth
from train.people.crowd import random_person, seed_of
from train.people.figure import Figure
from train.people.head import read_anatomy
from train.people.landmarks import known_place
from train.people.sitting import Sitting
from train.people.wardrobe import Wardrobe
from train.takes import Take, angles_of


class Sitter:
    """An invented person, drawn truly, as the camera of their take would have kept it.

    Args:
        sitting: the take's.
        take: its first picture is the portrait that motions start from.
    """

    def __init__(self, sitting: Sitting, take: Take) -> None:
        self._sitting, self._take = sitting, take

    def draw(self, motion: Motion) -> Picture:
        """The true picture of a motion from the portrait on, RGB uint8 [SIZE, SIZE, 3]."""
        yaw, pitch, roll, aside, down, larger = motion.pose.tolist()
        before = rotation(*self._take.turn[0].tolist())
        turn = angles_of(floats(rotation(yaw, pitch, roll) @ before))
        height = self._sitting.staging.height
        shift = floats([aside * height, down * height, larger])
        code = np.concatenate([motion.mouth, motion.expression])
        with self._sitting.open():
            return self._sitting.picture(self._sitting.figure.pose(floats(code), turn, shift))

    def retake(self, number: int) -> Picture:
        """A picture of the take, taken again: but for the camera's noise it is the same."""
        with self._sitting.open():
            return self._sitting.picture(self._sitting.poses.of(self._sitting.figure, number))


def sitters(
    people: list[Person], makehuman: Path, takes: Path, tracker: bytes
) -> Iterator[tuple[Person, Sitter]]:
    """Each person who was made by `train.people.make`, and who draws them truly.

    Args:
        people: invented; their takes are in the folder `takes`.
        makehuman: folder of MakeHuman's assets that they were made of.
        takes: where `place.npz` lies beside the takes.
        tracker: MediaPipe's `face_landmarker.task`.
    """
    anatomy, wardrobe, booth = read_anatomy(), Wardrobe(makehuman), Booth(SIZE)
    place = known_place(takes / "place.npz", anatomy, makehuman, tracker)
    for person in people:
        seed = seed_of(person.name)
        if seed is None or person.take is None:
            continue
        figure = Figure(anatomy, wardrobe, place, random_person(seed))
        sitting = Sitting(figure, booth, len(person.take.pictures), seed)
        yield person, Sitter(sitting, person.take)
