"""Tells people from what is behind them: MediaPipe's selfie segmentation, 256 pixels wide."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.errors import BundleError, TrackerMissing
from engine.types import Floats, Picture, floats


class Segmenter:
    """Looks at single pictures. Not safe for two threads at once.

    Args:
        model: the content of `selfie_segmentation.tflite`.

    Raises:
        TrackerMissing: MediaPipe is not installed, or lacks a library of the system.
        BundleError: that is no such model.
    """

    def __init__(self, model: bytes) -> None:
        try:
            import mediapipe
            from mediapipe.tasks.python import BaseOptions, vision

            options = vision.ImageSegmenterOptions(
                base_options=BaseOptions(model_asset_buffer=model),
                output_confidence_masks=True,
                output_category_mask=False,
            )
            self._segmenter: Any = vision.ImageSegmenter.create_from_options(options)
        except (ImportError, OSError, RuntimeError) as error:
            raise TrackerMissing(
                "backgrounds cannot be changed here, except those of pictures with "
                "transparency: install MediaPipe (`pip install --no-deps mediapipe`) and, on "
                "Debian, `apt-get install libegl1 libgles2`"
            ) from error
        except ValueError as error:
            raise BundleError(
                "the bundle's segmenter is no model that MediaPipe reads: get the bundle again"
            ) from error
        self._mediapipe: Any = mediapipe

    def __call__(self, picture: Picture) -> Floats:
        """How much of each pixel of an RGB picture uint8 [h, w, 3] is people, [h, w] in 0..1."""
        image = self._mediapipe.Image(
            image_format=self._mediapipe.ImageFormat.SRGB, data=np.ascontiguousarray(picture)
        )
        (mask,) = self._segmenter.segment(image).confidence_masks
        return floats(mask.numpy_view().reshape(picture.shape[:2]).copy())

    def close(self) -> None:
        """Give back the model's memory."""
        self._segmenter.close()
