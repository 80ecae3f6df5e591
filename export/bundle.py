"""Puts a bundle together: hashes, tensor shapes, presenters, and the manifest.

    python -m export.bundle --folder engine/builtin --portraits PATH

The folder already holds `listen.onnx`, `mesh.npz`, `mouth.png`, the tracker and the
segmenter, and the graphs that correct the mesh where it has any. Each
portrait `NAME.png` becomes a presenter: cropped, its face read, both stored. Without
portraits the folder keeps the presenters that its manifest names.
"""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Annotated, Final

import cv2
import numpy as np
import onnx
import typer

from engine.arkit import EXPRESSION, MOUTH, POSE, both_sides
from engine.bundle import (
    MANIFEST,
    SCHEMA,
    Bundle,
    ComponentSpec,
    GraphFile,
    Hearing,
    Manifest,
    PresenterFiles,
    StoredFile,
)
from engine.mel import BANDS, FRAMES_PER_TICK
from engine.portrait import Portrait, make_portrait
from engine.tracker import FaceTracker
from engine.types import Component
from export.looks import EMOTIONS

LOOKAHEAD_TICKS: Final = 2
POSE_LIMITS: Final = (20.0, 15.0, 15.0, 0.1, 0.1, 0.2)
ASSETS: Final = {
    "mesh": "mesh.npz",
    "mouth": "mouth.png",
    "tracker": "face_landmarker.task",
    "segmenter": "selfie_segmentation.tflite",
}
CORRECTION: Final = ("portrait", "render", "render_int8")
"""Graphs over the mesh, from `export.lite`."""


def stored(folder: Path, file: str) -> StoredFile:
    """A file of the bundle with its hash."""
    return StoredFile(file=file, sha256=hashlib.sha256((folder / file).read_bytes()).hexdigest())


def graph_file(folder: Path, file: str) -> GraphFile:
    """An ONNX file with its hash and the shapes of its tensors."""
    graph = onnx.load(str(folder / file), load_external_data=False).graph

    def shapes(values: list[onnx.ValueInfoProto]) -> dict[str, list[int | str]]:
        return {
            value.name: [
                dim.dim_param or int(dim.dim_value) for dim in value.type.tensor_type.shape.dim
            ]
            for value in values
        }

    plain = stored(folder, file)
    return GraphFile(
        file=plain.file,
        sha256=plain.sha256,
        inputs=shapes(list(graph.input)),
        outputs=shapes(list(graph.output)),
    )


def add_presenter(folder: Path, portrait: Path, tracker: FaceTracker) -> PresenterFiles:
    """Crop and read a portrait; its file's name becomes the presenter's."""
    made = make_portrait(portrait.read_bytes(), tracker)
    return write_presenter(folder, portrait.stem.capitalize(), made)


def write_presenter(folder: Path, name: str, portrait: Portrait) -> PresenterFiles:
    """Store a portrait as a presenter of that name."""
    identifier = name.lower()
    (folder / "presenters").mkdir(exist_ok=True)
    picture, face = f"presenters/{identifier}.jpg", f"presenters/{identifier}.npz"
    bgr = cv2.cvtColor(portrait.picture, cv2.COLOR_RGB2BGR)
    cv2.imwrite(str(folder / picture), bgr, [cv2.IMWRITE_JPEG_QUALITY, 95])
    arrays = io.BytesIO()
    read = portrait.face
    coefficients = read.coefficients.copy()
    coefficients[: len(MOUTH)] = 0.0  # drawn at rest: the smile that is read there is their face
    np.savez_compressed(arrays, points=read.points, coefficients=coefficients, turn=read.turn)
    (folder / face).write_bytes(arrays.getvalue())
    return PresenterFiles(
        id=identifier, name=name, picture=stored(folder, picture), face=stored(folder, face)
    )


def add_presenters(folder: Path, portraits: Path) -> list[PresenterFiles]:
    """All portraits of a folder, in the order of their names."""
    tracker = FaceTracker((folder / ASSETS["tracker"]).read_bytes())
    found = [
        add_presenter(folder, portrait, tracker) for portrait in sorted(portraits.glob("*.png"))
    ]
    tracker.close()
    return found


def kept_presenters(folder: Path) -> list[PresenterFiles]:
    """The presenters that the folder's manifest names, with the files as they are now."""
    return [
        PresenterFiles(
            id=known.id,
            name=known.name,
            picture=stored(folder, known.picture.file),
            face=stored(folder, known.face.file),
        )
        for known in Bundle.open(folder).manifest.presenters
    ]


def components() -> dict[Component, ComponentSpec]:
    """The built-in coefficients and their limits."""

    def shares(names: tuple[str, ...]) -> ComponentSpec:
        return ComponentSpec(names=list(names), low=[0.0] * len(names), high=[1.0] * len(names))

    return {
        Component.MOUTH: shares(MOUTH),
        Component.POSE: ComponentSpec(
            names=list(POSE), low=[-limit for limit in POSE_LIMITS], high=list(POSE_LIMITS)
        ),
        Component.EXPRESSION: shares(EXPRESSION),
    }


def graphs(folder: Path) -> dict[str, GraphFile]:
    """The graph that hears, and those that correct the mesh where the folder has them."""
    corrections = [name for name in CORRECTION if (folder / f"{name}.onnx").exists()]
    return {name: graph_file(folder, f"{name}.onnx") for name in ("listen", *corrections)}


def make(
    folder: Annotated[Path, typer.Option(help="Folder of the bundle.")],
    portraits: Annotated[
        Path | None, typer.Option(help="Folder with one NAME.png a presenter.")
    ] = None,
) -> None:
    """Write the manifest of the built-in bundle."""
    if portraits is None:
        presenters = kept_presenters(folder)
    else:
        presenters = add_presenters(folder, portraits)
    manifest = Manifest(
        schema_version=SCHEMA,
        name="builtin",
        licence=(
            "Apache-2.0; presenters CC0; face_landmarker.task, selfie_segmentation.tflite "
            "Apache-2.0 (MediaPipe)"
        ),
        provenance=(
            "listen: trained by train/listen.py on synthetic speech (hibari-tts, flite). "
            "mesh, mouth: made by train/people from MakeHuman's CC0 base head. "
            "presenters: invented people, rendered by train/people from MakeHuman's CC0 material."
        ),
        renderer="mesh",
        sizes=[256, 512],
        components=components(),
        hearing=Hearing(
            bands=BANDS, frames_per_tick=FRAMES_PER_TICK, lookahead_ticks=LOOKAHEAD_TICKS
        ),
        graphs=graphs(folder),
        assets={name: stored(folder, file) for name, file in ASSETS.items()},
        emotions={name: both_sides(values) for name, values in EMOTIONS.items()},
        presenters=presenters,
    )
    (folder / MANIFEST).write_text(manifest.model_dump_json(indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    typer.run(make)
