"""Writes the network over the mesh as ONNX files, one for each kind of backend.

    python -m export.lite --checkpoint data/lite/lite.pt --pairs data/lite/pairs \\
        --out engine/builtin

`portrait.onnx` and `render.onnx` are for onnxruntime, `render_int8.onnx` for it on slower
CPUs, `render_int8_trt.onnx` for TensorRT; `full.onnx` and `full_fp16.onnx` make whole
pictures in batches. `export.bundle` adds the first three to a bundle where it finds them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final

import torch
import typer

from engine.errors import BundleError
from export.lite.examples import (
    apart,
    ask_file,
    ask_network,
    pictures,
    read_examples,
)
from export.lite.files import full_file, host_file, portrait_file
from export.lite.quantise import Kind, quantised
from models.lite.network import Lite

TOLERANCE: Final = 1.0
"""Grey levels by which a float32 file may differ from the network."""


def load_network(checkpoint: Path) -> Lite:
    """The running mean of a training that `train.lite` wrote."""
    saved: dict[str, Any] = torch.load(checkpoint, weights_only=True, map_location="cpu")
    network = Lite(saved["recipe"]["size"])
    network.load_state_dict(saved["mean"])
    return network.eval()


def main(
    checkpoint: Annotated[Path, typer.Option(help="Written by `train.lite`.")],
    pairs: Annotated[Path, typer.Option(help="Folder of pairs that `train.lite` has kept.")],
    out: Annotated[Path, typer.Option(help="Folder of the ONNX files.")],
    calibrate: Annotated[int, typer.Option(help="Pairs that the 8-bit files see.")] = 48,
    full: Annotated[bool, typer.Option(help="Also the graphs that make whole pictures.")] = True,
) -> None:
    """Export a checkpoint; say how far each file is from the network."""
    network = load_network(checkpoint)
    out.mkdir(parents=True, exist_ok=True)
    examples = read_examples(pairs, network, calibrate)
    unseen = read_examples(pairs, network, calibrate // 2, seed=1)
    host = host_file(network)
    given = [example.given for example in examples]
    files = {
        "render": host,
        "render_int8": quantised(host, given, Kind.CPU),
        "render_int8_trt": quantised(host, given, Kind.TENSORRT),
    }
    wanted = pictures(ask_network(network), unseen)
    for name, model in files.items():
        mean, most = apart(pictures(ask_file(model), unseen), wanted)
        if name == "render" and most > TOLERANCE:
            raise BundleError(f"the exported file differs from the network by {most:.0f} levels")
        typer.echo(f"{name}: {len(model) / 1e6:.2f} MB, {mean:.3f} levels off, {most:.0f} at most")
    files["portrait"] = portrait_file(network)
    if full:
        files["full"], files["full_fp16"] = full_file(network), full_file(network, half=True)
    for name, model in files.items():
        (out / f"{name}.onnx").write_bytes(model)


if __name__ == "__main__":
    typer.run(main)
