"""Small bundles, and what can happen to one."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
from onnx import helper

from engine.bundle import BUILTIN, HALF, MANIFEST
from engine.types import floats
from export.bundle import graph_file
from tests.support.graphs import Shape, correction, flat_pictures, graph, portrait_mean

MOTION: Final = (28, 6, 24)
STATE: Final = 512


def hearing(
    mel: Shape = (1, 4, 64), mouth: int = MOTION[0], *, remembers: bool = True, voice: str = "mel"
) -> bytes:
    """A `listen` graph that hears nothing: the mouth stays at rest."""
    outputs: dict[str, Shape] = {"mouth": (1, mouth)}
    nodes = [
        helper.make_node("ReduceMax", [voice], ["loudest"], keepdims=0),
        helper.make_node("Mul", ["loudest", "nothing"], ["zero"]),
        helper.make_node("Add", ["rest", "zero"], ["mouth"]),
    ]
    if remembers:
        outputs["next_state"] = (1, STATE)
        nodes.append(helper.make_node("Identity", ["state"], ["next_state"]))
    rest = np.zeros((1, mouth), np.float32)
    inputs: dict[str, Shape] = {voice: mel, "state": (1, STATE)}
    return graph(inputs, outputs, nodes, {"nothing": floats(0.0), "rest": rest})


def write_bundle(folder: Path) -> Path:
    """A bundle with one presenter, and graphs that change nothing."""
    manifest = json.loads((BUILTIN / MANIFEST).read_text())
    presenters = manifest["presenters"][:1]
    assets = {name: manifest["assets"][name] for name in ("mesh", "mouth")}
    for stored in (*assets.values(), presenters[0]["picture"], presenters[0]["face"]):
        (folder / stored["file"]).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(BUILTIN / stored["file"], folder / stored["file"])
    changes = {"presenters": presenters, "assets": assets, "graphs": {}}
    (folder / MANIFEST).write_text(json.dumps(manifest | changes))
    put_graph(folder, "listen", hearing())
    put_graph(folder, "render", correction(0.0, 0.0, 0.0, MOTION))
    return folder


def drawing_bundle(folder: Path, half: float | None = None) -> Path:
    """The built-in bundle with graphs that make the whole picture: one flat colour.

    Args:
        folder: its own, which it makes.
        half: with graphs in half precision too, which are as much brighter, so that one sees
            which were taken.
    """
    shutil.copytree(BUILTIN, folder)
    kinds = {"": 0.0} if half is None else {"": 0.0, HALF: half}
    for suffix, brighter in kinds.items():
        put_graph(folder, f"portrait{suffix}", portrait_mean())
        put_graph(folder, f"render{suffix}", flat_pictures(*MOTION, brighter=brighter))
    edit(folder, lambda manifest: manifest.update(renderer="graph"))
    return folder


def edit(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change what the manifest says."""
    manifest = json.loads((folder / MANIFEST).read_text())
    change(manifest)
    (folder / MANIFEST).write_text(json.dumps(manifest))


def put_graph(folder: Path, name: str, model: bytes) -> None:
    """Put a graph there, and its hash and shapes into the manifest."""
    (folder / f"{name}.onnx").write_bytes(model)
    stated = graph_file(folder, f"{name}.onnx").model_dump()
    edit(folder, lambda manifest: manifest["graphs"].update({name: stated}))


def put(folder: Path, file: str, content: bytes) -> None:
    """Put a file in place of one of the bundle's, and its hash into the manifest."""
    (folder / file).write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()

    def rewrite(part: Any) -> None:
        if isinstance(part, dict) and part.get("file") == file:
            part["sha256"] = digest
        for inner in part.values() if isinstance(part, dict) else part:
            if isinstance(inner, dict | list):
                rewrite(inner)

    edit(folder, rewrite)
