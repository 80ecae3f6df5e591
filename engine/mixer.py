"""Motions from several sources become one: per component source, gain, smoothing, cross-fade.

Policy `voice_first`: while a voice speaks it has the mouth, whatever the mouth's source is;
half a second after it the source has it again. A source that has nothing to give (no file,
nobody in front of the camera) is stood in for by idle motion. Every change of what truly
drives a component is a cross-fade.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from engine.bundle import Manifest
from engine.controls import IDLE, NEUTRAL, VOICE, Controls, Setting, sources
from engine.errors import ControlError
from engine.types import Component, Floats, Motion, floats

SLOWEST: Final = 0.9
"""Share of the old value that stays each tick at smoothing 1."""
VOICE_STAYS: Final = 12
"""Ticks (480 ms) for which the voice keeps the mouth after it fell silent: pauses between
words are shorter."""


class Mixer:
    """Joins the sources of one session.

    Args:
        manifest: names and limits of the coefficients, and the emotions.
        controls: where to start; ControlError if they name what is not there.
    """

    def __init__(self, manifest: Manifest, controls: Controls) -> None:
        self._names = {part: spec.names for part, spec in manifest.components.items()}
        self._sources = sources(manifest)
        self._emotions = {
            name: self._vectors(values)
            for name, values in {NEUTRAL: {}, **manifest.emotions}.items()
        }
        self.check(controls)
        self.controls = controls
        self._parts = {
            part: _Part(floats(spec.low), floats(spec.high), controls[part].source)
            for part, spec in manifest.components.items()
        }
        self._sliders = self._vectors(controls.sliders)
        self._quiet = VOICE_STAYS

    @property
    def sliders(self) -> Motion:
        """The motion of the source `sliders`."""
        return self._sliders

    def change(self, controls: Controls) -> None:
        """Use other controls from the next tick on; changed sources cross-fade.

        Raises:
            ControlError: a source, coefficient or emotion does not exist; nothing is changed.
        """
        self.check(controls)
        for part, channel in self._parts.items():
            if self.controls[part].hold and not controls[part].hold:
                channel.fade(controls.fade_ticks)
        if controls.sliders is not self.controls.sliders:
            self._sliders = self._vectors(controls.sliders)
        self.controls = controls

    def fade(self, component: Component, ticks: int) -> None:
        """Cross-fade from what the component does now to what its source does next."""
        self._parts[component].fade(ticks)

    def mix(self, sources: Mapping[str, Motion], speaking: bool = False) -> Motion:
        """One motion out of those of all sources, inside the coefficients' limits.

        Args:
            sources: by name; `idle` stands in for those that are missing.
            speaking: whether the voice's motion is that of somebody who speaks.
        """
        self._quiet = 0 if speaking else self._quiet + 1
        look = self._emotions[self.controls.emotion]
        mixed: dict[Component, Floats] = {}
        for part, channel in self._parts.items():
            setting = self.controls[part]
            driving = self._driving(part, setting)
            driving = driving if driving in sources else IDLE
            channel.follow(driving, self.controls.fade_ticks)
            raw = sources[driving][part] * np.float32(setting.gain)
            added = look[part] * np.float32(self.controls.emotion_strength)
            mixed[part] = channel.step(raw, setting, added)
        return Motion.of(mixed)

    def check(self, controls: Controls) -> None:
        """Raise ControlError if a source, coefficient or emotion does not exist."""
        for part in Component:
            if controls[part].source not in self._sources[part]:
                raise ControlError(
                    f"'{controls[part].source}' cannot drive {part}; "
                    f"there are: {', '.join(self._sources[part])}"
                )
        if controls.emotion not in self._emotions:
            raise ControlError(
                f"no emotion '{controls.emotion}'; there are: {', '.join(self._emotions)}"
            )
        known = {name for names in self._names.values() for name in names}
        if unknown := sorted(set(controls.sliders) - known):
            raise ControlError(
                f"no coefficient '{unknown[0]}': GET /v1/presenters names those that there are"
            )

    def _driving(self, part: Component, setting: Setting) -> str:
        """What is to drive a component now."""
        voice = part is Component.MOUTH and self.controls.voice_first
        return VOICE if voice and self._quiet < VOICE_STAYS else setting.source

    def _vectors(self, values: Mapping[str, float]) -> Motion:
        return Motion.of(
            {
                part: floats([values.get(name, 0.0) for name in names])
                for part, names in self._names.items()
            }
        )


class _Part:
    """One component's way through smoothing, cross-fade, emotion and limits."""

    def __init__(self, low: Floats, high: Floats, driving: str) -> None:
        self._low, self._high = low, high
        self._driving = driving
        self._value = np.zeros_like(low)
        self._from = np.zeros_like(low)
        self._fading = self._lasts = 0
        self._look = np.zeros_like(low)

    def follow(self, driving: str, fade: int) -> None:
        """Let something else drive it, after a cross-fade."""
        if driving != self._driving:
            self._driving = driving
            self.fade(fade)

    def fade(self, ticks: int) -> None:
        self._from = self._value
        self._fading = self._lasts = ticks

    def step(self, raw: Floats, setting: Setting, look: Floats) -> Floats:
        if not setting.hold:
            self._value = self._moved(raw, setting.smoothing)
        self._look = self._look + np.float32(0.2) * (look - self._look)
        share = np.float32(setting.limit)
        limited: Floats = np.clip(self._value + self._look, share * self._low, share * self._high)
        return limited

    def _moved(self, raw: Floats, smoothing: float) -> Floats:
        value = raw + np.float32(SLOWEST * smoothing) * (self._value - raw)
        if self._fading:
            done = 1.0 - self._fading / (self._lasts + 1)
            value = self._from + np.float32(done * done * (3 - 2 * done)) * (value - self._from)
            self._fading -= 1
        return value
