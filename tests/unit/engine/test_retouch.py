from __future__ import annotations

import cv2
import numpy as np

from engine import facemesh as points
from engine.bundle import Bundle
from engine.mesh import FaceModel, Mesh
from engine.portrait import Portrait
from engine.renderers import presenter_portrait
from engine.resample import fill
from engine.retouch import skin_of, with_bare_lids, without_teeth
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


def test_closed_lips_are_left_to_the_bit(bundle: Bundle, model: FaceModel) -> None:
    for presenter in bundle.manifest.presenters:
        portrait = presenter_portrait(bundle, presenter.id)
        mesh = Mesh(model, portrait.face, portrait.picture.shape[0])
        assert (without_teeth(portrait.picture, mesh) == portrait.picture).all()


def test_skin_beside_the_lips_is_no_tooth(model: FaceModel, portrait: Portrait) -> None:
    plain = Mesh(model, portrait.face, 512)
    face = portrait.face.points.copy()
    face[:468] = plain.shape(motion(jawOpen=0.2)).still
    parted = Mesh(model, Face(face, portrait.face.coefficients, portrait.face.turn), 512)
    picture = np.full((512, 512, 3), (240, 235, 225), np.uint8)  # as bright and pale as teeth
    lips = parted.source[[*points.LIP_UPPER_OUTER, *points.LIP_LOWER_OUTER[::-1]], :2]
    inside = np.zeros((512, 512), np.uint8)
    fill(inside, lips, smooth=False)
    picture[inside > 0] = (170, 80, 80)
    changed = (without_teeth(picture, parted) != picture).any(axis=2)
    assert changed.any()
    assert not changed[cv2.dilate(inside, np.ones((5, 5), np.uint8)) == 0].any()


def test_bare_lids_have_the_colour_of_the_skin_around(model: FaceModel, portrait: Portrait) -> None:
    mesh = Mesh(model, portrait.face, 512)
    skin = np.full((512, 512, 3), (150, 110, 90), np.uint8)
    for iris in (468, 473):
        x, y = portrait.face.points[iris, :2].astype(int)
        skin[y - 5 : y + 6, x - 12 : x + 13] = (20, 30, 20)
    bare = with_bare_lids(skin, mesh)
    assert np.abs(bare.astype(int) - (150, 110, 90)).max() < 16
