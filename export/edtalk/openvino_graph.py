"""An exported graph in OpenVINO, for comparison, where that is installed."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

import torch
from torch import Tensor


def installed() -> bool:
    """Whether OpenVINO is there."""
    return find_spec("openvino") is not None


class OpenVinoGraph:
    """A graph compiled for this machine's CPU.

    Args:
        model: an ONNX file.
        threads: that it may use.
    """

    def __init__(self, model: bytes, threads: int) -> None:
        import openvino

        core = openvino.Core()
        settings = {
            "INFERENCE_NUM_THREADS": threads,
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": "f32",  # by itself it halves precision where a CPU can
        }
        self._compiled: Any = core.compile_model(core.read_model(model), "CPU", settings)

    def __call__(self, given: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Run with those of `given` that the graph takes."""
        wanted = {
            name: given[name].numpy()
            for it in self._compiled.inputs
            for name in it.names & given.keys()  # casts that do nothing are names of it, too
        }
        values = self._compiled(wanted)
        return {
            name: torch.from_numpy(values[it]) for it in self._compiled.outputs for name in it.names
        }
