"""What a user can set while a session runs, and sets of that with names."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from server.protocol.base import Coefficient, CoefficientName, Gain, Message, Share, SourceName


class ComponentPatch(Message):
    """Change of one component; what is left out stays as it is."""

    source: SourceName | None = None
    """One of `PresenterList.sources`: voice (mouth only), camera (a driver's face, tracked by the
    page or by the server), motion (a stream of MotionMessage), file (a motion file), sliders,
    idle, still."""
    gain: Gain | None = None
    smoothing: Share | None = None
    """0 follows at once, 1 is the slowest."""
    hold: bool | None = None
    """Keep what it does now, whatever its source does."""
    limit: Share | None = None
    """How much of the bundle's range may be used, 1 = all."""


class ControlsPatch(Message):
    """Change of a session's controls; what is left out stays as it is."""

    mouth: ComponentPatch | None = None
    pose: ComponentPatch | None = None
    expression: ComponentPatch | None = None
    emotion: SourceName | None = None
    """Name of a preset of the bundle, `neutral` for none."""
    emotion_strength: Share | None = None
    blink: Gain | None = None
    """How often the eyes blink, 1 = as people do, 0 = never."""
    gaze: Gain | None = None
    """How far the gaze wanders, 1 = as people do, 0 = fixed."""
    sliders: Annotated[dict[CoefficientName, Coefficient], Field(max_length=64)] | None = None
    """Coefficients of the source `sliders`; those that are not named stay as they are."""
    voice_first: bool | None = None
    """While a voice speaks the mouth follows it, whatever the mouth's source is."""
    fade_ms: Annotated[int, Field(ge=0, le=2000)] | None = None
    """How long a component takes from one source to the next."""
    steadiness: Share | None = None
    """How calmly a driver is followed: 0 at once, with every tremor; 1 calm, and late."""
    mirror: bool | None = None
    """Whether the driver's left is the face's right, as in a mirror."""


class ComponentState(Message):
    """Where a component takes its motion from."""

    source: str
    gain: float
    smoothing: float
    hold: bool
    limit: float


class Controls(Message):
    """All controls of a session as they are now."""

    mouth: ComponentState
    pose: ComponentState
    expression: ComponentState
    emotion: str
    emotion_strength: float
    blink: float
    gaze: float
    sliders: dict[str, float]
    voice_first: bool
    fade_ms: int
    steadiness: float
    mirror: bool


class Look(Message):
    """A set of controls with a name."""

    name: str
    controls: ControlsPatch


class LookList(Message):
    """Answer of `GET /v1/looks`."""

    looks: list[Look]
