"""Is it still the same person? Distances of dlib's face recognition network.

Two pictures of one person are usually less than 0.6 apart. Only the five-point and the
recognition models are used, which their author gave into the public domain; the 68-point
model of the same package may not be used commercially and is never opened.
"""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path
from typing import Any, Final

import numpy as np

from engine.errors import BundleError
from engine.types import Floats, Picture, floats
from train.judges.reader import Reader

FILES: Final = {
    "shape_predictor_5_face_landmarks.dat":
        "c4b1e9804792707d3a405c2c16a80a20269e6675021f64a41d30fffafbc41888",
    "dlib_face_recognition_resnet_model_v1.dat":
        "55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30",
}  # fmt: skip
PACKAGE: Final = "face_recognition_models"


class Recognition:
    """Describes faces; not for several threads.

    Raises:
        BundleError: a model is there but is not the one that is known.
        ModuleNotFoundError: dlib or its models are not installed.
    """

    def __init__(self) -> None:
        import dlib

        marks, network = (_checked(name) for name in FILES)
        self._dlib: Any = dlib
        self._marks: Any = dlib.shape_predictor(str(marks))
        self._network: Any = dlib.face_recognition_model_v1(str(network))

    def __call__(self, picture: Picture, points: Floats) -> Floats:
        """128 numbers that describe a face.

        Args:
            picture: RGB uint8 [h, w, 3].
            points: of the face, [468 or more, 2 or 3] in pixels; they say where it is.
        """
        low, high = points[:, :2].min(axis=0), points[:, :2].max(axis=0)
        side, middle = float((high - low).max()), (low + high) / 2
        # dlib's detector frames a face from the brows to below the mouth.
        left, top = middle - floats([0.45, 0.35]) * np.float32(side)
        box = self._dlib.rectangle(
            round(float(left)), round(float(top)),
            round(float(left) + 0.9 * side), round(float(top) + 0.9 * side),
        )  # fmt: skip
        picture = np.ascontiguousarray(picture)
        marks = self._marks(picture, box)
        return floats(self._network.compute_face_descriptor(picture, marks))


def recognition() -> Recognition | None:
    """Recognition, or nothing where it is not installed."""
    try:
        return Recognition()
    except ModuleNotFoundError:
        return None


def recognised(picture: Picture, recognition: Recognition, reader: Reader) -> Floats | None:
    """Describe the face of a picture, if one is found."""
    reading = reader(picture)
    return None if reading is None else recognition(picture, reading.points)


def distance(one: Floats, other: Floats) -> float:
    """How far two descriptions are apart."""
    return float(np.linalg.norm(one - other))


def _checked(name: str) -> Path:
    found = importlib.util.find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise ModuleNotFoundError(f"{PACKAGE} is not installed", name=PACKAGE)
    path = Path(found.origin).parent / "models" / name
    if hashlib.sha256(path.read_bytes()).hexdigest() != FILES[name]:
        raise BundleError(f"'{name}' is not the file that is known: install {PACKAGE} again")
    return path
