"""The built-in bundle and its presenters, opened once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.arrays import read_arrays
from engine.bundle import Bundle
from engine.mesh import FaceModel
from engine.portrait import Portrait, decode_picture
from engine.studio import Studio
from engine.tracker import Face

DATA = Path(__file__).parents[2] / "data"


@pytest.fixture(scope="session")
def bundle() -> Bundle:
    return Bundle.open()


@pytest.fixture(scope="session")
def studio() -> Iterator[Studio]:
    opened = Studio.open()
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def model(bundle: Bundle) -> FaceModel:
    return FaceModel.of(bundle.arrays("mesh"))


@pytest.fixture(scope="session")
def portrait(bundle: Bundle) -> Portrait:
    files = bundle.manifest.presenters[0]
    arrays = read_arrays(bundle.read(files.face))
    face = Face(arrays["points"], arrays["coefficients"], arrays["turn"])
    return Portrait(decode_picture(bundle.read(files.picture)), face)


@pytest.fixture(scope="session")
def astronaut() -> bytes:
    """A real photograph: a smiling woman, her head a little turned and tilted."""
    return (DATA / "portraits/astronaut.jpg").read_bytes()
