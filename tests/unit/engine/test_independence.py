"""A driver does everything at once; each component of the face follows only its own source."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import numpy as np
import pytest

from engine.controls import Setting
from engine.mesh import FaceModel, Mesh
from engine.portrait import Portrait
from engine.studio import Studio
from engine.types import TICKS_PER_SECOND, Component
from engine.watch import Reading
from tests.support.driver_clip import CLIP
from train.following import pictures_of
from train.judges.independence import UPPER_FACE
from train.judges.landmarks import MOUTH

MOST: Final = 0.05
AREAS: Final = {Component.MOUTH: list(MOUTH), Component.EXPRESSION: list(UPPER_FACE)}


@pytest.fixture(scope="module")
def readings(studio: Studio) -> list[Reading | None]:
    camera = studio.camera()
    read = [camera(it, n / TICKS_PER_SECOND) for n, it in enumerate(pictures_of(CLIP))]
    camera.close()
    return read


def moved(
    studio: Studio, mesh: Mesh, readings: list[Reading | None], driven: Component
) -> dict[Component, float]:
    """How far mouth and eyes move in the head's own frame, in pixels, and the head, in degrees."""
    identity = studio.presenter("ada", 256)
    pipeline = studio.pipeline(identity, seed=1, jitter=0)
    still: dict[str, Any] = {part.value: Setting("still") for part in Component}
    pipeline.change(replace(pipeline.controls, **{**still, driven.value: Setting("camera")}))
    shapes, turns = [], []
    for tick, reading in enumerate(readings):
        now = tick / TICKS_PER_SECOND
        pipeline.driver.see(reading, now, now)
        motion = pipeline.mix(pipeline.hear(pipeline.tick()), now)
        shapes.append(mesh.shape(motion).still)
        turns.append(motion.pose[:3])
    ways = np.linalg.norm(np.stack(shapes) - shapes[0], axis=2)
    far = {part: float(ways[:, area].max()) for part, area in AREAS.items()}
    return far | {Component.POSE: float(np.abs(turns).max())}


def test_only_what_is_driven_moves(
    studio: Studio, model: FaceModel, portrait: Portrait, readings: list[Reading | None]
) -> None:
    mesh = Mesh(model, portrait.face, 512)
    table = {driven: moved(studio, mesh, readings, driven) for driven in Component}
    print(f"{'driven':<12}" + "".join(f"{part:>12}" for part in Component))
    for driven, row in table.items():
        shares = {part: row[part] / table[part][part] for part in Component}
        print(f"{driven:<12}" + "".join(f"{100 * shares[part]:>11.1f}%" for part in Component))
        assert row[driven] > 4.0, "it does move"
        assert all(share <= MOST for part, share in shares.items() if part is not driven)
