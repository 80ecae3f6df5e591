"""Graphs as ONNX files, and what the files are fed with."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

from export.lite.graphs import (
    MOTION,
    STATICS,
    FullGraph,
    HostGraph,
    PortraitGraph,
    frozen,
    halved,
)
from export.traced import traced
from models.lite.network import Lite
from models.lite.sizes import COLOUR, EXPRESSION, FLOW, LANDMARKS, MOUTH, POSE, READING

FULL_FLOW: Final = 128
"""Cells a side of the flow that the full graph takes: the mesh's own."""


def portrait_file(network: Lite) -> bytes:
    """`picture`, `landmarks`, `reading` to `identity`, `start`, `coarse`, `middle`."""
    return traced(PortraitGraph(frozen(network)), _portrait(1), [*STATICS], batches=False)


def host_file(network: Lite) -> bytes:
    """The correction for one picture, in float32: outputs `residual` and `colour`."""
    fixed = frozen(network)
    given = {**_motion(1), **_mesh(1), **_statics(fixed, 1)}
    return traced(HostGraph(fixed), given, ["residual", "colour"], batches=False)


def full_file(network: Lite, size: int = 256, half: bool = False) -> bytes:
    """Whole pictures of `size` pixels, any number at once; output `picture`."""
    fixed = frozen(network)
    statics = _statics(fixed, 2)
    given = {
        "skin": torch.rand(2, 3, size, size),
        "flow": torch.zeros(2, 2, FULL_FLOW, FULL_FLOW),
        "overlay": torch.zeros(2, 4, size, size),
        "opening": torch.zeros(2, 1, COLOUR, COLOUR),
        **_motion(2),
        **statics,
    }
    graph = FullGraph(halved(fixed) if half else fixed)
    return traced(graph, given, ["picture"], batches=True)


def _portrait(count: int) -> dict[str, Tensor]:
    return {
        "picture": torch.zeros(count, 3, COLOUR, COLOUR),
        "landmarks": torch.zeros(count, LANDMARKS, COLOUR, COLOUR),
        "reading": torch.zeros(count, READING),
    }


def _motion(count: int) -> dict[str, Tensor]:
    sizes = zip(MOTION, (MOUTH, POSE, EXPRESSION), strict=True)
    return {name: torch.zeros(count, size) for name, size in sizes}


def _mesh(count: int) -> dict[str, Tensor]:
    return {
        "flow": torch.zeros(count, 2, FLOW, FLOW),
        "drawn": torch.zeros(count, 3, COLOUR, COLOUR),
    }


def _statics(network: Lite, count: int) -> dict[str, Tensor]:
    with torch.no_grad():
        return network.look(*_portrait(count).values())._asdict()
