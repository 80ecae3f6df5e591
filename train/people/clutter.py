"""What cameras and formats do to pictures: colour, blur, noise, compression. Labels stay."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from engine.types import Floats, Picture, floats


@dataclass(frozen=True, slots=True)
class Clutter:
    """`gain` [3] and `gamma` on RGB in 0..1, `saturation`, `blur` in pixels, `noise` in grey
    levels, `quality` of a JPEG (None: none)."""

    gain: Floats
    gamma: float = 1.0
    saturation: float = 1.0
    blur: float = 0.0
    noise: float = 0.0
    quality: int | None = None

    def __call__(self, picture: Picture, rng: np.random.Generator) -> Picture:
        """`picture`, RGB uint8, as this camera would have kept it; `rng` draws the noise."""
        light = np.clip(picture / np.float32(255) * self.gain, 0, 1) ** np.float32(self.gamma)
        grey = light.mean(2, keepdims=True)
        light = grey + np.float32(self.saturation) * (light - grey)
        if self.blur > 0:
            light = cv2.GaussianBlur(light, (0, 0), self.blur)
        levels = light * 255 + rng.normal(0, max(self.noise, 1e-6), light.shape)
        made = np.clip(levels, 0, 255).round().astype(np.uint8)
        return made if self.quality is None else _compressed(made, self.quality)


def random_clutter(rng: np.random.Generator) -> Clutter:
    """Mostly a good camera."""
    return Clutter(
        floats(rng.uniform(0.92, 1.1) * (1 + rng.normal(0, 0.035, 3))),
        gamma=float(np.exp(rng.normal(0, 0.1))),
        saturation=float(rng.uniform(0.7, 1.15)) if rng.random() < 0.97 else 0.0,
        blur=float(rng.uniform(0.3, 0.9)) if rng.random() < 0.3 else 0.0,
        noise=float(rng.uniform(0.5, 4.0)) if rng.random() < 0.5 else 0.0,
        quality=int(rng.integers(55, 96)) if rng.random() < 0.5 else None,
    )


def _compressed(picture: Picture, quality: int) -> Picture:
    settings = [cv2.IMWRITE_JPEG_QUALITY, quality]
    _, packed = cv2.imencode(".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), settings)
    unpacked = cv2.imdecode(packed, cv2.IMREAD_COLOR)
    assert unpacked is not None
    return cv2.cvtColor(unpacked, cv2.COLOR_BGR2RGB).astype(np.uint8)
