"""Small ONNX graphs for tests, written by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from engine.types import floats

Shape: TypeAlias = Sequence[int | str]
OPSET = 17


def graph(
    inputs: Mapping[str, Shape],
    outputs: Mapping[str, Shape],
    nodes: Sequence[onnx.NodeProto],
    constants: Mapping[str, NDArray[Any]],
    picture: str = "",
) -> bytes:
    """An ONNX file; all tensors are float32 but the output named `picture`, uint8."""

    def value(name: str, shape: Shape) -> onnx.ValueInfoProto:
        kind = TensorProto.UINT8 if name == picture else TensorProto.FLOAT
        return helper.make_tensor_value_info(name, kind, list(shape))

    made = helper.make_graph(
        list(nodes),
        "test",
        [value(*item) for item in inputs.items()],
        [value(*item) for item in outputs.items()],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", OPSET)])
    model.ir_version = 9
    return bytes(model.SerializeToString())


def adding(amount: float) -> bytes:
    """`out` = `x` + amount, for x [batch, 3]."""
    return graph(
        {"x": ["batch", 3]},
        {"out": ["batch", 3]},
        [helper.make_node("Add", ["x", "amount"], ["out"])],
        {"amount": floats([amount])},
    )


def correction(residual: float, alpha: float, colour: float, motion: tuple[int, int, int]) -> bytes:
    """A `render` graph over the mesh that always answers the same.

    Args:
        residual: of the flow's x, in shares of the width.
        alpha: of the whole picture.
        colour: what is added to all three channels, -1..1.
        motion: sizes of mouth, pose and expression.
    """
    flow = np.zeros((1, 2, 64, 64), np.float32)
    flow[:, 0] = residual
    rgba = np.full((1, 4, 128, 128), colour, np.float32)
    rgba[:, 3] = alpha
    names = ("mouth", "pose", "expression")
    return graph(
        {**{name: [1, size] for name, size in zip(names, motion, strict=True)},
         "flow": [1, 2, 64, 64]},
        {"residual": [1, 2, 64, 64], "colour": [1, 4, 128, 128]},
        [
            helper.make_node("ReduceSum", ["flow"], ["sum"], keepdims=0),
            helper.make_node("Mul", ["sum", "nothing"], ["zero"]),
            helper.make_node("Add", ["fixed_flow", "zero"], ["residual"]),
            helper.make_node("Identity", ["fixed_colour"], ["colour"]),
        ],
        {"fixed_flow": flow, "fixed_colour": rgba, "nothing": floats(0.0)},
    )  # fmt: skip


def portrait_mean() -> bytes:
    """A `portrait` graph: `identity` [1, 3] is the picture's mean colour, -1..1."""
    return graph(
        {"picture": [1, 3, 256, 256]},
        {"identity": [1, 3]},
        [helper.make_node("ReduceMean", ["picture"], ["identity"], axes=[2, 3], keepdims=0)],
        {},
    )


def flat_pictures(
    mouth: int, pose: int, expression: int, side: int = 256, brighter: float = 0.0
) -> bytes:
    """A `render` graph: one colour, the identity's, brighter by the first mouth coefficient."""
    return graph(
        {"identity": [1, 3], "mouth": [1, mouth], "pose": [1, pose], "expression": [1, expression]},
        {"picture": [1, side, side, 3]},
        [
            helper.make_node("Slice", ["mouth", "zero", "one", "axis"], ["first"]),
            helper.make_node("Add", ["identity", "first"], ["brighter"]),
            helper.make_node("Add", ["brighter", "half"], ["positive"]),
            helper.make_node("Mul", ["positive", "scale"], ["scaled"]),
            helper.make_node("Clip", ["scaled", "low", "high"], ["clipped"]),
            helper.make_node("Reshape", ["clipped", "as_pixel"], ["pixel"]),
            helper.make_node("Expand", ["pixel", "full"], ["grown"]),
            helper.make_node("Cast", ["grown"], ["picture"], to=TensorProto.UINT8),
        ],
        {
            "zero": np.asarray([0], np.int64),
            "one": np.asarray([1], np.int64),
            "axis": np.asarray([1], np.int64),
            "half": floats([1.0 + brighter]),
            "scale": floats([127.5]),
            "low": floats(0.0),
            "high": floats(255.0),
            "as_pixel": np.asarray([1, 1, 1, 3], np.int64),
            "full": np.asarray([1, side, side, 3], np.int64),
        },
        picture="picture",
    )
