"""Landmarks as a picture."""

from __future__ import annotations

import numpy as np
import pytest

from engine import facemesh as points
from engine.bundle import Bundle
from engine.landmark_maps import SIZE, LandmarkMaps
from engine.portrait import Portrait
from engine.types import Floats, floats


@pytest.fixture(scope="module")
def drawn(bundle: Bundle, portrait: Portrait) -> Floats:
    arrays = bundle.arrays("mesh")
    maps = LandmarkMaps(floats(arrays["canonical"]), arrays["triangles"].astype(np.int64))
    return maps(portrait.face.points, portrait.picture.shape[0])


def at(maps: Floats, portrait: Portrait, landmark: int | tuple[int, ...]) -> Floats:
    """The channels where landmarks (or their middle) lie."""
    places = portrait.face.points[np.atleast_1d(landmark), :2].mean(axis=0)
    x, y = (places * SIZE / portrait.picture.shape[0]).astype(int)
    return floats(maps[:, y, x])


def test_places_of_the_face_are_where_they_lie(drawn: Floats, portrait: Portrait) -> None:
    left, right = at(drawn, portrait, 425), at(drawn, portrait, 205)  # cheeks
    assert left[0] > 0.15 > -0.15 > right[0]
    assert at(drawn, portrait, 151)[1] > 0.3 > at(drawn, portrait, 18)[1]  # forehead, chin
    assert at(drawn, portrait, 1)[2] > left[2]  # the nose is nearest
    assert not drawn[:, :4].any() and drawn.shape == (5, SIZE, SIZE)


def test_lips_and_openings_have_their_signs(drawn: Floats, portrait: Portrait) -> None:
    assert at(drawn, portrait, (0, 13))[3] == 1.0
    assert at(drawn, portrait, (17, 14))[3] == -1.0
    for eye in (points.EYE_LEFT, points.EYE_RIGHT):
        assert at(drawn, portrait, eye)[4] == 1.0
    assert at(drawn, portrait, 10)[4] == 0.0
