"""Runs exported graphs, and looks behind the grey levels that they give."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import onnx
import onnxruntime
import torch
from torch import Tensor

ROUNDING: Final = ("Cast", "Clip", "Round", "Mul", "Add", "Transpose")
"""Operators between the colours of a picture and its grey levels, last first."""
COLOURS: Final = "colours"


def session(model: bytes, threads: int = 1) -> onnxruntime.InferenceSession:
    """onnxruntime on the CPU, without spinning."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def run(opened: onnxruntime.InferenceSession, given: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Run with those of `given` that the graph takes."""
    wanted = {it.name: given[it.name].numpy() for it in opened.get_inputs()}
    names = [it.name for it in opened.get_outputs()]
    values = map(torch.from_numpy, opened.run(names, wanted))
    return dict(zip(names, values, strict=True))


def with_colours(model: bytes) -> bytes:
    """A `render` graph that gives besides `colours`, [b, 3, n, n], what its picture rounds.

    Nothing is computed otherwise: an inner tensor of the very file becomes an output.
    """
    opened = onnx.load_from_string(model)
    made = {name: node for node in opened.graph.node for name in node.output}
    place = opened.graph.output[0].name
    for kind in ROUNDING:
        node = made[place]
        assert node.op_type == kind, f"{node.op_type} where {kind} was meant to be"
        place = node.input[0]
    opened.graph.node.append(onnx.helper.make_node("Identity", [place], [COLOURS]))
    colours = onnx.helper.make_tensor_value_info(COLOURS, onnx.TensorProto.FLOAT, None)
    opened.graph.output.append(colours)
    return bytes(opened.SerializeToString())
