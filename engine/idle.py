"""A face that does nothing in particular, and is alive: blinks, gaze, breath, small head motion.

Figures from the literature on spontaneous behaviour: 17 blinks a minute, a blink
closes in 100 ms and opens in 200 ms; fixations of 0.5 to 3 s; 15 breaths a minute.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.types import TICKS_PER_SECOND, Component, Floats, Motion

BLINKS_PER_MINUTE: Final = 17.0
SHORTEST_PAUSE: Final = 1.2
"""Seconds between two blinks at least."""
BLINK: Final = (0.45, 0.95, 1.0, 0.85, 0.55, 0.28, 0.1)
"""Closure of the lids tick by tick."""
BREATHS_PER_MINUTE: Final = 15.0
SWAY: Final = {
    "yaw": (3.2, 0.11),
    "pitch": (1.6, 0.17),
    "roll": (1.4, 0.09),
    "x": (0.004, 0.07),
    "y": (0.002, 0.13),
}
"""Head motion: amplitude (degrees, shares of the width) and typical frequency in Hz."""


@dataclass(frozen=True, slots=True)
class Liveliness:
    """How lively a face is: 1 as people are, 0 not at all."""

    blink: float = 1.0
    gaze: float = 1.0


class Idle:
    """Makes the motion of a face at rest; the same seed gives the same motion.

    Args:
        names: the coefficients' names by component; unknown ones stay at rest, so a
            bundle with learnt coefficients is simply still.
        seed: of everything random here.
    """

    def __init__(self, names: Mapping[Component, Sequence[str]], seed: int) -> None:
        self._places = {
            part: {name: place for place, name in enumerate(listed)}
            for part, listed in names.items()
        }
        self._random = np.random.default_rng(seed)
        self._tick = 0
        self._blink_at = self._pause(1.0)
        self._blinked = 0
        self._blink_step = len(BLINK)
        self._gaze = np.zeros(2)
        self._look_until = 0
        self._brow = 0.0
        self._sway = {name: self._waves(hertz) for name, (_, hertz) in SWAY.items()}

    def step(self, liveliness: Liveliness, blink: bool = False) -> Motion:
        """Motion of the next tick; pose is relative to the portrait's own.

        Args:
            liveliness: how often to blink and how far to look about.
            blink: it is a good moment to blink; not taken so soon after the last one.
        """
        if blink and self._tick - self._blinked >= SHORTEST_PAUSE * TICKS_PER_SECOND:
            self._blink_at = self._tick
        vectors = {part: np.zeros(len(places), np.float32) for part, places in self._places.items()}
        lids = self._lids(liveliness.blink)
        side, up = self._look(lids > 0.5) * liveliness.gaze
        self._set(vectors[Component.EXPRESSION], Component.EXPRESSION, self._eyes(lids, side, up))
        self._set(vectors[Component.POSE], Component.POSE, self._head())
        self._tick += 1
        return Motion.of(vectors)

    def _set(self, vector: Floats, part: Component, values: Mapping[str, float]) -> None:
        places = self._places[part]
        for name, value in values.items():
            if name in places:
                vector[places[name]] = value

    def _pause(self, rate: float) -> int:
        mean = 60.0 / (BLINKS_PER_MINUTE * rate) - SHORTEST_PAUSE
        seconds = SHORTEST_PAUSE + self._random.gamma(3.0, max(mean, 0.1) / 3.0)
        return self._tick + round(seconds * TICKS_PER_SECOND)

    def _lids(self, rate: float) -> float:
        if self._blink_step < len(BLINK):
            self._blink_step += 1
        elif rate > 0 and self._tick >= self._blink_at:
            self._blink_step = 1
            self._blinked = self._tick
            self._blink_at = self._pause(rate)
        else:
            return 0.0
        return BLINK[self._blink_step - 1]

    def _look(self, lids_closed: bool) -> Floats:
        """Gaze [side, up] in -1..1: mostly at the viewer, short looks away."""
        if self._tick >= self._look_until:
            away = self._random.random() < 0.35
            spread = (0.28, 0.16) if away else (0.05, 0.03)
            self._gaze = self._random.normal(0.0, spread).clip(-0.5, 0.5)
            seconds = self._random.uniform(0.4, 1.1) if away else self._random.uniform(0.8, 3.2)
            self._look_until = self._tick + round(seconds * TICKS_PER_SECOND)
        elif lids_closed:
            self._look_until -= 2  # people like to look elsewhere behind a blink
        return self._gaze.astype(np.float32)

    def _eyes(self, lids: float, side: float, up: float) -> dict[str, float]:
        left, right = max(side, 0.0), max(-side, 0.0)  # towards the subject's left or right
        self._brow += 0.05 * (0.12 * max(up, 0.0) * 4 - self._brow)
        return {
            "eyeBlinkLeft": lids,
            "eyeBlinkRight": lids,
            "eyeLookOutLeft": left,
            "eyeLookInRight": left,
            "eyeLookInLeft": right,
            "eyeLookOutRight": right,
            "eyeLookUpLeft": max(up, 0.0),
            "eyeLookUpRight": max(up, 0.0),
            "eyeLookDownLeft": max(-up, 0.0),
            "eyeLookDownRight": max(-up, 0.0),
            "browInnerUp": self._brow,
        }

    def _waves(self, hertz: float) -> Floats:
        """Five sines around a frequency, [5, 3] frequency, phase, share: never repeats soon."""
        frequency = hertz * self._random.uniform(0.5, 2.2, 5)
        phase = self._random.uniform(0.0, 2 * np.pi, 5)
        share = self._random.uniform(0.4, 1.0, 5) / np.sqrt(frequency / hertz)
        return np.stack([frequency, phase, share / np.sqrt((share**2).sum())], 1).astype(np.float32)

    def _head(self) -> dict[str, float]:
        seconds = self._tick / TICKS_PER_SECOND
        head = {}
        for name, (amplitude, _) in SWAY.items():
            frequency, phase, share = self._sway[name].T
            wave = float((share * np.sin(2 * np.pi * frequency * seconds + phase)).sum())
            head[name] = amplitude * wave
        breath = np.sin(2 * np.pi * BREATHS_PER_MINUTE / 60.0 * seconds)
        head["y"] -= 0.0016 * breath
        head["pitch"] -= 0.25 * breath
        return head
