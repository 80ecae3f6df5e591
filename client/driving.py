"""What moves the face when a camera looks on: what was asked for, else the camera where it can."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from server.protocol import ComponentPatch, ControlsPatch

CAMERA: Final = "camera"
"""The source that follows the caller's camera."""


def driven(
    controls: ControlsPatch, sources: Mapping[str, Sequence[str]], speaks: bool
) -> ControlsPatch:
    """Controls in which the camera moves each component that it can and nothing else was asked of.

    Args:
        controls: what was asked for.
        sources: the server's, by component.
        speaks: whether there is a voice; the mouth follows that.
    """
    parts: dict[str, ComponentPatch] = {}
    for name, there in sources.items():
        if name not in ControlsPatch.model_fields or (name == "mouth" and speaks):
            continue
        asked: ComponentPatch = getattr(controls, name) or ComponentPatch()
        if asked.source is None and CAMERA in there:
            parts[name] = asked.model_copy(update={"source": CAMERA})
    return controls.model_copy(update=parts)


def follows(controls: ControlsPatch) -> bool:
    """Whether the camera moves anything."""
    parts = (controls.mouth, controls.pose, controls.expression)
    return any(it is not None and it.source == CAMERA for it in parts)
