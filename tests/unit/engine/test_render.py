"""Pictures: what is drawn, and how a bundle's graphs take part."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from engine.backends.onnx import OnnxBackend
from engine.bundle import Bundle
from engine.correction import BENT, Corrector
from engine.mesh import FaceModel
from engine.mouth import MouthAtlas
from engine.portrait import Portrait
from engine.render import Identity, MeshRenderer
from engine.studio import Studio
from engine.types import Picture
from engine.wiring import Wired
from tests.support.graphs import correction
from tests.support.motions import motion

SIZES = (28, 6, 24)


@pytest.fixture(scope="module", params=[256, 512])
def identity(studio: Studio, request: pytest.FixtureRequest) -> Identity:
    return studio.presenter("ada", int(request.param))


def changed(a: Picture, b: Picture) -> float:
    return float(np.abs(a.astype(int) - b).mean())


def test_a_picture_has_the_asked_size(identity: Identity) -> None:
    picture = identity.draw(motion())
    assert picture.shape == (identity.height, identity.width, 3) and picture.dtype == np.uint8


def test_the_same_motion_gives_the_same_picture(identity: Identity) -> None:
    asked = motion(jawOpen=0.4, yaw=5.0, eyeBlink=0.3)
    first = identity.draw(asked)
    identity.draw(motion(jawOpen=1.0))
    np.testing.assert_array_equal(identity.draw(asked), first)


def test_sessions_in_several_threads_share_an_identity(identity: Identity) -> None:
    asked = [motion(jawOpen=n / 8, yaw=n - 4, eyeBlink=n / 8) for n in range(8)]
    alone = [identity.draw(one) for one in asked]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(identity.draw, asked * 4))
    for n, picture in enumerate(together):
        np.testing.assert_array_equal(picture, alone[n % 8])


def test_the_open_mouth_shows_teeth_and_dark(identity: Identity) -> None:
    half = identity.width // 2
    closed, opened = identity.draw(motion()), identity.draw(motion(jawOpen=0.6))
    lower = slice(half, int(identity.width * 0.9)), slice(half // 2, half + half // 2)
    assert changed(closed[lower], opened[lower]) > 4 * changed(closed[:half], opened[:half])
    darker = opened[lower].max(axis=2) < 70
    brighter = opened[lower].min(axis=2) > 110
    assert (darker & (closed[lower].max(axis=2) > 100)).sum() > 0.001 * identity.width**2
    assert brighter.any()


def test_a_blink_hides_the_eyes(studio: Studio, portrait: Portrait) -> None:
    drawn = studio.presenter("ada", 512)
    iris = portrait.face.points[468:478:5, :2].astype(int)
    shown, closed = drawn.draw(motion()), drawn.draw(motion(eyeBlink=1.0))
    for x, y in iris:
        green = shown[y - 3 : y + 4, x - 8 : x + 9].astype(int)
        lid = closed[y - 3 : y + 4, x - 8 : x + 9].astype(int)
        assert (green[..., 1] - green[..., 0]).mean() > (lid[..., 1] - lid[..., 0]).mean() + 20


@pytest.fixture(scope="module")
def pieces(bundle: Bundle, studio: Studio, portrait: Portrait) -> tuple[FaceModel, MouthAtlas]:
    tiles = np.zeros((32, 8 * 32, 4), np.uint8)
    lower = np.linspace(0, 0.6, 8, dtype=np.float32)
    return FaceModel.of(bundle.arrays("mesh")), MouthAtlas(tiles, lower)


def corrected(
    pieces: tuple[FaceModel, MouthAtlas],
    portrait: Portrait,
    residual: float,
    alpha: float,
    jaw: float = 0.0,
) -> Picture:
    graph = OnnxBackend().compile("render", correction(residual, alpha, 1.0, SIZES))
    takes = frozenset({"mouth", "pose", "expression", "flow"})
    gives = {"residual": (1, 2, 64, 64), "colour": (1, 4, 128, 128)}
    wired = Wired(graph, "render", takes, gives)
    renderer = MeshRenderer(*pieces, Corrector(wired, None, None))
    return renderer.identity(portrait, 256).draw(motion(yaw=4.0, jawOpen=jaw))


def test_a_network_that_says_nothing_is_the_mesh(
    pieces: tuple[FaceModel, MouthAtlas], portrait: Portrait
) -> None:
    mesh = MeshRenderer(*pieces).identity(portrait, 256).draw(motion(yaw=4.0))
    np.testing.assert_array_equal(corrected(pieces, portrait, 0.0, 0.0), mesh)


def test_a_networks_picture_is_blended_and_its_residual_applied(
    pieces: tuple[FaceModel, MouthAtlas], portrait: Portrait
) -> None:
    mesh = corrected(pieces, portrait, 0.0, 0.0)
    white = corrected(pieces, portrait, 0.0, 1.0)
    assert white.min() == 255
    half = corrected(pieces, portrait, 0.0, 0.5)
    np.testing.assert_allclose(half, np.minimum(mesh.astype(int) + 127.5, 255), atol=1.0)
    shifted = corrected(pieces, portrait, 8 / 256 / BENT, 0.0)
    assert changed(shifted[:20, :-8], mesh[:20, 8:]) < 0.3 * changed(mesh[:20, :-8], mesh[:20, 8:])


def test_the_inside_of_the_mouth_keeps_most_of_the_atlas(
    pieces: tuple[FaceModel, MouthAtlas], portrait: Portrait
) -> None:
    mesh = corrected(pieces, portrait, 0.0, 0.0, jaw=0.8)
    white = corrected(pieces, portrait, 0.0, 1.0, jaw=0.8)
    kept = (white < 255).all(axis=2)
    assert 0.002 < kept.mean() < 0.05
    assert (white[kept].astype(int) - mesh[kept]).mean() < 0.6 * 255
