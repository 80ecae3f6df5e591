"""A small bundle of EDTalk's make, on seeded weights: its pictures are noise, but quick."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from export.edtalk.bundle import Sources, import_bundle
from export.edtalk.seeded import seeded_audio2lip, seeded_generator
from models.edtalk.layout import Layout
from tests.support.official import expression

THIN = Layout(thinner=16, latent=64)


def small_faces(
    folder: Path, looks: Mapping[str, list[float]] | None = None, *, expressive: bool = True
) -> Path:
    """Make the bundle in a new folder; returns that."""
    folder.mkdir()
    checkpoint, looked = folder / "any.pt", folder / "looks"
    checkpoint.write_bytes(b"not read")
    looked.mkdir()
    for name, steps in (looks or {}).items():
        np.save(looked / f"{name}.npy", expression(steps)[None])
    generator, hearing = seeded_generator(THIN, expressive=expressive), seeded_audio2lip()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("export.edtalk.bundle.read_generator", lambda file: generator)
        patch.setattr("export.edtalk.bundle.read_audio2lip", lambda file: hearing)
        sources = Sources(checkpoint, checkpoint, looked if looks else None)
        import_bundle(sources, folder / "faces")
    return folder / "faces"
