from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from engine.bundle import BUILTIN, MANIFEST
from engine.crop import EDTALK, MESH
from engine.errors import BundleError, ControlError, PortraitError, UnknownPresenter
from engine.portrait import decode_picture
from engine.scene import Framing, Scene
from engine.studio import Studio
from engine.types import Component
from tests.support.bundles import drawing_bundle


def test_it_tells_what_can_be_asked_of_it(studio: Studio) -> None:
    assert {presenter.id for presenter in studio.presenters} >= {"ada", "samuel"}
    assert studio.emotions[0] == "neutral" and "happy" in studio.emotions
    assert studio.sizes == (256, 512)
    assert set(studio.sources) == set(Component)


def test_presenters_are_prepared_once(studio: Studio) -> None:
    assert studio.presenter("ada", 256) is studio.presenter("ada", 256)
    assert studio.presenter("ada", 256) is not studio.presenter("nora", 256)


def test_what_is_not_there_is_said(studio: Studio) -> None:
    with pytest.raises(UnknownPresenter):
        studio.presenter("nobody", 256)
    with pytest.raises(UnknownPresenter):
        studio.presenter_picture("nobody")
    with pytest.raises(ControlError, match="256"):
        studio.presenter("ada", 300)


def test_an_uploaded_portrait_becomes_an_identity(studio: Studio) -> None:
    identity = studio.portrait(studio.presenter_picture("nora"), 256)
    frame = studio.pipeline(identity, seed=0).pull()
    assert frame.picture.shape == (256, 256, 3)
    with pytest.raises(PortraitError):
        studio.portrait(b"no picture", 256)


def test_a_bundle_of_graphs_sees_faces_cropped_by_its_own_rule(
    faces: Studio, astronaut: bytes
) -> None:
    """Drawn from crops of another rule, the same person is drawn otherwise."""
    by_rule = [faces.portrait(astronaut, 256, crop=it) for it in (None, EDTALK, MESH)]
    still = faces.watcher().still
    own, close, wide = (it.draw(still).astype(int) for it in by_rule)
    np.testing.assert_array_equal(own, close)
    assert np.abs(own - wide).mean() > 1
    whole = faces.portrait(astronaut, 256, Scene(Framing.WHOLE))
    assert (whole.height, whole.width) == decode_picture(astronaut).shape[:2]


def test_a_bundle_whose_graphs_draw_runs_in_the_same_pipeline(tmp_path: Path) -> None:
    studio = Studio.open(drawing_bundle(tmp_path / "drawn"))
    frame = studio.pipeline(studio.presenter("ada", 512), seed=0).pull()
    assert frame.picture.shape == (512, 512, 3)
    assert frame.picture.std(axis=(0, 1)).max() == 0, "one flat colour, as the graph draws"


def test_a_drawing_bundle_without_its_graphs_is_refused(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(BUILTIN, tmp_path / "bare"))
    manifest = json.loads((folder / MANIFEST).read_text()) | {"renderer": "graph"}
    del manifest["graphs"]["render"]
    (folder / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(BundleError, match="needs graphs"):
        Studio.open(folder)
