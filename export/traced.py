"""A torch module as an ONNX file, by tracing."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import onnx
import torch
from torch import Tensor, nn

from export.listen import without_traces

OPSET: Final = 17


def traced(
    graph: nn.Module, given: Mapping[str, Tensor], outputs: Sequence[str], *, batches: bool
) -> bytes:
    """An ONNX file; with `batches` the first dimension of everything is any number.

    Tracing takes a tenth of the time of the exporter that analyses, and graphs without
    branches have nothing that it could miss.

    Args:
        graph: takes `given` in its order, and gives one tensor for each of `outputs`.
        given: examples of the inputs, by name.
        outputs: names.
        batches: see above.
    """
    axes = {name: {0: "batch"} for name in (*given, *outputs)} if batches else None
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # the exporter warns about its own insides
        written = Path(folder) / "graph.onnx"
        torch.onnx.export(
            graph.eval(),
            tuple(given.values()),
            written,
            input_names=[*given],
            output_names=[*outputs],
            dynamic_axes=axes,
            opset_version=OPSET,
            dynamo=False,
        )
        model = onnx.load(written)
    return bytes(without_traces(model).SerializeToString())
