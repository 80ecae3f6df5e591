"""The values that travel through the engine.

One tick is 40 ms: one picture, 640 samples at 16 kHz, 1,920 samples at 48 kHz.
Everything inside counts in ticks and samples; seconds appear only at the edges.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats: TypeAlias = NDArray[np.float32]
Samples: TypeAlias = NDArray[np.int16]
Picture: TypeAlias = NDArray[np.uint8]
"""RGB, [height, width, 3]."""


def floats(values: ArrayLike) -> Floats:
    """Any numbers as a float32 array."""
    return np.asarray(values, np.float32)


TICK_MS = 40
TICKS_PER_SECOND = 25
HEARING_RATE = 16_000
"""What the networks hear, Hz."""
HEARING_TICK = 640
"""Samples of one tick at `HEARING_RATE`."""
SOUND_RATE = 48_000
"""What is played with the pictures, Hz."""
SOUND_TICK = 1_920
"""Samples of one tick at `SOUND_RATE`."""


class Component(StrEnum):
    """The three parts of a motion, each with a source of its own."""

    MOUTH = "mouth"
    POSE = "pose"
    EXPRESSION = "expression"


@dataclass(frozen=True, slots=True)
class Sound:
    """A piece of sound as it came in.

    `samples` is int16, [n] or [n, channels], at `rate` Hz. `stamp` is the
    monotonic time in seconds at which it arrived, where somebody measures it.
    """

    samples: Samples
    rate: int
    stamp: float | None = None


@dataclass(frozen=True, slots=True)
class Motion:
    """What a face does in one tick: one vector a component, sizes from the bundle.

    Built-in bundle: 28 mouth and 24 expression coefficients in 0..1 with ARKit's
    names, and 6 of pose (degrees, shares of the picture, logarithm of scale).
    """

    mouth: Floats
    pose: Floats
    expression: Floats

    def __getitem__(self, component: Component) -> Floats:
        """The vector of one component."""
        vector: Floats = getattr(self, component.value)
        return vector

    def __add__(self, other: Motion) -> Motion:
        """Both motions at once."""
        return Motion(
            self.mouth + other.mouth, self.pose + other.pose, self.expression + other.expression
        )

    @classmethod
    def of(cls, parts: Mapping[Component, Floats]) -> Motion:
        """Join three vectors to one motion."""
        return cls(parts[Component.MOUTH], parts[Component.POSE], parts[Component.EXPRESSION])


@dataclass(frozen=True, slots=True)
class Tick:
    """40 ms that have been taken from a session's sound and wait for their picture.

    `sound` is what is played with the picture: int16 [SOUND_TICK], delayed by the
    look-ahead of the bundle. `heard` is the newest sound, float32 [HEARING_TICK],
    that the networks hear now. `stamp` is when the first played sample arrived.
    """

    index: int
    generation: int
    sound: Samples
    heard: Floats
    stamp: float | None = None


@dataclass(frozen=True, slots=True)
class AVFrame:
    """One picture and the sound it belongs to; they travel together, so lips cannot drift."""

    index: int
    generation: int
    picture: Picture
    sound: Samples
    speaking: bool
    stamp: float | None = None
    seen: float | None = None
    """When the newest reading of a driver that is in it arrived."""
