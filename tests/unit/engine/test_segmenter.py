"""The real segmenter on real pictures, and what is made of it."""

from __future__ import annotations

import builtins
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
import pytest

from engine.bundle import Bundle
from engine.errors import BundleError, PersonUnclear, TrackerMissing
from engine.fill import filled
from engine.matte import foreground, matte
from engine.portrait import Portrait, decode_picture
from engine.segmenter import Segmenter
from engine.types import Floats, Picture


@pytest.fixture(scope="module")
def segmenter(bundle: Bundle) -> Iterator[Segmenter]:
    finder = Segmenter(bundle.asset("segmenter"))
    yield finder
    finder.close()


def test_a_damaged_model_is_refused(bundle: Bundle) -> None:
    model = bundle.asset("segmenter")
    with pytest.raises(BundleError, match="no model that MediaPipe reads"):
        Segmenter(model[: len(model) // 2])


def test_people_are_told_from_what_is_behind_them(
    segmenter: Segmenter, portrait: Portrait, astronaut: bytes
) -> None:
    for picture, there, nowhere in (
        (portrait.picture, (300, 256), (30, 30)),
        (decode_picture(astronaut), (400, 200), (30, 330)),
    ):
        cover = segmenter(picture)
        assert cover.shape == picture.shape[:2] and 0 <= cover.min() and cover.max() <= 1
        assert cover[there] > 0.95 and cover[nowhere] < 0.05


def test_it_does_not_mind_the_shape_of_a_picture(segmenter: Segmenter, portrait: Portrait) -> None:
    for size in ((300, 500), (501, 299), (64, 64)):
        picture = np.asarray(cv2.resize(portrait.picture, size), np.uint8)
        assert segmenter(picture).shape == size[::-1]


def test_where_nobody_is_a_person_is_unclear(segmenter: Segmenter, portrait: Portrait) -> None:
    wall = np.full((512, 512, 3), 120, np.uint8)
    with pytest.raises(PersonUnclear, match="keep the background"):
        matte(wall, portrait.face.points, segmenter)


def test_the_matte_is_sharper_than_what_was_found(segmenter: Segmenter, portrait: Portrait) -> None:
    big = np.asarray(cv2.resize(portrait.picture, (1080, 1080)), np.uint8)
    points = portrait.face.points * np.float32(1080 / 512)
    rough, fine = segmenter(big), matte(big, points, segmenter)

    def unsure(cover: Floats) -> float:
        return float(((cover > 0.02) & (cover < 0.98)).mean())

    assert unsure(fine) < 0.08 and fine[650, 540] == 1 and fine[50, 50] == 0
    assert np.abs(fine - rough).mean() < 0.03


def test_colours_of_the_background_are_taken_out_of_the_edges() -> None:
    """A red disc before blue: what is half and half is red underneath."""
    cover = np.zeros((200, 200), np.float32)
    cv2.circle(cover, (100, 100), 60, (1.0,), -1)
    cover = np.asarray(cv2.GaussianBlur(cover, (0, 0), 3), np.float32)
    red, blue = np.array([220, 30, 20]), np.array([20, 40, 230])
    mixed = np.asarray(cover[..., None] * red + (1 - cover[..., None]) * blue, np.uint8)
    own = foreground(mixed, cover)
    assert np.abs(own[cover > 0.1].astype(int) - red).max() <= 24
    assert np.abs(own[30, 100].astype(int) - red).max() <= 24, "and it goes on"


def test_colours_are_carried_on_however_far() -> None:
    picture = np.zeros((300, 500, 3), np.uint8)
    picture[10:20, 10:20] = (200, 100, 50)
    weight = np.zeros((300, 500), np.float32)
    weight[10:20, 10:20] = 1
    assert np.abs(filled(picture, weight).astype(int) - (200, 100, 50)).max() <= 1
    np.testing.assert_array_equal(filled(picture, np.ones_like(weight)), picture)


def test_without_mediapipe_it_is_said(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    really = builtins.__import__

    def missing(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.startswith("mediapipe"):
            raise ImportError(name)
        return really(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(TrackerMissing, match="pip install"):
        Segmenter(bundle.asset("segmenter"))


def nothing(picture: Picture) -> Floats:
    return np.zeros(picture.shape[:2], np.float32)


def test_a_segmenter_that_finds_nobody_is_no_crash(portrait: Portrait) -> None:
    with pytest.raises(PersonUnclear):
        matte(portrait.picture, portrait.face.points, nothing)
