"""What hears a bundle's sessions is what its manifest says, or a refusal."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from engine.backends.onnx import OnnxBackend
from engine.bundle import Bundle, Hearing, Manifest
from engine.errors import BundleError
from engine.listen import TickListener
from engine.listeners import listeners
from engine.mouth_stream import WindowListener
from engine.types import HEARING_TICK
from engine.wiring import wired

WINDOWS: dict[str, Any] = {
    "front": "windows",
    "bands": 80,
    "frames_per_tick": 16,
    "lookahead_ticks": 4,
}


def manifest(**hearing: Any) -> Manifest:
    """The built-in one with other hearing."""
    known = Bundle.open().manifest
    told = Hearing.model_validate(known.hearing.model_dump() | hearing)
    return known.model_copy(update={"hearing": told})


def made(found: Manifest) -> object:
    opened = wired(Bundle.open(), OnnxBackend(), "listen")
    if found.hearing.front == "windows":
        opened = replace(opened, inputs=frozenset({"windows"}))
    return listeners(found, opened)()


def test_the_front_decides() -> None:
    assert isinstance(made(manifest()), TickListener)
    assert isinstance(made(manifest(**WINDOWS)), WindowListener)
    assert isinstance(
        made(manifest(**WINDOWS | {"smoothing": "fast", "lookahead_ticks": 3})), WindowListener
    )


@pytest.mark.parametrize(
    ("hearing", "sentence"),
    [
        ({"bands": 64}, "80 bands"),
        ({"frames_per_tick": 4}, "16 columns"),
        ({"lookahead_ticks": 3}, "should be 4 ticks"),
        ({"smoothing": "fast"}, "should be 3 ticks"),
    ],
)
def test_hearing_that_cannot_be_is_refused(hearing: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BundleError, match=sentence):
        made(manifest(**WINDOWS | hearing))


def test_a_graph_without_a_state_is_refused() -> None:
    bare = manifest()
    listen = bare.graphs["listen"].model_copy(update={"inputs": {"mel": ["batch", 4, 64]}})
    with pytest.raises(BundleError, match="size of its state"):
        made(bare.model_copy(update={"graphs": {"listen": listen}}))


def test_until_enough_was_heard_the_mouth_rests() -> None:
    listener = made(manifest(**WINDOWS))
    assert isinstance(listener, WindowListener)
    speech = listener.hear(np.zeros(HEARING_TICK, np.float32))
    assert speech.mouth.shape == (28,) and not speech.mouth.any() and speech.prosody is None
