"""The controls of a session between the wire and the engine."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from engine import controls as engine
from engine.types import Component
from server.protocol import Controls, ControlsPatch


def patched(controls: engine.Controls, patch: ControlsPatch) -> engine.Controls:
    """The same controls with what the patch names changed."""
    changes: dict[str, Any] = patch.model_dump(exclude_none=True)
    for component in Component:
        if component.value in changes:
            changes[component.value] = replace(controls[component], **changes[component.value])
    if "sliders" in changes:
        changes["sliders"] = {**controls.sliders, **changes["sliders"]}
    return replace(controls, **changes)


def described(controls: engine.Controls) -> Controls:
    """The engine's controls as a message."""
    return Controls.model_validate(asdict(controls))
