from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from engine.bundle import BUILTIN, MANIFEST, Bundle, StoredFile
from engine.errors import BundleError, UnknownPresenter
from engine.studio import Studio
from engine.types import Component


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(BUILTIN, tmp_path / "copy"))


def edit(folder: Path, **changes: Any) -> None:
    manifest = json.loads((folder / MANIFEST).read_text())
    (folder / MANIFEST).write_text(json.dumps(manifest | changes))


def test_every_file_of_the_built_in_bundle_is_what_the_manifest_says(bundle: Bundle) -> None:
    manifest = bundle.manifest
    for name in manifest.graphs:
        assert bundle.graph(name)
    for name in manifest.assets:
        assert bundle.asset(name)
    for files in manifest.presenters:
        assert bundle.read(files.picture) and bundle.read(files.face)
    assert len(manifest.presenters) >= 4


def test_the_built_in_components_are_arkits(bundle: Bundle) -> None:
    sizes = {part: spec.size for part, spec in bundle.manifest.components.items()}
    assert sizes == {Component.MOUTH: 28, Component.POSE: 6, Component.EXPRESSION: 24}


@pytest.mark.parametrize("file", ["listen.onnx", "mesh.npz", "mouth.png", "presenters/ada.jpg"])
def test_one_changed_byte_is_refused_before_anything_reads_it(copy: Path, file: str) -> None:
    content = bytearray((copy / file).read_bytes())
    content[len(content) // 2] ^= 1
    (copy / file).write_bytes(content)
    with pytest.raises(BundleError, match="SHA-256"):
        studio = Studio.open(copy)
        studio.presenter("ada", 256)


def test_a_missing_file_is_named(copy: Path) -> None:
    (copy / "mouth.png").unlink()
    with pytest.raises(BundleError, match=r"mouth\.png"):
        Studio.open(copy)


def test_a_folder_without_manifest_is_no_bundle(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="no bundle"):
        Bundle.open(tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"schema_version": 1}', "\x00"])
def test_a_damaged_manifest_is_refused(copy: Path, text: str) -> None:
    (copy / MANIFEST).write_text(text)
    with pytest.raises(BundleError):
        Bundle.open(copy)


def test_a_newer_schema_says_so(copy: Path) -> None:
    edit(copy, schema_version=2)
    with pytest.raises(BundleError, match="schema 2"):
        Bundle.open(copy)


@pytest.mark.parametrize("changes", [{"renderer": "magic"}, {"surprise": 1}, {"components": {}}])
def test_what_the_schema_does_not_know_is_refused(copy: Path, changes: dict[str, Any]) -> None:
    edit(copy, **changes)
    with pytest.raises(BundleError, match="not valid"):
        Bundle.open(copy)


def test_an_emotion_of_unknown_coefficients_is_refused(copy: Path) -> None:
    edit(copy, emotions={"odd": {"earWiggle": 1.0}})
    with pytest.raises(BundleError, match="earWiggle"):
        Bundle.open(copy)


@pytest.mark.parametrize(
    "name", ["../x.onnx", "/etc/passwd", "a/../../x.onnx", ".hidden", "x", "a\\b.onnx"]
)
def test_names_that_lead_out_of_the_folder_are_refused(copy: Path, name: str) -> None:
    with pytest.raises(ValueError, match="pattern"):
        StoredFile(file=name, sha256="0" * 64)


def test_a_link_out_of_the_folder_is_refused(copy: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside.png"
    shutil.copy(copy / "mouth.png", outside)
    (copy / "mouth.png").unlink()
    (copy / "mouth.png").symlink_to(outside)
    with pytest.raises(BundleError, match="leads out"):
        Bundle.open(copy).asset("mouth")


def test_an_unknown_presenter_is_told_who_there_is(bundle: Bundle) -> None:
    with pytest.raises(UnknownPresenter, match="ada"):
        bundle.presenter("nobody")
