"""What is compared: copies of the portrait, the mesh, the networks over it, the true flow."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.backends.onnx import OnnxBackend
from engine.bundle import Bundle
from engine.render import Identity, Renderer
from engine.renderers import CORRECTIONS, open_renderer
from engine.resample import lookup, resized_floats, resized_picture
from engine.types import Floats, Motion, Picture
from train.judges.drives import absolute
from train.judges.people import SIZE, Person
from train.takes import Take, flow, relative

COPY: Final = "portrait copied"
MESH: Final = "mesh"
TRUE_FLOW: Final = "true flow"
TRUTH: Final = "true pictures"
NETWORKS: Final = {"render": "mesh + network", "render_int8": "mesh + network, int8"}

Draw = Callable[[Motion], Picture]
"""A motion to a picture, uint8 [SIZE, SIZE, 3]."""


def renderers(folder: Path) -> dict[str, Renderer]:
    """The renderers of a bundle by name: the mesh, and each network that the bundle has."""
    graphs = Bundle.open(folder).manifest.graphs
    kept = {MESH: None, **{NETWORKS[name]: name for name in CORRECTIONS if name in graphs}}
    return {name: _renderer(folder, graph) for name, graph in kept.items()}


def _renderer(folder: Path, kept: str | None) -> Renderer:
    """The bundle's renderer as if it had no other correcting graph than `kept`."""
    manifest = Bundle.open(folder).manifest
    graphs = {n: it for n, it in manifest.graphs.items() if n not in CORRECTIONS or n == kept}
    bundle = Bundle(folder, manifest.model_copy(update={"graphs": graphs}))
    return open_renderer(bundle, OnnxBackend(), None)[1]


def copied(person: Person) -> Draw:
    """The portrait, whatever is asked for."""
    portrait = resized_picture(person.portrait.picture, SIZE)
    return lambda _: portrait


def drawn(renderer: Renderer, person: Person) -> Identity:
    """A person as a renderer draws them."""
    return renderer.identity(person.portrait, SIZE)


def asked(take: Take, target: int) -> Motion:
    """The motion that makes picture 0 of a take into picture `target`."""
    return absolute(take.coefficients[target], relative(take, target, 0))


def by_true_flow(take: Take, target: int) -> Picture:
    """Picture 0 moved by the true flow to `target`: no warp of 64 cells can be better."""
    way, valid = flow(take, target, 0)
    places = resized_floats(_filled(way, valid) * np.float32(SIZE), SIZE, SIZE)
    axis = np.arange(SIZE, dtype=np.float32)
    places += np.stack(np.meshgrid(axis, axis), axis=2)
    return lookup(resized_picture(take.pictures[0], SIZE), places)


def answers(person: Person, renderers: dict[str, Renderer]) -> dict[str, Callable[[int], Picture]]:
    """What each contender makes of a target of a person's take."""
    take = person.take
    assert take is not None
    copy = resized_picture(take.pictures[0], SIZE)
    made: dict[str, Callable[[int], Picture]] = {COPY: lambda _: copy}
    for name, renderer in renderers.items():
        made[name] = partial(_drawn_target, drawn(renderer, person), take)
    made[TRUE_FLOW] = partial(by_true_flow, take)
    return made


def _drawn_target(identity: Identity, take: Take, target: int) -> Picture:
    return identity.draw(asked(take, target))


def _filled(way: Floats, valid: NDArray[np.bool_]) -> Floats:
    """Where the flow is not known, that of the nearest cell where it is."""
    if valid.all() or not valid.any():
        return way
    _, labels = cv2.distanceTransformWithLabels(
        (~valid).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    known = np.zeros((int(labels.max()) + 1, 2), np.float32)
    known[labels[valid]] = way[valid]
    found: Floats = known[labels]
    return found
