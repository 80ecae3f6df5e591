"""The network of a bundle, read back from its ONNX files: a training can start from it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from engine.errors import BundleError
from models.lite.motion import COMPONENTS, HIDDEN
from models.lite.network import Lite
from models.lite.sizes import LATENT, SIZES

FILES: Final = ("portrait", "render")
PREFIX: Final = "network."
"""Of weights that the exporter has left as they are; others it has transposed and renamed."""


def read_network(folder: Path) -> Lite:
    """The network whose `portrait.onnx` and `render.onnx` lie in `folder`.

    Raises:
        BundleError: they are not there, or hold another network.
    """
    found: dict[str, Tensor] = {}
    unnamed: dict[tuple[int, ...], Tensor] = {}
    for name in FILES:
        try:
            graph = onnx.load(folder / f"{name}.onnx").graph
        except (OSError, ValueError) as error:
            raise BundleError(f"there is no {name}.onnx in {folder} to start from") from error
        for stored in graph.initializer:
            value = torch.from_numpy(numpy_helper.to_array(stored).copy())
            if stored.name.startswith(PREFIX):
                found[stored.name.removeprefix(PREFIX)] = value
            else:
                unnamed[tuple(value.shape)] = value
    try:
        return _restored(found, unnamed)
    except (KeyError, RuntimeError, StopIteration) as error:
        raise BundleError(f"{folder} holds another network than train.lite makes") from error


def _restored(found: dict[str, Tensor], unnamed: dict[tuple[int, ...], Tensor]) -> Lite:
    fine = len(found["encoder.fine.0.conv.weight"])
    network = Lite(next(size for size, widths in SIZES.items() if widths.fine == fine))
    for name, size in COMPONENTS.items():
        found[f"motion.own.{name}.weight"] = unnamed[size, HIDDEN].T
    directions = unnamed[sum(COMPONENTS.values()), LATENT].T
    found["motion.banks.free"] = directions
    network.load_state_dict(found)
    _turn(network, directions)
    return network


@torch.no_grad()
def _turn(network: Lite, directions: Tensor) -> None:
    """A decomposition may give a direction the other sign: then the step along it gets it too."""
    signs = (network.motion.banks() * directions).sum(0).sign()
    for name, part in zip(COMPONENTS, torch.split(signs, [*COMPONENTS.values()]), strict=True):
        steps = network.motion.steps[name]
        assert isinstance(steps, nn.Linear)
        steps.weight.mul_(part[:, None])
        steps.bias.mul_(part)
