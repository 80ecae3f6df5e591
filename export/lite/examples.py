"""What the correcting graph sees in earnest: pairs that `train.lite` has kept.

They calibrate the 8-bit files and show how far any file is from the network.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from engine.backends import Tensors
from engine.backends.onnx import OnnxBackend
from engine.correction import SEEN, bend, blend
from engine.errors import BundleError
from engine.flow import Warp
from engine.types import Floats, Picture, floats
from export.lite.graphs import HostGraph, PortraitGraph, frozen
from models.lite.network import Lite
from models.lite.sizes import EXPRESSION, MOUTH, POSE

Ask: TypeAlias = Callable[[Tensors], Tensors]
"""The correcting graph: its inputs to its outputs."""


@dataclass(frozen=True, slots=True)
class Example:
    """Inputs of the correcting graph, and the mesh's picture that it is about."""

    given: Tensors
    drawn: Picture


def read_examples(folder: Path, network: Lite, count: int, seed: int = 0) -> list[Example]:
    """`count` examples from the pairs kept in `folder` and below.

    Raises:
        BundleError: there are none.
    """
    paths = sorted(folder.rglob("*.npz"))
    if not paths:
        raise BundleError("there are no pairs to calibrate with: run train.lite first")
    random = np.random.default_rng(seed)
    fixed = PortraitGraph(frozen(network))
    return [_example(paths[int(random.integers(len(paths)))], fixed, random) for _ in range(count)]


def _example(path: Path, portrait: PortraitGraph, random: np.random.Generator) -> Example:
    with np.load(path) as stored:
        number = int(random.integers(len(stored["source"])))
        source = int(stored["source"][number])
        picture = _planes(stored["portraits"][source]) * 2 - 1
        seen = picture, stored["landmarks"][source][None], stored["readings"][source][None]
        motion, flow = stored["motions"][number], stored["flow"][number]
        drawn = np.ascontiguousarray(stored["drawn"][number])
    with torch.no_grad():
        statics = portrait(*(torch.from_numpy(floats(it)) for it in seen))
    mouth, pose, expression = np.split(motion[None], [MOUTH, MOUTH + POSE], axis=1)
    assert expression.shape[1] == EXPRESSION
    small = cv2.resize(drawn, (SEEN, SEEN), interpolation=cv2.INTER_AREA)
    given: Tensors = {
        "mouth": mouth,
        "pose": pose,
        "expression": expression,
        "flow": floats(flow[None]),
        "drawn": _planes(np.asarray(small, np.uint8)),
        **{name: value.numpy() for name, value in statics._asdict().items()},
    }
    return Example({name: np.ascontiguousarray(value) for name, value in given.items()}, drawn)


def _planes(picture: NDArray[Any]) -> Floats:
    return floats(picture.transpose(2, 0, 1)[None]) / np.float32(255)


def ask_network(network: Lite) -> Ask:
    """What the network itself answers."""
    graph = HostGraph(frozen(network))

    def ask(given: Tensors) -> Tensors:
        with torch.no_grad():
            answer = graph(**{name: torch.from_numpy(value) for name, value in given.items()})
        return dict(zip(("residual", "colour"), (it.numpy() for it in answer), strict=True))

    return ask


def ask_file(model: bytes) -> Ask:
    """What an ONNX file answers."""
    graph = OnnxBackend().compile("render", model)
    return lambda given: graph.run(given)


def pictures(ask: Ask, examples: list[Example]) -> Picture:
    """What becomes of the mesh's pictures, uint8 [n, 256, 256, 3]."""
    made, warp = [], Warp(examples[0].drawn.shape[0])
    for example in examples:
        answer = ask(example.given)
        residual, colour = (answer[name][0].transpose(1, 2, 0) for name in ("residual", "colour"))
        made.append(blend(bend(example.drawn.copy(), residual, warp), colour))
    return np.stack(made)


def apart(one: Picture, other: Picture) -> tuple[float, float]:
    """Mean and greatest difference of two sets of pictures in grey levels."""
    wrong = np.abs(one.astype(np.int32) - other)
    return float(wrong.mean()), float(wrong.max())
