from __future__ import annotations

import numpy as np
import pytest

from engine.bundle import Bundle
from engine.mesh import FaceModel, Mesh
from engine.mouth import CENTRE, SPAN, Mouth, MouthAtlas
from engine.mouth_light import light_in_mouth
from engine.portrait import Portrait
from engine.seam import Seam
from engine.tracker import Face
from engine.types import Floats, Picture, floats
from tests.support.motions import motion

LOWER = floats(np.linspace(0.0, 0.6, 4))


def row(y: float, size: int) -> int:
    return round(((y - CENTRE) / SPAN + 0.5) * size - 0.5)


@pytest.fixture
def atlas() -> MouthAtlas:
    """Red upper teeth, green lower teeth that end where LOWER says."""
    size = 128
    tiles = np.zeros((size, 4 * size, 4), np.uint8)
    for level, lower in enumerate(LOWER):
        tile = tiles[:, level * size : (level + 1) * size]
        tile[: row(0.0, size)] = (255, 0, 0, 255)
        tile[row(float(lower), size) : row(float(lower) + 0.2, size)] = (0, 255, 0, 255)
    return MouthAtlas(tiles, LOWER)


def green_rows(tile: Picture) -> Floats:
    return floats(np.flatnonzero(tile[:, 64, 1] > 128))


@pytest.mark.parametrize("jaw", [0.3, 0.4, 0.5, 0.6, 0.75, 0.9, 1.0])
def test_the_lower_teeth_go_with_the_jaw_and_stay_one_row(atlas: MouthAtlas, jaw: float) -> None:
    tile = atlas.tile(jaw)
    rows = green_rows(tile)
    assert rows[0] == pytest.approx(row(0.6 * jaw, 128), abs=1.5)
    assert len(rows) == pytest.approx(0.2 / SPAN * 128, abs=2), "one row, not two"
    assert (np.diff(rows) == 1).all()


def test_the_upper_teeth_never_move(atlas: MouthAtlas) -> None:
    for jaw in (0.0, 0.35, 0.7, 1.0):
        red = np.flatnonzero(atlas.tile(jaw)[:, 64, 0] > 200)
        assert red[-1] == pytest.approx(row(0.0, 128) - 1, abs=1)


def test_a_closed_mouth_paints_nothing_and_an_open_one_inside_the_lips(
    atlas: MouthAtlas, model: FaceModel, portrait: Portrait
) -> None:
    mesh = Mesh(model, portrait.face, 512)
    mouth = Mouth(atlas, mesh, portrait.picture)
    grey = np.full((512, 512, 3), 128, np.uint8)
    closed = grey.copy()
    mouth.paint(closed, mesh.shape(motion()), motion())
    assert (closed == grey).all()
    opened, wide = grey.copy(), motion(jawOpen=0.6)
    shape = mesh.shape(wide)
    mouth.paint(opened, shape, wide)
    y, x = np.nonzero((opened != grey).any(axis=2))
    lips = shape.face[[61, 291, 0, 17], :2]
    assert len(x) > 500
    assert x.min() > lips[0, 0] - 3 and x.max() < lips[1, 0] + 3
    assert y.min() > lips[2, 1] - 3 and y.max() < lips[3, 1] + 3


def test_rounded_lips_shade_what_is_behind_them(
    atlas: MouthAtlas, model: FaceModel, portrait: Portrait
) -> None:
    mesh = Mesh(model, portrait.face, 512)
    mouth = Mouth(atlas, mesh, portrait.picture)

    def brightest(**mouth_does: float) -> float:
        picture, does = np.zeros((512, 512, 3), np.uint8), motion(**mouth_does)
        mouth.paint(picture, mesh.shape(does), does)
        return float(picture.max())

    plain, rounded = brightest(jawOpen=0.3), brightest(jawOpen=0.3, mouthPucker=0.8)
    assert 0.2 * plain < rounded < 0.7 * plain
    assert brightest(jawOpen=0.3, mouthSmileLeft=0.5, mouthSmileRight=0.5) > 0.9 * plain


def test_a_dark_face_has_a_darker_mouth(
    atlas: MouthAtlas, model: FaceModel, portrait: Portrait
) -> None:
    mesh, wide = Mesh(model, portrait.face, 512), motion(jawOpen=0.6)
    brightness = []
    for picture in (portrait.picture, portrait.picture // 4):
        painted = np.zeros((512, 512, 3), np.uint8)
        Mouth(atlas, mesh, picture).paint(painted, mesh.shape(wide), wide)
        brightness.append(painted.sum())
    assert brightness[1] < 0.8 * brightness[0]


def test_the_shipped_atlas_fits_the_renderer(bundle: Bundle) -> None:
    arrays = bundle.arrays("mesh")
    assert float(arrays["mouth_span"]) == pytest.approx(SPAN)
    assert float(arrays["mouth_centre"]) == pytest.approx(CENTRE)
    lower = arrays["mouth_lower"]
    assert (np.diff(lower) > 0).all()


def test_a_mouth_at_the_edge_of_the_picture_is_no_error(
    atlas: MouthAtlas, model: FaceModel, portrait: Portrait
) -> None:
    face = portrait.face
    low = Face(face.points + floats([0, 190, 0]), face.coefficients, face.turn)
    mesh, wide = Mesh(model, low, 512), motion(jawOpen=1.0)
    Mouth(atlas, mesh, portrait.picture).paint(portrait.picture.copy(), mesh.shape(wide), wide)


def parted(model: FaceModel, portrait: Portrait, jaw: float) -> Mesh:
    """The mesh of a portrait whose mouth stands open."""
    face = portrait.face.points.copy()
    face[:468, :2] = Mesh(model, portrait.face, 512).shape(motion(jawOpen=jaw)).still[:, :2]
    return Mesh(model, Face(face, portrait.face.coefficients, portrait.face.turn), 512)


def test_a_line_lies_between_lips_that_were_parted(model: FaceModel, portrait: Portrait) -> None:
    mesh = parted(model, portrait, 0.4)
    canvas = np.full((512, 512, 3), 200, np.uint8)
    shape = mesh.shape(motion())
    Seam(mesh, portrait.picture).paint(canvas, shape)
    x, y = shape.face[13, :2].astype(int)
    assert canvas[y - 1 : y + 2, x].min() < 120
    assert (canvas[: y - 40] == 200).all() and (canvas[y + 40 :] == 200).all()


def test_closed_lips_keep_their_own_line(model: FaceModel, portrait: Portrait) -> None:
    mesh = Mesh(model, portrait.face, 512)
    canvas = np.full((512, 512, 3), 200, np.uint8)
    Seam(mesh, portrait.picture).paint(canvas, mesh.shape(motion()))
    assert (canvas == 200).all()


@pytest.mark.parametrize("tooth", [(250, 248, 240), (150, 140, 120)])
def test_the_portraits_own_teeth_tell_the_light(
    model: FaceModel, portrait: Portrait, tooth: tuple[int, int, int]
) -> None:
    mesh = parted(model, portrait, 0.4)
    picture = np.full((512, 512, 3), (120, 80, 60), np.uint8)
    x, y = mesh.source[[13, 14], :2].mean(axis=0).astype(int)
    picture[y - 20 : y + 20, x - 60 : x + 60] = tooth
    light = light_in_mouth(picture, mesh) @ floats([185, 185, 185])
    np.testing.assert_allclose(light, tooth, rtol=0.2)


def test_a_picture_without_colours_has_a_mouth_without(
    model: FaceModel, portrait: Portrait
) -> None:
    mesh = Mesh(model, portrait.face, 512)
    grey = np.repeat(portrait.picture.mean(axis=2, keepdims=True), 3, 2).astype(np.uint8)
    lit = light_in_mouth(grey, mesh) @ floats([180, 40, 40])
    assert np.ptp(lit) < 3
