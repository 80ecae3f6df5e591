from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest
from PIL import Image

from engine.arkit import EXPRESSION, MOUTH, both_sides
from engine.bundle import BUILTIN, Bundle
from engine.errors import BundleError
from engine.portrait import decode_picture
from engine.studio import Studio
from export.bundle import ASSETS, components, make
from export.looks import EMOTIONS
from train.gallery import sheet
from train.judges.drives import SHEET


def test_a_bundle_made_of_its_parts_opens_and_draws(tmp_path: Path) -> None:
    bundle = Bundle.open()
    folder, portraits = tmp_path / "bundle", tmp_path / "portraits"
    folder.mkdir()
    portraits.mkdir()
    for file in ("listen.onnx", *ASSETS.values()):
        shutil.copy(BUILTIN / file, folder / file)
    picture = decode_picture(bundle.read(bundle.presenter("nora").picture))
    Image.fromarray(picture).save(portraits / "zoe.png")
    make(folder, portraits)
    studio = Studio.open(folder)
    assert [presenter.name for presenter in studio.presenters] == ["Zoe"]
    drawn = sheet(studio, 64)
    assert drawn.shape == (64, 64 * len(SHEET), 3)
    assert len({cell.tobytes() for cell in np.split(drawn, len(SHEET), axis=1)}) == len(SHEET)


def test_without_portraits_presenters_are_kept_and_graphs_read_anew(tmp_path: Path) -> None:
    folder = tmp_path / "bundle"
    shutil.copytree(BUILTIN, folder)
    model = onnx.load(folder / "listen.onnx")
    model.doc_string = "another one"
    onnx.save(model, folder / "listen.onnx")
    before = Bundle.open()
    with pytest.raises(BundleError, match="SHA-256"):
        Bundle.open(folder).graph("listen")
    make(folder)
    after = Bundle.open(folder)
    assert after.graph("listen")
    assert after.manifest.presenters == before.manifest.presenters


def test_looks_name_coefficients_that_exist() -> None:
    known = {*MOUTH, *EXPRESSION}
    for values in EMOTIONS.values():
        assert set(both_sides(values)) <= known


def test_a_pair_is_both_sides_and_a_single_one_is_itself() -> None:
    assert both_sides({"eyeBlink": 0.5, "jawOpen": 0.2}) == {
        "eyeBlinkLeft": 0.5,
        "eyeBlinkRight": 0.5,
        "jawOpen": 0.2,
    }


def test_limits_hold_the_rest_pose() -> None:
    for spec in components().values():
        assert all(low <= 0.0 <= high for low, high in zip(spec.low, spec.high, strict=True))
