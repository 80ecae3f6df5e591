"""A bundle: a folder with a manifest, graphs, assets and presenters.

The only loader of model files. Nothing in a bundle is trusted before its SHA-256
has been compared, and nothing but ONNX, arrays and pictures is ever read from it.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError, model_validator

from engine.arrays import read_arrays
from engine.errors import BundleError, UnknownPresenter
from engine.types import Component

SCHEMA: Final = 1
BUILTIN: Final = Path(__file__).parent / "builtin"
MANIFEST: Final = "manifest.json"
HALF: Final = "_half"
"""Behind the names of graphs in half precision, for backends that prefer them."""
WATCH: Final = "watch"
"""The graph that reads drivers' faces, where a bundle has one of its own."""

FileName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*\.[a-z]+$")]
"""A plain relative name: no parents, no drives, nothing hidden."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class StoredFile(_Part):
    """A file of the bundle and the hash it must have."""

    file: FileName
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class GraphFile(StoredFile):
    """An ONNX graph, with the names and shapes of its tensors (text = symbolic size)."""

    inputs: dict[str, list[int | str]]
    outputs: dict[str, list[int | str]]


class ComponentSpec(_Part):
    """Size, names and limits of one component's coefficients."""

    names: list[str]
    low: list[FiniteFloat]
    high: list[FiniteFloat]

    @property
    def size(self) -> int:
        """How many coefficients there are."""
        return len(self.names)

    @model_validator(mode="after")
    def _same_length(self) -> ComponentSpec:
        if not len(self.names) == len(self.low) == len(self.high):
            raise ValueError("names, low and high must have the same length")
        return self


class Hearing(_Part):
    """What the `listen` graph hears and how far ahead.

    `ticks`: the log-mel frames of one tick and a state (`engine.mel`). `windows`: columns
    around each picture, `frames_per_tick` of them, no state (`engine.mel_windows`); its
    mouths are smoothed over time (`engine.mouth_smoothing`).
    """

    rate: Literal[16_000] = 16_000
    front: Literal["ticks", "windows"] = "ticks"
    smoothing: Literal["exact", "fast"] = "exact"
    bands: int
    frames_per_tick: int
    lookahead_ticks: Annotated[int, Field(ge=0, le=8)]


class PresenterFiles(_Part):
    """An invented person: a square portrait and what the face tracker read on it."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,64}$")]
    name: str
    picture: StoredFile
    face: StoredFile


class Manifest(_Part):
    """What `manifest.json` says."""

    schema_version: int
    name: str
    licence: str
    provenance: str
    renderer: Literal["mesh", "graph"]
    crop: Literal["mesh", "edtalk"] = "mesh"
    """By which rule a square is taken out of a picture of somebody (`engine.crop`); presenters
    are stored so."""
    sizes: Annotated[list[Annotated[int, Field(ge=64, le=2048)]], Field(min_length=1)]
    """Widths of its pictures, pixels."""
    components: dict[Component, ComponentSpec]
    hearing: Hearing
    graphs: dict[str, GraphFile]
    assets: dict[str, StoredFile]
    emotions: dict[str, dict[str, FiniteFloat]]
    """Named looks: coefficient names and values, added to what the face does."""
    presenters: list[PresenterFiles]

    @model_validator(mode="after")
    def _complete(self) -> Manifest:
        if set(self.components) != set(Component):
            raise ValueError("components must be mouth, pose and expression")
        known = {name for spec in self.components.values() for name in spec.names}
        for emotion, values in self.emotions.items():
            if unknown := set(values) - known:
                raise ValueError(f"emotion {emotion} names unknown coefficients {sorted(unknown)}")
        return self


class Bundle:
    """An opened bundle; files are read and checked when they are asked for."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self._folder = folder
        self.manifest = manifest

    @classmethod
    def open(cls, folder: Path = BUILTIN) -> Bundle:
        """Read the manifest of a bundle.

        Raises:
            BundleError: no manifest there, not valid, or of another schema version.
        """
        try:
            text = (folder / MANIFEST).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise BundleError(
                f"'{folder.name}' is no bundle: it has no readable {MANIFEST}"
            ) from error
        version = re.search(r'"schema_version"\s*:\s*(\d+)', text)
        if version and int(version.group(1)) != SCHEMA:
            raise BundleError(
                f"bundle '{folder.name}' has schema {version.group(1)}, this version of Visavis "
                f"reads {SCHEMA}: export the bundle again or update Visavis"
            )
        try:
            manifest = Manifest.model_validate_json(text)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(step) for step in first["loc"])
            raise BundleError(
                f"the manifest of bundle '{folder.name}' is not valid at '{where}': {first['msg']}"
            ) from error
        return cls(folder, manifest)

    def read(self, stored: StoredFile) -> bytes:
        """The bytes of a file of this bundle.

        Raises:
            BundleError: it is missing, or is not the file that the manifest names.
        """
        path = (self._folder / stored.file).resolve()
        if not path.is_relative_to(self._folder.resolve()):
            raise BundleError(f"'{stored.file}' leads out of its bundle; get the bundle again")
        try:
            content = path.read_bytes()
        except OSError as error:
            raise BundleError(
                f"bundle '{self._folder.name}' lacks '{stored.file}': get the bundle again"
            ) from error
        if hashlib.sha256(content).hexdigest() != stored.sha256:
            raise BundleError(
                f"'{stored.file}' of bundle '{self._folder.name}' is not the file that its "
                "manifest names (its SHA-256 differs): get the bundle again"
            )
        return content

    def graph(self, name: str) -> bytes:
        """The ONNX file of a graph (BundleError if the bundle has none of that name)."""
        if name not in self.manifest.graphs:
            raise BundleError(f"bundle '{self._folder.name}' has no graph '{name}'")
        return self.read(self.manifest.graphs[name])

    def asset(self, name: str) -> bytes:
        """The content of an asset (BundleError if the bundle has none of that name)."""
        if name not in self.manifest.assets:
            raise BundleError(f"bundle '{self._folder.name}' has no asset '{name}'")
        return self.read(self.manifest.assets[name])

    def arrays(self, name: str) -> dict[str, NDArray[Any]]:
        """The arrays of an `.npz` asset."""
        return read_arrays(self.asset(name))

    def presenter(self, presenter: str) -> PresenterFiles:
        """The files of a presenter.

        Raises:
            UnknownPresenter: there is none of that name.
        """
        for files in self.manifest.presenters:
            if files.id == presenter:
                return files
        known = ", ".join(files.id for files in self.manifest.presenters) or "none"
        raise UnknownPresenter(f"no presenter of that name; there are: {known}")
