"""The correcting graph in 8 bits, calibrated on what it will really see.

Two kinds, because what is quick differs: onnxruntime on a CPU wants unsigned activations
with zero points, TensorRT symmetric ones and biases that stay in float32. Convolutions
only; those that put out residual, colours and alpha stay in float32, so that nothing said
stays exactly nothing, and those that see flow and picture, so that both are seen exactly.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import onnx
from numpy.typing import NDArray
from onnxruntime.quantization import QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

from engine.backends import Tensors

KEPT: Final = ("see", "guide", "bend_middle", "bend_fine", "paint")
"""Layers that stay in float32; the first two have so few channels that 8 bits are slower."""


class Kind(StrEnum):
    """What the file is for."""

    CPU = "cpu"
    TENSORRT = "tensorrt"


class _Reader:
    """Gives `quantize_static` its examples, one by one."""

    def __init__(self, examples: list[Tensors]) -> None:
        self._left: Iterator[dict[str, NDArray[Any]]] = iter(examples)

    def get_next(self) -> dict[str, NDArray[Any]] | None:
        return next(self._left, None)


def quantised(model: bytes, examples: list[Tensors], kind: Kind) -> bytes:
    """The graph `model` in 8 bits, its ranges measured on `examples` of its inputs."""
    symmetric = kind is Kind.TENSORRT
    with tempfile.TemporaryDirectory() as folder:
        plain, ready, made = (Path(folder) / f"{name}.onnx" for name in ("a", "b", "c"))
        plain.write_bytes(model)
        quant_pre_process(str(plain), str(ready), skip_symbolic_shape=True)
        quantize_static(
            str(ready),
            str(made),
            _Reader(examples),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QInt8 if symmetric else QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            op_types_to_quantize=["Conv"],
            nodes_to_exclude=_kept(onnx.load(str(ready))),
            extra_options={"ActivationSymmetric": symmetric, "QuantizeBias": not symmetric},
        )
        return made.read_bytes()


def _kept(model: onnx.ModelProto) -> list[str]:
    """Names of the nodes whose weights belong to layers of `KEPT`."""
    return [
        node.name
        for node in model.graph.node
        if node.op_type == "Conv" and any(f".{layer}." in node.input[1] for layer in KEPT)
    ]
