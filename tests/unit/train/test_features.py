"""A trained network's opinion on how alike two pictures are."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from engine.bundle import BUILTIN
from engine.errors import BundleError
from engine.types import Picture
from train.faces.features import PACKAGE, Features

installed = pytest.mark.skipif(
    importlib.util.find_spec(PACKAGE) is None, reason="the features' weights are not installed"
)


@pytest.fixture(scope="module")
def picture() -> Picture:
    read = cv2.imread(str(BUILTIN / "presenters" / "ada.jpg"))
    assert read is not None
    return np.ascontiguousarray(cv2.resize(read, (192, 192), interpolation=cv2.INTER_AREA))


@installed
def test_a_blur_is_farther_than_its_difference_says(picture: Picture) -> None:
    features = Features()
    blurred = np.asarray(cv2.GaussianBlur(picture, (0, 0), 1.5), np.uint8)
    brighter = np.clip(picture.astype(int) + 8, 0, 255).astype(np.uint8)
    difference = [float(np.abs(it.astype(int) - picture).mean()) for it in (blurred, brighter)]
    assert difference[0] < difference[1]
    assert features.distance(picture, picture) == 0.0
    assert features.distance(blurred, picture) > 2 * features.distance(brighter, picture) > 0


@installed
def test_gradients_reach_what_was_made_and_nothing_else(picture: Picture) -> None:
    features = Features()
    wanted = torch.from_numpy(picture).permute(2, 0, 1)[None] / 255
    made = (wanted * 0.9).requires_grad_()
    features.compare(made, wanted).sum().backward()  # type: ignore[no-untyped-call]
    assert made.grad is not None and made.grad.abs().sum() > 0
    assert all(weight.grad is None for weight in features.parameters())
    assert [tuple(it.shape[1:]) for it in features(wanted)] == [
        (32, 96, 96),
        (24, 48, 48),
        (32, 24, 24),
    ]


def test_other_weights_are_refused(tmp_path: Path) -> None:
    other = tmp_path / "weights.pth"
    with pytest.raises(BundleError, match="cannot be read"):
        Features(other)
    other.write_bytes(b"something else")
    with pytest.raises(BundleError, match="SHA-256"):
        Features(other)
