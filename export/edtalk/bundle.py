"""Official checkpoints to a bundle: a folder that Visavis can open.

Everything is read and checked before anything is written; what is written lies in a
folder beside the target until it is whole.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias

from engine.bundle import (
    BUILTIN,
    HALF,
    MANIFEST,
    SCHEMA,
    Bundle,
    ComponentSpec,
    Hearing,
    Manifest,
    PresenterFiles,
)
from engine.crop import EDTALK
from engine.errors import CheckpointError
from engine.mel_windows import BANDS, COLUMNS, LOOKAHEAD_TICKS
from engine.mouth_stream import SMOOTHINGS
from engine.portrait import closer
from engine.renderers import presenter_portrait
from engine.types import Component, Floats
from export.bundle import graph_file, stored, write_presenter
from export.edtalk.checkpoints import read_audio2lip, read_generator
from export.edtalk.expressions import looks, read_expressions
from export.edtalk.graphs import Graphs, listen
from export.edtalk.published import Origin, origin
from export.parity import Apart, files_apart
from models.edtalk.generator import Generator
from models.edtalk.layout import EXPRESSION, MOUTH, POSE

Smoothing: TypeAlias = Literal["exact", "fast"]
FURTHEST: Final = 20.0
"""Steps along a direction; those of published expressions stay under 6."""
TRACKER: Final = "face_landmarker.task"
LICENCE: Final = (
    "The weights are published by EDTalk's authors under Apache-2.0, but they descend from those "
    "of the latent image animator (LIA), whose licence is CC BY-NC 4.0: not for commercial use "
    "unless you know better. Visavis's code is its own, under Apache-2.0. "
    "Presenters: CC0. face_landmarker.task: Apache-2.0 (MediaPipe)."
)
Tell: TypeAlias = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Sources:
    """Files that a bundle is made of.

    `expressions` is a folder of `.npy` files, for a generator that has expressions.
    """

    generator: Path
    hearing: Path
    expressions: Path | None = None


def import_bundle(
    sources: Sources,
    target: Path,
    *,
    smoothing: Smoothing = "exact",
    half: bool = False,
    tell: Tell = lambda step: None,
) -> tuple[Origin, Origin]:
    """Make a bundle; returns which files the two checkpoints are.

    Args:
        sources: what it is made of.
        target: its folder, which must not exist.
        smoothing: of mouths over time: as published, or with 40 ms less look-ahead.
        half: also graphs whose convolutions have half precision, for GPUs.
        tell: called with what is done next.

    Raises:
        CheckpointError: a file is not what it should be; nothing is left then.
    """
    check_target(target)
    tell("Hashing")
    origins = origin(sources.generator), origin(sources.hearing)
    expressions = read_expressions(sources.expressions) if sources.expressions else {}
    tell("Reading the network that hears")
    hearing = read_audio2lip(sources.hearing)
    tell("Reading the generator")
    generator = read_generator(sources.generator)
    if expressions and not generator.expressive:
        raise CheckpointError(
            f"'{sources.generator.name}' has no expressions: leave them out, or give EDTalk.pt"
        )
    folder = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.absolute().parent))
    try:
        files = {"listen": listen(hearing), **_drawing(generator, half, tell)}
        tell("Writing")
        for name, model in files.items():
            (folder / f"{name}.onnx").write_bytes(model)
        manifest = _manifest(folder, files, generator, looks(expressions), origins, smoothing)
        (folder / MANIFEST).write_text(manifest.model_dump_json(indent=1) + "\n", encoding="utf-8")
        folder.chmod(0o755)
        folder.rename(target)
    except OSError as error:
        raise CheckpointError("the bundle could not be written: is the disk full?") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return origins


def check_target(target: Path) -> None:
    """Raise CheckpointError if no folder of that name can be made."""
    if target.exists():
        raise CheckpointError(f"'{target.name}' exists: choose a new folder, or remove it first")
    if not target.absolute().parent.is_dir():
        raise CheckpointError(f"there is no folder in which '{target.name}' could be made")


def _drawing(generator: Generator, half: bool, tell: Tell) -> dict[str, bytes]:
    """All graphs of a generator, compared with what was published."""
    made: dict[str, bytes] = {}
    for halved in (False, True) if half else (False,):
        tell("Exporting" + " in half precision" * halved)
        files = Graphs.of(generator, half=halved).files()
        tell("Comparing with what was published")
        _check(files_apart(generator, files, half=halved))
        made |= {name + HALF * halved: model for name, model in files.items()}
    return made


def _check(found: list[Apart]) -> None:
    worst = max(found, key=lambda it: it.mean / it.allowed)
    if worst.mean > worst.allowed:
        raise CheckpointError(
            f"the exported graphs do not compute what the checkpoint does ('{worst.value}' is "
            f"{worst.mean:.1e} off): please report this with the checkpoint's SHA-256"
        )


def _manifest(
    folder: Path,
    files: Mapping[str, bytes],
    generator: Generator,
    emotions: Mapping[str, Floats],
    origins: tuple[Origin, Origin],
    smoothing: Smoothing,
) -> Manifest:
    names = _names(EXPRESSION, Component.EXPRESSION)
    lookahead = LOOKAHEAD_TICKS + SMOOTHINGS[smoothing]().delay
    return Manifest(
        schema_version=SCHEMA,
        name="edtalk",
        licence=LICENCE,
        provenance="Imported by 'visavis import' from " + "; ".join(map(str, origins)),
        renderer="graph",
        crop="edtalk",
        sizes=[256, 512],
        components={
            Component.MOUTH: _component(Component.MOUTH, MOUTH),
            Component.POSE: _component(Component.POSE, POSE),
            Component.EXPRESSION: _component(
                Component.EXPRESSION, EXPRESSION if generator.expressive else 0
            ),
        },
        hearing=Hearing(
            front="windows",
            smoothing=smoothing,
            bands=BANDS,
            frames_per_tick=COLUMNS,
            lookahead_ticks=lookahead,
        ),
        graphs={name: graph_file(folder, f"{name}.onnx") for name in files},
        assets={"tracker": stored(_copied(TRACKER, folder), TRACKER)},
        emotions={
            look: dict(zip(names, map(float, steps), strict=True))
            for look, steps in emotions.items()
        },
        presenters=_presenters(folder),
    )


def _component(component: Component, count: int) -> ComponentSpec:
    return ComponentSpec(
        names=_names(count, component), low=[-FURTHEST] * count, high=[FURTHEST] * count
    )


def _names(count: int, component: Component) -> list[str]:
    return [f"{component}{number:02d}" for number in range(count)]


def _presenters(folder: Path) -> list[PresenterFiles]:
    """The built-in bundle's invented people, cropped as these networks know faces."""
    bundle = Bundle.open()
    return [
        write_presenter(folder, it.name, closer(presenter_portrait(bundle, it.id), EDTALK))
        for it in bundle.manifest.presenters
    ]


def _copied(file: str, folder: Path) -> Path:
    (folder / file).parent.mkdir(exist_ok=True)
    shutil.copy(BUILTIN / file, folder / file)
    return folder
