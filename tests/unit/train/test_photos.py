"""Takes of real portraits; the presenters' pictures stand for them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from engine.arkit import MOUTH
from engine.bundle import BUILTIN
from engine.mesh import Mesh, pivot_of
from engine.portrait import Portrait, make_portrait
from engine.tracker import Face
from engine.types import Motion, Picture
from train.photos.balance import chosen
from train.photos.make import main, seed_of
from train.photos.regions import regions_of
from train.photos.shoot import SIZE, Studio, random_motion, shoot, still_motion
from train.photos.sources import read_sources
from train.photos.survey import look_at
from train.photos.traits import Traits, traits_of, unfit
from train.sheets import moved, sheet
from train.takes import BACKGROUND, CLOTHES, EYES, HAIR, SKIN, Take, flow, relative
from train.takes import MOUTH as INSIDE

PEOPLE = BUILTIN / "presenters"


@pytest.fixture(scope="module")
def studio() -> Iterator[Studio]:
    made = Studio.open()
    yield made
    made.tracker.close()


@pytest.fixture(scope="module")
def ada(studio: Studio) -> Portrait:
    return make_portrait((PEOPLE / "ada.jpg").read_bytes(), studio.tracker)


@pytest.fixture(scope="module")
def take(studio: Studio, ada: Portrait) -> Take:
    return shoot("ada", ada, studio, 6, seed=4)


def folder_of(path: Path, pictures: dict[str, bytes], licence: str = "CC0-1.0") -> Path:
    lines = ["file,licence,source"]
    for name, content in pictures.items():
        (path / name).write_bytes(content)
        lines.append(f'{name},{licence},"somewhere, invented"')
    (path / "portraits.csv").write_text("\n".join(lines) + "\n")
    return path


def jpeg(picture: Picture) -> bytes:
    done, content = cv2.imencode(".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    assert done
    return content.tobytes()


def test_only_portraits_with_a_clean_licence_are_read(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, {"a.jpg": b"x", "b.jpg": b"y"})
    table = folder / "portraits.csv"
    table.write_text(table.read_text().replace("b.jpg,CC0-1.0", "b.jpg,all rights reserved"))
    found = read_sources(folder)
    assert [(source.name, source.licence) for source in found] == [("a", "CC0-1.0")]
    (folder / "a.jpg").unlink()
    with pytest.raises(FileNotFoundError, match=r"a\.jpg"):
        read_sources(folder)


def test_a_plain_portrait_is_fit_and_a_grey_one_is_not(ada: Portrait) -> None:
    traits = traits_of(ada)
    assert unfit(traits) is None
    grey = cv2.cvtColor(cv2.cvtColor(ada.picture, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    assert unfit(traits_of(Portrait(np.asarray(grey, np.uint8), ada.face))) == "black and white"


def test_dark_glasses_and_reflections_are_seen(ada: Portrait) -> None:
    for colour, reason in (((20, 18, 22), "dark glasses"), ((252, 253, 252), "reflections")):
        picture = ada.picture.copy()
        for side in ((33, 133), (263, 362)):
            x, y = ada.face.points[list(side), :2].mean(axis=0)
            size = (40, 26) if reason == "dark glasses" else (9, 9)
            place = (int(x), int(y) + (8 if reason == "dark glasses" else 24))
            cv2.ellipse(picture, place, size, 0, 0, 360, colour, -1)
        found = unfit(traits_of(Portrait(picture, ada.face)))
        assert found is not None and found.startswith(reason)


def test_two_people_and_none_are_refused(studio: Studio, ada: Portrait, tmp_path: Path) -> None:
    small = cv2.resize(ada.picture, (256, 256))
    folder = folder_of(
        tmp_path,
        {
            "one.jpg": (PEOPLE / "kenji.jpg").read_bytes(),
            "two.jpg": jpeg(np.asarray(np.hstack([small, small]), np.uint8)),
            "wall.jpg": jpeg(np.full((300, 300, 3), 150, np.uint8)),
        },
    )
    entries = {
        entry.source.name: entry
        for entry in (look_at(source, studio.tracker) for source in read_sources(folder))
    }
    assert entries["one"].refused is None and entries["one"].traits is not None
    assert "more than one face" in (entries["two"].refused or "")
    assert "no face" in (entries["wall"].refused or "")


def test_rare_looks_come_first(ada: Portrait) -> None:
    common = replace(traits_of(ada), smile=0.9, styled=-1.0)
    rare = replace(common, smile=0.1, styled=1.0)
    fit: dict[str, Traits] = {f"common {number}": common for number in range(90)}
    fit |= {f"rare {number}": rare for number in range(10)}
    names = chosen(fit, 30, seed=1)
    assert names == chosen(fit, 30, seed=1) != chosen(fit, 30, seed=2)
    assert len(set(names)) == 30
    assert sum(name.startswith("rare") for name in names) >= 7
    assert chosen(fit, 1000, seed=1) == sorted(fit)


def test_the_regions_around_a_face(ada: Portrait) -> None:
    regions = regions_of(ada.picture, ada.face.points)
    assert regions[2, 2] == regions[2, -3] == BACKGROUND
    chin = ada.face.points[152, :2] / 4
    assert regions[int(chin[1]) - 5, int(chin[0])] == SKIN
    assert set(np.unique(regions)) == {BACKGROUND, SKIN, HAIR, CLOTHES}


def test_the_first_picture_is_the_portrait_and_the_second_its_calm_face(
    take: Take, ada: Portrait
) -> None:
    assert take.pictures.shape == (6, SIZE, SIZE, 3)
    small = cv2.resize(ada.picture, (SIZE, SIZE), interpolation=cv2.INTER_AREA)
    assert np.array_equal(take.pictures[0], small)
    count = len(MOUTH)
    assert np.array_equal(take.coefficients[0, :count], ada.face.coefficients[:count])
    assert not take.coefficients[0, count:].any() and not take.coefficients[1].any()
    assert take.turn[1] == pytest.approx(ada.face.turn, abs=1e-3)
    assert take.coefficients[2:].max() > 0.1 and np.abs(take.turn[2:] - take.turn[0]).max() > 2
    assert take.points[0] == pytest.approx(ada.face.points[:468] / 2, abs=1e-3)


def test_the_flow_moves_the_portrait_to_each_picture(take: Take) -> None:
    for target in range(1, 6):
        valid = flow(take, target, 0)[1]
        assert valid.mean() > 0.95
        seen = cv2.resize(valid.astype(np.uint8), (SIZE, SIZE), interpolation=cv2.INTER_NEAREST)
        # The lips of a picture are drawn anew, and so are eyes and lids.
        skin = cv2.resize(take.region[target], (SIZE, SIZE), interpolation=cv2.INTER_NEAREST)
        where = (seen > 0) & (skin != INSIDE) & (skin != EYES)
        apart = np.abs(moved(take, target, 0).astype(float) - take.pictures[target])[where]
        before = np.abs(take.pictures[0].astype(float) - take.pictures[target])[where]
        assert apart.mean() < 2.0
        assert apart.mean() < 0.6 * before.mean() or target == 1


def test_poses_between_pictures_are_those_that_were_drawn(take: Take, studio: Studio) -> None:
    """From one drawn picture, read as a portrait, the mesh lands on the landmarks of another."""
    source, target = 2, 3
    still = np.zeros(52, np.float32)
    mesh = Mesh(studio.model, Face(take.points[source], still, take.turn[source]), SIZE)
    pose = relative(take, target, source)
    calm = still_motion()
    turn = mesh.shape(Motion(calm.mouth, pose, calm.expression)).turn
    rigid = [10, 127, 168, 234, 356, 454]
    landed = turn(mesh.source)[rigid, :2]
    assert landed == pytest.approx(take.points[target][rigid, :2], abs=1.0)
    assert turn.pivot == pytest.approx(pivot_of(take.points[source]))


def test_labels_belong_together(take: Take) -> None:
    assert take.shown.max() < len(take.triangles)
    assert take.triangles.max() == take.vertices.shape[1] - 1
    assert np.all(take.shown[take.region == INSIDE] == -1)
    assert np.all(take.shown[take.region != INSIDE] >= 0)
    corner = take.triangles[take.shown[1, 0, 0]]
    assert take.vertices[1][corner].max() > 5 * SIZE  # the backdrop, far away
    nose = take.points[1, 1, :2] / 2
    assert take.region[1, int(nose[1]), int(nose[0])] == SKIN


def test_motions_stay_within_what_a_photograph_can_do() -> None:
    rng = np.random.default_rng(1)
    turn = np.array([20, -10, 0], np.float32)
    motions = [random_motion(rng, turn) for _ in range(200)]
    yaw = np.array([motion.pose[0] for motion in motions])
    assert np.abs(yaw).max() <= 16.0 and -14 < yaw.mean() < -5
    assert all(0 <= motion.mouth.min() and motion.expression.max() <= 1 for motion in motions)


def test_a_folder_becomes_takes_and_a_sheet(tmp_path: Path) -> None:
    portraits, out = tmp_path / "portraits", tmp_path / "takes"
    portraits.mkdir()
    names = ("ada", "kenji")
    folder_of(portraits, {f"{name}.jpg": (PEOPLE / f"{name}.jpg").read_bytes() for name in names})
    main(portraits, out, people=5, pictures=3, seed=1)
    files = sorted(out.glob("*.npz"))
    assert [file.stem for file in files] == ["ada", "kenji"]
    stamps = [file.stat().st_mtime_ns for file in files]
    files[0].unlink()
    main(portraits, out, people=5, pictures=3, seed=1)
    assert files[1].stat().st_mtime_ns == stamps[1] and files[0].exists()
    assert "refused" in (out / "survey.csv").read_text()
    drawn = sheet(files, 2, 64, np.random.default_rng(1))
    assert drawn.shape == (128, 9 * 64, 3) and drawn.std() > 20
    assert seed_of("ada", 1) != seed_of("ada", 2)
