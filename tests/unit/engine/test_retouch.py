from __future__ import annotations

import numpy as np

from engine import facemesh as points
from engine.mesh import FaceModel, Mesh
from engine.portrait import Portrait
from engine.retouch import skin_of, with_bare_lids
from engine.tracker import Face
from tests.support.motions import motion


def test_the_eyes_are_taken_out_and_the_rest_is_left(model: FaceModel, portrait: Portrait) -> None:
    mesh = Mesh(model, portrait.face, 512)
    skin = skin_of(portrait.picture, mesh)
    changed = (skin != portrait.picture).any(axis=2)
    for iris in (468, 473):
        x, y = portrait.face.points[iris, :2].astype(int)
        assert changed[y - 2 : y + 3, x - 2 : x + 3].all()
    y, x = np.nonzero(changed)
    top, bottom = mesh.source[:, 1].min(), mesh.source[:, 1].max()
    assert top < y.min() and y.max() < bottom
    assert changed.mean() < 0.03


def test_teeth_between_parted_lips_are_filled_from_the_lips(
    model: FaceModel, portrait: Portrait
) -> None:
    plain = Mesh(model, portrait.face, 512)
    smile = motion(jawOpen=0.35)
    face = portrait.face.points.copy()
    face[:468] = plain.shape(smile).still
    smiling = Mesh(model, Face(face, portrait.face.coefficients, portrait.face.turn), 512)
    middle = smiling.source[[points.LIP_UPPER_INNER[5], points.LIP_LOWER_INNER[5]], :2].mean(axis=0)
    x, y = middle.astype(int)
    picture = portrait.picture.copy()
    picture[y - 4 : y + 5, x - 12 : x + 13] = (250, 250, 245)
    assert skin_of(picture, smiling)[y - 2 : y + 3, x - 6 : x + 7].max() < 240


def test_bare_lids_have_the_colour_of_the_skin_around(model: FaceModel, portrait: Portrait) -> None:
    mesh = Mesh(model, portrait.face, 512)
    skin = np.full((512, 512, 3), (150, 110, 90), np.uint8)
    for iris in (468, 473):
        x, y = portrait.face.points[iris, :2].astype(int)
        skin[y - 5 : y + 6, x - 12 : x + 13] = (20, 30, 20)
    bare = with_bare_lids(skin, mesh)
    assert np.abs(bare.astype(int) - (150, 110, 90)).max() < 16
