"""Motions from several sources become one: per component source, gain, smoothing, cross-fade."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from engine.bundle import Manifest
from engine.errors import ControlError
from engine.types import Component, Floats, Motion, floats

CROSS_FADE: Final = 5
"""Ticks (200 ms) from the old source to the new one."""
SLOWEST: Final = 0.9
"""Share of the old value that stays each tick at smoothing 1."""
NEUTRAL: Final = "neutral"
SOURCES: Final[Mapping[Component, tuple[str, ...]]] = {
    Component.MOUTH: ("voice", "idle", "still"),
    Component.POSE: ("idle", "still"),
    Component.EXPRESSION: ("idle", "still"),
}
"""What may drive each component, the default first."""


@dataclass(frozen=True, slots=True)
class Setting:
    """Where one component takes its motion from."""

    source: str
    gain: float = 1.0
    smoothing: float = 0.0


@dataclass(frozen=True, slots=True)
class Controls:
    """Everything a user can set while a session runs."""

    mouth: Setting = field(default_factory=lambda: Setting(SOURCES[Component.MOUTH][0]))
    pose: Setting = field(default_factory=lambda: Setting(SOURCES[Component.POSE][0]))
    expression: Setting = field(default_factory=lambda: Setting(SOURCES[Component.EXPRESSION][0]))
    emotion: str = NEUTRAL
    emotion_strength: float = 1.0
    blink: float = 1.0
    gaze: float = 1.0

    def __getitem__(self, component: Component) -> Setting:
        """The setting of one component."""
        setting: Setting = getattr(self, component.value)
        return setting


class Mixer:
    """Joins the sources of one session.

    Args:
        manifest: names and limits of the coefficients, and the emotions.
        controls: where to start; ControlError if they name what is not there.
    """

    def __init__(self, manifest: Manifest, controls: Controls) -> None:
        self._parts = {
            part: _Part(floats(spec.low), floats(spec.high))
            for part, spec in manifest.components.items()
        }
        self._emotions = {
            name: {
                part: floats([values.get(coefficient, 0.0) for coefficient in spec.names])
                for part, spec in manifest.components.items()
            }
            for name, values in {NEUTRAL: {}, **manifest.emotions}.items()
        }
        self.check(controls)
        self.controls = controls

    def change(self, controls: Controls) -> None:
        """Use other controls from the next tick on; changed sources cross-fade.

        Raises:
            ControlError: a source or emotion does not exist; nothing is changed.
        """
        self.check(controls)
        for part, channel in self._parts.items():
            if controls[part].source != self.controls[part].source:
                channel.fade()
        self.controls = controls

    def fade(self, component: Component, ticks: int = CROSS_FADE) -> None:
        """Cross-fade from what the component does now to what its source does next."""
        self._parts[component].fade(ticks)

    def mix(self, sources: Mapping[str, Motion]) -> Motion:
        """One motion out of those of all sources, inside the coefficients' limits."""
        looks = self._emotions[self.controls.emotion]
        mixed: dict[Component, Floats] = {}
        for part, channel in self._parts.items():
            setting = self.controls[part]
            raw = sources[setting.source][part] * np.float32(setting.gain)
            look = looks[part] * np.float32(self.controls.emotion_strength)
            mixed[part] = channel.step(raw, setting.smoothing, look)
        return Motion.of(mixed)

    def check(self, controls: Controls) -> None:
        """Raise ControlError if a source or emotion does not exist."""
        for part in Component:
            if controls[part].source not in SOURCES[part]:
                raise ControlError(
                    f"'{controls[part].source}' cannot drive {part}; "
                    f"there are: {', '.join(SOURCES[part])}"
                )
        if controls.emotion not in self._emotions:
            raise ControlError(
                f"no emotion '{controls.emotion}'; there are: {', '.join(self._emotions)}"
            )


class _Part:
    """One component's way through smoothing, cross-fade, emotion and limits."""

    def __init__(self, low: Floats, high: Floats) -> None:
        self._low, self._high = low, high
        self._value = np.zeros_like(low)
        self._from = np.zeros_like(low)
        self._fading = self._lasts = 0
        self._look = np.zeros_like(low)

    def fade(self, ticks: int = CROSS_FADE) -> None:
        self._from = self._value
        self._fading = self._lasts = ticks

    def step(self, raw: Floats, smoothing: float, look: Floats) -> Floats:
        value = raw + np.float32(SLOWEST * smoothing) * (self._value - raw)
        if self._fading:
            done = 1.0 - self._fading / (self._lasts + 1)
            value = self._from + np.float32(done * done * (3 - 2 * done)) * (value - self._from)
            self._fading -= 1
        self._value = value
        self._look = self._look + np.float32(0.2) * (look - self._look)
        limited: Floats = np.clip(value + self._look, self._low, self._high)
        return limited
