"""Finds faces: MediaPipe's landmarker, 478 points, 52 coefficients and the head's turn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.arkit import EXPRESSION, MOUTH
from engine.errors import BundleError, TrackerMissing
from engine.types import Floats, Picture, floats
from engine.watch import Reading, place_of, turn_of


@dataclass(frozen=True, slots=True)
class Face:
    """What was read on one face.

    `points` float32 [478, 3] in pixels (x right, y down, z away from the camera, of
    about the same scale); `coefficients` float32 [52] in the order of
    `engine.arkit` (mouth, then expression); `turn` float32 [3]: yaw, pitch, roll in
    degrees (yaw + to image right, pitch + down, roll + counter-clockwise).
    """

    points: Floats
    coefficients: Floats
    turn: Floats


@dataclass(frozen=True, slots=True)
class Seen:
    """A face in a camera's picture: what is read on it, and where it is.

    `middle` float32 [2] in widths and heights of the picture; `height` in its heights.
    """

    reading: Reading
    middle: Floats
    height: float


class FaceTracker:
    """Reads single pictures. Not safe for two threads at once.

    Args:
        model: the content of `face_landmarker.task`.
        most: faces that are looked for.

    Raises:
        TrackerMissing: MediaPipe is not installed, or lacks a library of the system.
        BundleError: that is no such model.
    """

    def __init__(self, model: bytes, most: int = 2) -> None:
        self._landmarker = _Landmarker(model, most, video=False)

    def __call__(self, picture: Picture) -> list[Face]:
        """The faces in a picture, RGB uint8 [h, w, 3]; an empty list if there is none."""
        size = floats([picture.shape[1], picture.shape[0], picture.shape[1]])
        return [
            Face(marks * size, read, turn_of(matrix))
            for marks, read, matrix in self._landmarker.read(picture)
        ]

    def close(self) -> None:
        """Give back the model's memory."""
        self._landmarker.close()


class CameraTracker:
    """Reads the pictures of one camera in their order; knows where the faces were before.

    Not safe for two threads at once.

    Args:
        model: the content of `face_landmarker.task`.
        most: faces that are looked for.

    Raises:
        TrackerMissing: MediaPipe is not installed, or lacks a library of the system.
        BundleError: that is no such model.
    """

    def __init__(self, model: bytes, most: int = 2) -> None:
        self._landmarker = _Landmarker(model, most, video=True)
        self._time = -1

    def __call__(self, picture: Picture, time: float) -> list[Seen]:
        """The faces in a picture, RGB uint8 [h, w, 3], taken at `time` seconds."""
        self._time = max(self._time + 1, round(1000 * time))
        seen = []
        for marks, read, matrix in self._landmarker.read(picture, self._time):
            low, high = marks[:, :2].min(axis=0), marks[:, :2].max(axis=0)
            reading = Reading(read, turn_of(matrix), place_of(matrix))
            seen.append(Seen(reading, floats((low + high) / 2), float(high[1] - low[1])))
        return seen

    def close(self) -> None:
        """Give back the model's memory."""
        self._landmarker.close()


class _Landmarker:
    """MediaPipe's, as arrays."""

    def __init__(self, model: bytes, most: int, video: bool) -> None:
        try:
            import mediapipe
            from mediapipe.tasks.python import BaseOptions, vision

            modes = vision.RunningMode
            options = vision.FaceLandmarkerOptions(
                base_options=BaseOptions(model_asset_buffer=model),
                running_mode=modes.VIDEO if video else modes.IMAGE,
                num_faces=most,
                output_face_blendshapes=True,
                output_facial_transformation_matrixes=True,
            )
            self._landmarker: Any = vision.FaceLandmarker.create_from_options(options)
        except (ImportError, OSError, RuntimeError) as error:
            raise TrackerMissing(
                "faces cannot be read here, presenters can speak: install MediaPipe "
                "(`pip install --no-deps mediapipe`) and, on Debian, "
                "`apt-get install libegl1 libgles2`"
            ) from error
        except ValueError as error:
            raise BundleError(
                "the bundle's face tracker is no model that MediaPipe reads: get the bundle again"
            ) from error
        self._mediapipe: Any = mediapipe

    def read(
        self, picture: Picture, milliseconds: int | None = None
    ) -> Iterator[tuple[Floats, Floats, Floats]]:
        """Of each face: points [478, 3] in shares, coefficients [52], matrix [4, 4]."""
        image = self._mediapipe.Image(
            image_format=self._mediapipe.ImageFormat.SRGB, data=np.ascontiguousarray(picture)
        )
        if milliseconds is None:
            found = self._landmarker.detect(image)
        else:
            found = self._landmarker.detect_for_video(image, milliseconds)
        for marks, shapes, matrix in zip(
            found.face_landmarks,
            found.face_blendshapes,
            found.facial_transformation_matrixes,
            strict=True,
        ):
            scores = {shape.category_name: shape.score for shape in shapes}
            yield (
                floats([(mark.x, mark.y, mark.z) for mark in marks]),
                floats([scores.get(name, 0.0) for name in (*MOUTH, *EXPRESSION)]),
                floats(matrix),
            )

    def close(self) -> None:
        self._landmarker.close()
