"""Golden values of the published networks, and small ones of the same make."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn import functional

from export.edtalk.bundle import Sources, import_bundle
from export.edtalk.golden import CROP, GOLDEN, INPUTS, KEYS, PICTURES, STEP, THINNED
from export.edtalk.seeded import seeded_audio2lip, seeded_generator
from models.edtalk.generator import Generator, Steps
from models.edtalk.layout import EXPRESSION, MOUTH, POSE, Layout

DATA: Final = Path(__file__).parents[1] / "data" / "edtalk"
SMALL: Final = Layout(size=32, thinner=16, latent=64)
THIN: Final = Layout(thinner=16, latent=64)
"""As large as official ones in pixels, and quick."""
CLOSE: Final = 1e-4
PICTURE_CLOSE: Final = 2e-4
"""Shares of the largest golden value, at least 1, by which ours may differ."""


def golden() -> dict[str, NDArray[Any]]:
    """All golden arrays by name."""
    with np.load(DATA / GOLDEN, allow_pickle=False) as stored:
        return {name: stored[name] for name in stored.files}


def golden_keys() -> dict[str, dict[str, list[int]]]:
    """Shapes by state-dict key, by checkpoint."""
    found: dict[str, dict[str, list[int]]] = json.loads((DATA / KEYS).read_text())
    return found


def golden_pictures() -> dict[str, Tensor]:
    """The pictures that went in, [1, 3, 256, 256] in -1..1, by name."""
    rgb = np.asarray(Image.open(DATA / INPUTS))
    parts = np.split(rgb, len(PICTURES), axis=1)
    return {
        name: torch.from_numpy(part.transpose(2, 0, 1)[None].copy()).float().div(255).sub(0.5) * 2
        for name, part in zip(PICTURES, parts, strict=True)
    }


def assert_close(found: Tensor, wanted: NDArray[Any], share: float = CLOSE) -> None:
    """Within `share` of the largest golden value, which counts as at least 1."""
    apart = float(np.abs(found.numpy() - wanted).max())
    assert apart <= share * max(1.0, float(np.abs(wanted).max()))


def assert_picture(found: Tensor, wanted: dict[str, NDArray[Any]], name: str) -> None:
    """A picture [1, 3, 256, 256] is the golden one of that name."""
    picture = found[0]
    every = STEP * THINNED
    assert_close(picture[:, ::every, ::every], wanted[f"{name}.grid"], PICTURE_CLOSE)
    assert_close(picture.mean((1, 2)), wanted[f"{name}.mean"], PICTURE_CLOSE)
    assert_close(picture.std((1, 2), correction=0), wanted[f"{name}.std"], PICTURE_CLOSE)
    assert_close(picture.min(), wanted[f"{name}.lo"], PICTURE_CLOSE)
    assert_close(picture.max(), wanted[f"{name}.hi"], PICTURE_CLOSE)
    if f"{name}.crop" in wanted:
        assert_close(picture[(slice(None), *CROP)], wanted[f"{name}.crop"], PICTURE_CLOSE)


def smooth_pictures(count: int, layout: Layout, seed: int = 0) -> Tensor:
    """Blurred noise, [count, 3, size, size] in about -1..1."""
    random = torch.Generator().manual_seed(seed)
    coarse = torch.rand(count, 3, 8, 8, generator=random)
    return functional.interpolate(coarse, size=layout.size, mode="bicubic") * 2 - 1


def any_steps(generator: Generator, count: int, seed: int = 0) -> Steps:
    """Steps as large as usual ones."""
    random = torch.Generator().manual_seed(seed)
    sizes = (MOUTH, POSE, EXPRESSION)
    mouth, pose, expression = (2 * torch.randn(count, n, generator=random) for n in sizes)
    return Steps(mouth, pose, expression if generator.expressive else None)


def small_bundle(folder: Path, *, expressive: bool = True) -> Path:
    """A bundle as `visavis import` makes them, of thin seeded networks, in a new folder."""
    file = folder / "weights.pt"
    file.write_bytes(b"seeded")
    generator = seeded_generator(THIN, expressive=expressive)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("export.edtalk.bundle.read_generator", lambda file: generator)
        patch.setattr("export.edtalk.bundle.read_audio2lip", lambda file: seeded_audio2lip())
        import_bundle(Sources(file, file), folder / "faces", smoothing="fast")
    return folder / "faces"
