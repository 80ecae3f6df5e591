"""A bundle's graphs over the mesh: they look at what it drew and bend and repaint it.

`portrait` runs once an avatar, `render` once a picture. A graph takes those of the inputs
here that its bundle's manifest names; before training it says nothing, and the picture
stays the mesh's to the bit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.backends import Tensors
from engine.flow import Box, Warp
from engine.landmark_maps import LandmarkMaps
from engine.resample import lookup, resized_floats, resized_picture
from engine.tracker import Face
from engine.types import Floats, Motion, Picture
from engine.wiring import Wired

FLOW: Final = 64
"""Cells a side of the flow that is seen and of the residual that is given back."""
SEEN: Final = 128
"""Pixels a side of the pictures that are seen: the portrait, and what the mesh drew."""
PORTRAIT_INPUTS: Final = frozenset({"picture", "landmarks", "reading"})
"""`picture` [1, 3, 128, 128] in -1..1, `landmarks` [1, 5, 128, 128] (`LandmarkMaps`),
`reading` [1, 55]: the tracker's 52 coefficients, and yaw, pitch, roll in degrees."""
RENDER_INPUTS: Final = frozenset({"mouth", "pose", "expression", "flow", "drawn"})
"""`mouth`, `pose`, `expression` [1, n]; `flow` [1, 2, 64, 64], target to source in shares
of the width; `drawn` [1, 3, 128, 128] in 0..1; besides, whatever `portrait` gave."""
LEAST_BEND: Final = 0.05
"""Pixels; what is bent less stays as sharp as it is."""
LEAST_ALPHA: Final = 1 / 255
BENT: Final = 0.75
"""Share of the bend that is made. What is learnt lies a little on the safe side of the truth, and
takes some of every movement back: a head that is told 12 degrees would turn 10, so turns 10.4."""
INSIDE: Final = 0.7
"""Share of the change that is not made to the inside of the mouth: the mesh's atlas has
sharper teeth than 128 pixels can hold, and a change of L1's making is a blur of tongues."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a correcting network says.

    `residual` float32 [g, g, 2]: from where in the mesh's picture each place should come,
    in shares of the width. `colour` float32 [n, n, 4]: what to add to its colours, -1..1,
    and alpha, 0..1, how much of that.
    """

    residual: Floats
    colour: Floats


class Corrector:
    """Prepares corrections, one an avatar.

    Args:
        correct: the bundle's `render` graph; outputs `residual` [1, 2, 64, 64] and
            `colour` [1, 4, n, n], see `Answer`.
        encode: its `portrait` graph, if it has one.
        maps: draws landmarks.

    Raises:
        BundleError: a graph takes what nobody gives, or does not give a correction.
    """

    def __init__(self, correct: Wired, encode: Wired | None, maps: LandmarkMaps | None) -> None:
        correct.check_inputs(RENDER_INPUTS | (encode.outputs.keys() if encode else set()))
        correct.check_outputs(residual=(1, 2, FLOW, FLOW), colour=(1, 4, None, None))
        if encode:
            encode.check_inputs(PORTRAIT_INPUTS if maps else PORTRAIT_INPUTS - {"landmarks"})
        self._correct, self._encode, self._maps = correct, encode, maps

    def correction(self, picture: Picture, face: Face) -> Correction:
        """Look at a portrait, uint8 [n, n, 3], and the face that was read on it."""
        if self._encode is None:
            return Correction(self._correct, {}, picture.shape[0])
        given: Tensors = {
            "picture": _planes(resized_picture(picture, SEEN)) * np.float32(2) - np.float32(1),
            "reading": np.concatenate([face.coefficients, face.turn])[None].astype(np.float32),
        }
        if self._maps is not None:
            given["landmarks"] = self._maps(face.points, picture.shape[0])[None]
        return Correction(self._correct, self._encode.run(given), picture.shape[0])


class Correction:
    """The `render` graph for one avatar; safe from several threads.

    Args:
        correct: the graph.
        statics: what `portrait` gave.
        size: width of the avatar's pictures in pixels.
    """

    def __init__(self, correct: Wired, statics: Mapping[str, NDArray[Any]], size: int) -> None:
        self._correct, self._size, self._warp = correct, size, Warp(size)
        self.statics = dict(statics)
        """What `portrait` gave, by name."""

    def __call__(self, motion: Motion, flow: Floats, picture: Picture, opening: Floats) -> Picture:
        """One picture corrected: bent and repainted, or itself where nothing is said.

        Args:
            motion: what the face does.
            flow: by which the mesh moved it, [g, g, 2] in pixels.
            picture: what it drew, uint8 [size, size, 3].
            opening: how far the mouth's inside covers each cell, [SEEN, SEEN].
        """
        answer = self.ask(motion, flow, picture)
        side = answer.colour.shape[0]
        colour = answer.colour.copy()
        colour[..., 3] *= 1 - np.float32(INSIDE) * resized_floats(opening, side, side)
        return blend(bend(picture, np.float32(BENT) * answer.residual, self._warp), colour)

    def ask(self, motion: Motion, flow: Floats, picture: Picture) -> Answer:
        """What the network says about one picture.

        Args:
            motion: what the face does.
            flow: by which the mesh moved it, [g, g, 2] in pixels.
            picture: what it drew, uint8 [size, size, 3].
        """
        small = resized_floats(flow, FLOW, FLOW, average=True) / np.float32(self._size)
        outputs = self._correct.run(
            {
                **self.statics,
                "mouth": motion.mouth[None],
                "pose": motion.pose[None],
                "expression": motion.expression[None],
                "flow": np.ascontiguousarray(small.transpose(2, 0, 1)[None]),
                "drawn": _planes(resized_picture(picture, SEEN)),
            }
        )
        return Answer(*(outputs[name][0].transpose(1, 2, 0) for name in ("residual", "colour")))


def bend(picture: Picture, residual: Floats, warp: Warp) -> Picture:
    """`picture` with every place taken from where `residual` says, in shares of its width.

    Itself where that is nowhere; else a copy, to the bit the same where nothing is bent.
    `warp` is one for pictures of this size.
    """
    size = picture.shape[0]
    box = _box(np.abs(residual).max(axis=2) > LEAST_BEND / size, size)
    if box is None:
        return picture
    bent = lookup(picture, warp.places(residual * np.float32(size), box))
    if bent.shape == picture.shape:
        return bent
    moved = picture.copy()
    moved[box] = bent
    return moved


def blend(picture: Picture, colour: Floats) -> Picture:
    """`picture` + alpha x change, only where alpha says something; its fine grain stays."""
    box = _box(colour[..., 3] > LEAST_ALPHA, picture.shape[0])
    if box is None:
        return picture
    change = colour[..., :3] * (colour[..., 3:] * np.float32(255))
    enlarged = resized_floats(change, *picture.shape[1::-1])[box]
    picture[box] = cv2.add(picture[box], enlarged, dtype=cv2.CV_8U)  # rounds and saturates
    return picture


def _box(cells: NDArray[np.bool_], size: int) -> Box | None:
    """Rows and columns of a picture of `size` pixels that true cells reach when enlarged."""
    scale = size / cells.shape[0]
    found = [np.flatnonzero(cells.any(axis=axis)) for axis in (1, 0)]
    if len(found[0]) == 0:
        return None
    rows, columns = (
        slice(max(int((hits[0] - 1) * scale), 0), min(int((hits[-1] + 2) * scale), size))
        for hits in found
    )
    return rows, columns


def _planes(picture: Picture) -> Floats:
    """[1, 3, h, w] in 0..1."""
    return np.ascontiguousarray(picture.transpose(2, 0, 1)[None], np.float32) / np.float32(255)
