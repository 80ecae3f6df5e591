"""Bundles made for tests of the built-in one."""

from __future__ import annotations

import json
import shutil
from hashlib import sha256
from pathlib import Path
from typing import Any

from engine.bundle import BUILTIN, HALF, MANIFEST
from tests.support.graphs import flat_pictures, portrait_mean

MOTION = ("mouth", "pose", "expression")


def drawing_bundle(folder: Path, half: float | None = None) -> Path:
    """A bundle whose graphs make the whole picture: one flat colour.

    Args:
        folder: its own, which it makes.
        half: with graphs in half precision too, which are as much brighter, so that one sees
            which were taken.
    """
    shutil.copytree(BUILTIN, folder)
    manifest = json.loads((folder / MANIFEST).read_text()) | {"renderer": "graph"}
    kinds = {"": 0.0} if half is None else {"": 0.0, HALF: half}
    for suffix, brighter in kinds.items():
        render = flat_pictures(28, 6, 24, brighter=brighter)
        manifest["graphs"] |= {
            f"portrait{suffix}": _stored(folder, portrait_mean(), ["picture"], "identity"),
            f"render{suffix}": _stored(folder, render, ["identity", *MOTION], "picture"),
        }
    (folder / MANIFEST).write_text(json.dumps(manifest))
    return folder


def _stored(folder: Path, model: bytes, inputs: list[str], output: str) -> dict[str, Any]:
    digest = sha256(model).hexdigest()
    (folder / f"{digest}.onnx").write_bytes(model)
    return {
        "file": f"{digest}.onnx",
        "sha256": digest,
        "inputs": dict.fromkeys(inputs, []),
        "outputs": {output: []},
    }
