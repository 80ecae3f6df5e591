"""Motion files: what a face does, tick by tick, to be kept and played again (`.motion.npz`).

NumPy's archive with, for each component, its coefficients' names [n] and their values
float32 [ticks, n], and `rate`, ticks a second. Whoever plays one takes what it knows by name.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.arrays import TooLarge, unpacked
from engine.errors import MotionUnreadable
from engine.types import TICKS_PER_SECOND, Component, Floats, Motion, floats

SUFFIX: Final = ".motion.npz"
LONGEST_SECONDS: Final = 3_600
"""An hour of the built-in bundle's 58 coefficients is 21 MB unpacked."""
UNPACKED_BYTES: Final = 67_108_864
"""A file that unpacks to more is not opened."""
DAMAGED: Final = "this is no motion file, or a damaged one: use a .motion.npz that was recorded"

Names = Mapping[Component, Sequence[str]]


@dataclass(frozen=True, slots=True)
class MotionFile:
    """A recorded motion for the coefficients of one bundle.

    `values` float32 [ticks, n] by component, 25 ticks a second.
    """

    values: Mapping[Component, Floats]

    @property
    def ticks(self) -> int:
        """How long it is."""
        return len(self.values[Component.MOUTH])

    @property
    def seconds(self) -> float:
        """How long it is."""
        return self.ticks / TICKS_PER_SECOND

    def __getitem__(self, tick: int) -> Motion:
        """The motion of a tick."""
        return Motion.of({part: values[tick] for part, values in self.values.items()})


class Playback:
    """Plays a motion file from its start.

    Args:
        file: what is played.
        loop: whether it begins again at its end.
    """

    def __init__(self, file: MotionFile, loop: bool) -> None:
        self.file, self.loop = file, loop
        self._next = 0

    def step(self) -> Motion | None:
        """The next tick's motion; None after the end."""
        if self._next == self.file.ticks:
            if not self.loop:
                return None
            self._next = 0
        self._next += 1
        return self.file[self._next - 1]


class MotionTake:
    """Gathers motions for a file; what is longer than an hour is left out.

    Args:
        names: of the coefficients, by component.
    """

    def __init__(self, names: Names) -> None:
        self._names = names
        self._motions: list[Motion] = []

    def add(self, motion: Motion) -> None:
        """Append a tick."""
        if len(self._motions) < LONGEST_SECONDS * TICKS_PER_SECOND:
            self._motions.append(motion)

    @property
    def seconds(self) -> float:
        """How long it is."""
        return len(self._motions) / TICKS_PER_SECOND

    def packed(self, begin: int = 0) -> bytes:
        """The file's content, from tick `begin` on.

        Raises:
            MotionUnreadable: nothing was added.
        """
        motions = self._motions[begin:]
        if not motions:
            raise MotionUnreadable("nothing was recorded: no tick passed in that time")
        arrays: dict[str, Any] = {"rate": np.float32(TICKS_PER_SECOND)}
        for part in Component:
            arrays[part.value] = np.stack([motion[part] for motion in motions])
            arrays[f"{part.value}_names"] = np.array(list(self._names[part]))
        stored = io.BytesIO()
        np.savez_compressed(stored, **arrays)
        return stored.getvalue()


def read_motion_file(content: bytes, names: Names) -> MotionFile:
    """Read a motion file for a bundle; coefficients that it does not have are 0.

    Args:
        content: of the file.
        names: of the bundle's coefficients, by component.

    Raises:
        MotionUnreadable: no motion file, damaged, too long, or for other coefficients.
    """
    arrays = _arrays(content)
    try:
        rate = float(arrays["rate"])
        parts = {part: _placed(arrays, part, names[part]) for part in Component}
        known = any(set(arrays[f"{it.value}_names"].tolist()) & set(names[it]) for it in Component)
    except (KeyError, ValueError, TypeError, IndexError) as error:
        raise MotionUnreadable(DAMAGED) from error
    lengths = {len(values) for values in parts.values()}
    if len(lengths) != 1 or not 1.0 <= rate <= 1000.0 or 0 in lengths:
        raise MotionUnreadable(DAMAGED)
    if not known:
        raise MotionUnreadable(
            "none of this file's coefficients is known here: it is of another kind"
        )
    if lengths.pop() / rate > LONGEST_SECONDS:
        raise MotionUnreadable("this motion is longer than an hour: cut it")
    return MotionFile({part: _resampled(values, rate) for part, values in parts.items()})


def _arrays(content: bytes) -> dict[str, NDArray[Any]]:
    """All arrays; nothing is unpickled, and nothing that unpacks to too much is opened."""
    try:
        return unpacked(content, UNPACKED_BYTES)
    except TooLarge as error:
        raise MotionUnreadable("this motion file unpacks to more than 64 MB: cut it") from error
    except Exception as error:  # see `unpacked`
        raise MotionUnreadable(DAMAGED) from error


def _placed(arrays: Mapping[str, NDArray[Any]], part: Component, names: Sequence[str]) -> Floats:
    """A component's values in the bundle's order, finite; [ticks, n]."""
    values = floats(arrays[part.value])
    columns = {str(name): place for place, name in enumerate(arrays[f"{part.value}_names"])}
    if values.ndim != 2 or values.shape[1] != len(columns) or not np.isfinite(values).all():
        raise ValueError(part)
    placed = np.zeros((len(values), len(names)), np.float32)
    for place, name in enumerate(names):
        if name in columns:
            placed[:, place] = values[:, columns[name]]
    return placed


def _resampled(values: Floats, rate: float) -> Floats:
    """The same motion at 25 ticks a second."""
    if rate == TICKS_PER_SECOND:
        return values
    ticks = max(1, round(len(values) * TICKS_PER_SECOND / rate))
    places = np.arange(ticks) * rate / TICKS_PER_SECOND
    return floats(
        np.stack([np.interp(places, np.arange(len(values)), column) for column in values.T], 1)
    )
