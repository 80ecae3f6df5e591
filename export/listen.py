"""Writes the network that hears as an ONNX file.

python -m export.listen --checkpoint data/listen/listen.pt --out engine/builtin/listen.onnx
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
import onnx
import onnxruntime
import torch
import typer

from engine.errors import BundleError
from models.listen import BANDS, FRAMES, Listen

OPSET: Final = 18
TOLERANCE: Final = 1e-5


def load_network(checkpoint: Path) -> Listen:
    """The network of a checkpoint that `train.listen` wrote."""
    saved: dict[str, Any] = torch.load(checkpoint, weights_only=True)
    network = Listen(saved["width"])
    network.load_state_dict(saved["network"])
    return network.eval()


def to_onnx(network: Listen) -> bytes:
    """The network as an ONNX file with any number of sessions in a batch.

    Inputs `mel` float32 [batch, 4, 64] and `state` float32 [batch, n], zeros at the
    start; outputs `mouth` float32 [batch, 28] and `prosody` float32 [batch, 2] in 0..1,
    and `next_state`.
    """
    batch = torch.export.Dim("batch")
    example = (torch.zeros(2, FRAMES, BANDS), torch.zeros(2, network.state_size))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns about its own insides
        program = torch.onnx.export(
            network.eval(),
            example,
            input_names=["mel", "state"],
            output_names=["mouth", "prosody", "next_state"],
            dynamic_shapes=({0: batch}, {0: batch}),
            opset_version=OPSET,
            dynamo=True,
            verbose=False,
        )
    assert program is not None
    return bytes(without_traces(program.model_proto).SerializeToString())


def without_traces(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model less what the exporter noted about the machine it ran on: files and lines."""
    graph = model.graph
    noted = [model, graph, *graph.node, *graph.input, *graph.output, *graph.value_info]
    for part in [*noted, *graph.initializer, *model.functions]:
        part.ClearField("metadata_props")
        part.doc_string = ""
    return model


def deviation(network: Listen, model: bytes, ticks: int = 50, batch: int = 3) -> float:
    """Largest difference between the file, run by onnxruntime, and the network.

    Both hear the same noise for some ticks, each with its own state.
    """
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    random = np.random.default_rng(0)
    state = np.zeros((batch, network.state_size), np.float32)
    kept = torch.from_numpy(state)
    worst = 0.0
    for _ in range(ticks):
        mel = random.uniform(-1.0, 0.5, (batch, FRAMES, BANDS)).astype(np.float32)
        names = ["mouth", "prosody", "next_state"]
        *outputs, state = session.run(names, {"mel": mel, "state": state})
        with torch.no_grad():
            *expected, kept = network(torch.from_numpy(mel), kept)
        for found, wanted in zip(outputs, expected, strict=True):
            worst = max(worst, float(np.abs(found - wanted.numpy()).max()))
    return worst


def main(
    checkpoint: Annotated[Path, typer.Option(help="Written by `train.listen`.")],
    out: Annotated[Path, typer.Option(help="The ONNX file to write.")],
) -> None:
    """Export a checkpoint and check that the file does what the network does."""
    network = load_network(checkpoint)
    model = to_onnx(network)
    worst = deviation(network, model)
    if worst > TOLERANCE:
        raise BundleError(f"the exported file differs from the network by {worst:.1e}")
    out.write_bytes(model)
    typer.echo(f"{out.name}: {len(model) / 1e6:.2f} MB, within {worst:.1e} of the network")


if __name__ == "__main__":
    typer.run(main)
