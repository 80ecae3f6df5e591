"""Weights that anybody can make again: each a pure function of its key and shape.

Golden values were computed on them, so that networks can be proved equal to what was
published without its code and without its checkpoints.
"""

from __future__ import annotations

import math
import zlib

import numpy as np
import torch
from torch import Tensor, nn

from models.edtalk.audio2lip import Audio2Lip
from models.edtalk.generator import Generator
from models.edtalk.layout import OFFICIAL, Layout


def seed(network: nn.Module) -> None:
    """Give every parameter and statistic of a network its seeded value; filters stay."""
    state = {
        key: value if key.endswith(".kernel") else seeded(key, tuple(value.shape))
        for key, value in network.state_dict().items()
    }
    network.load_state_dict(state)


def seeded(key: str, shape: tuple[int, ...]) -> Tensor:
    """The value of one key of a state dict."""
    if key.endswith("num_batches_tracked"):
        return torch.tensor(1)
    random = np.random.default_rng(zlib.crc32(key.encode()))
    if key.endswith("running_var"):
        return torch.from_numpy(random.uniform(0.5, 1.5, shape).astype(np.float32))
    normal = torch.from_numpy(random.standard_normal(shape))
    return _spread(key, normal, math.prod(shape[1:])).float()


def _spread(key: str, normal: Tensor, fan: int) -> Tensor:
    """The first rule that fits the key; tame flows, and variances that stay."""
    if key.endswith("running_mean"):
        return 0.2 * normal
    if key.startswith("direction"):
        return normal
    if key.endswith("modulation.bias"):
        return 1 + 0.1 * normal
    if "to_flows" in key and key.endswith(("conv.weight", "bias")):
        return 0.05 * normal
    if "noise.weight" in key:
        return 0.3 * normal
    if key.endswith("bias"):
        return 0.1 * normal
    if "audio_encoder" in key and normal.ndim == 1:
        return 1 + 0.1 * normal
    if any(part in key for part in ("fineadainresblock", "audio_encoder", "mapping")):
        return normal * math.sqrt(2 / fan)
    return normal


def seeded_generator(layout: Layout = OFFICIAL, *, expressive: bool = True) -> Generator:
    """A generator on seeded weights."""
    generator = Generator(layout, expressive=expressive).eval().requires_grad_(False)
    seed(generator)
    return generator


def seeded_audio2lip() -> Audio2Lip:
    """The network that hears, on seeded weights."""
    network = Audio2Lip().eval().requires_grad_(False)
    seed(network)
    return network
