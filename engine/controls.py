"""Everything a user can set while a session runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from engine import arkit
from engine.bundle import WATCH, Manifest
from engine.types import TICK_MS, Component

VOICE: Final = "voice"
CAMERA: Final = "camera"
MOTION: Final = "motion"
FILE: Final = "file"
SLIDERS: Final = "sliders"
IDLE: Final = "idle"
STILL: Final = "still"
NEUTRAL: Final = "neutral"
"""The emotion that is none."""
SOURCES: Final[Mapping[Component, tuple[str, ...]]] = {
    Component.MOUTH: (VOICE, CAMERA, MOTION, FILE, SLIDERS, IDLE, STILL),
    Component.POSE: (IDLE, CAMERA, MOTION, FILE, SLIDERS, STILL),
    Component.EXPRESSION: (IDLE, CAMERA, MOTION, FILE, SLIDERS, STILL),
}
"""What may drive each component where its coefficients allow it, the default first."""
FADE_MS: Final = 200
"""From the old source to the new one: shorter is seen as a jerk, longer as a lag."""
STEADINESS: Final = 0.4
"""Head and brows without a tremor, blinks still whole."""


def sources(manifest: Manifest) -> dict[Component, tuple[str, ...]]:
    """What may drive each component of a bundle, the default first."""
    followed = _followed(manifest)
    return {
        part: tuple(it for it in SOURCES[part] if it != CAMERA or part in followed)
        for part in manifest.components
    }


def _followed(manifest: Manifest) -> set[Component]:
    """Components that a camera can move: those of which the bundle's own graph tells.

    Trackers, who read for bundles without one, tell of ARKit's coefficients alone.
    """
    if WATCH in manifest.graphs:
        return {part for part in Component if part in manifest.graphs[WATCH].outputs}
    readable = {*arkit.MOUTH, *arkit.EXPRESSION, *arkit.POSE}
    return {part for part, spec in manifest.components.items() if readable & set(spec.names)}


@dataclass(frozen=True, slots=True)
class Setting:
    """Where one component takes its motion from, and what is made of it."""

    source: str
    gain: float = 1.0
    smoothing: float = 0.0
    """0 follows at once, 1 is the slowest."""
    hold: bool = False
    """Keep what it does now, whatever its source does."""
    limit: float = 1.0
    """Share of the bundle's range that may be used."""


@dataclass(frozen=True, slots=True)
class Controls:
    """All settings of a session; a new value for every change."""

    mouth: Setting = field(default_factory=lambda: Setting(SOURCES[Component.MOUTH][0]))
    pose: Setting = field(default_factory=lambda: Setting(SOURCES[Component.POSE][0]))
    expression: Setting = field(default_factory=lambda: Setting(SOURCES[Component.EXPRESSION][0]))
    emotion: str = NEUTRAL
    emotion_strength: float = 1.0
    blink: float = 1.0
    gaze: float = 1.0
    sliders: Mapping[str, float] = field(default_factory=dict)
    """Coefficients of the source `sliders`; 0 where none is named."""
    voice_first: bool = False
    """While a voice speaks the mouth follows it, whatever the mouth's source is."""
    fade_ms: int = FADE_MS
    steadiness: float = STEADINESS
    """How calmly a driver is followed: 0 at once, 1 calm and late."""
    mirror: bool = False
    """Whether the driver's left is the face's right."""

    def __getitem__(self, component: Component) -> Setting:
        """The setting of one component."""
        setting: Setting = getattr(self, component.value)
        return setting

    @property
    def fade_ticks(self) -> int:
        """The cross-fade in ticks."""
        return round(self.fade_ms / TICK_MS)
