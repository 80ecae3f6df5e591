"""Finds faces: MediaPipe's landmarker, 478 points, 52 coefficients and the head's turn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.arkit import EXPRESSION, MOUTH
from engine.errors import TrackerMissing
from engine.types import Floats, Picture, floats


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


class FaceTracker:
    """Reads single pictures. Not safe for two threads at once.

    Args:
        model: the content of `face_landmarker.task`.
        most: faces that are looked for.

    Raises:
        TrackerMissing: MediaPipe is not installed, or lacks a library of the system.
    """

    def __init__(self, model: bytes, most: int = 2) -> None:
        try:
            import mediapipe
            from mediapipe.tasks.python import BaseOptions, vision

            options = vision.FaceLandmarkerOptions(
                base_options=BaseOptions(model_asset_buffer=model),
                num_faces=most,
                output_face_blendshapes=True,
                output_facial_transformation_matrixes=True,
            )
            self._landmarker: Any = vision.FaceLandmarker.create_from_options(options)
        except (ImportError, OSError, RuntimeError) as error:
            raise TrackerMissing(
                "photographs cannot be read here, presenters can: install MediaPipe "
                "(`pip install --no-deps mediapipe`) and, on Debian, "
                "`apt-get install libegl1 libgles2`"
            ) from error
        self._mediapipe: Any = mediapipe

    def __call__(self, picture: Picture) -> list[Face]:
        """The faces in a picture, RGB uint8 [h, w, 3]; an empty list if there is none."""
        height, width = picture.shape[:2]
        image = self._mediapipe.Image(
            image_format=self._mediapipe.ImageFormat.SRGB, data=np.ascontiguousarray(picture)
        )
        found = self._landmarker.detect(image)
        faces = []
        for marks, shapes, matrix in zip(
            found.face_landmarks,
            found.face_blendshapes,
            found.facial_transformation_matrixes,
            strict=True,
        ):
            points = floats([(mark.x * width, mark.y * height, mark.z * width) for mark in marks])
            scores = {shape.category_name: shape.score for shape in shapes}
            read = floats([scores.get(name, 0.0) for name in (*MOUTH, *EXPRESSION)])
            faces.append(Face(points, read, turn_of(np.asarray(matrix))))
        return faces

    def close(self) -> None:
        """Give back the model's memory."""
        self._landmarker.close()


def turn_of(matrix: Floats) -> Floats:
    """Yaw, pitch, roll in degrees of a rotation-and-scale matrix [4, 4] (R = Ry Rx Rz)."""
    rotation = matrix[:3, :3] / np.linalg.norm(matrix[:3, 0])
    yaw = np.arctan2(rotation[0, 2], rotation[2, 2])
    pitch = np.arcsin(np.clip(-rotation[1, 2], -1.0, 1.0))
    roll = np.arctan2(rotation[1, 0], rotation[1, 1])
    return floats(np.degrees([yaw, pitch, roll]))
