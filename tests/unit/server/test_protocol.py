from __future__ import annotations

import json

import pytest
from pydantic import TypeAdapter, ValidationError

from engine import controls as engine
from server.controls import described, patched
from server.protocol import (
    ClientMessage,
    ComponentPatch,
    ControlMessage,
    ControlsPatch,
    PingMessage,
    SessionRequest,
)

CLIENT: TypeAdapter[ClientMessage] = TypeAdapter(ClientMessage)


def test_messages_survive_the_wire() -> None:
    for message in (
        PingMessage(time=1.5),
        ControlMessage(controls=ControlsPatch(pose=ComponentPatch(gain=0.5), emotion="happy")),
    ):
        assert CLIENT.validate_json(message.model_dump_json()) == message


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{}",
        '{"type": "shout"}',
        '{"type": "ping"}',
        '{"type": "ping", "time": "now"}',
        '{"type": "ping", "time": 1, "more": 1}',
        '{"type": "control", "controls": {"mouth": {"gain": -0.1}}}',
        '{"type": "control", "controls": {"mouth": {"gain": 2.1}}}',
        '{"type": "control", "controls": {"mouth": {"gain": NaN}}}',
        '{"type": "control", "controls": {"blink": 1e999}}',
        '{"type": "control", "controls": {"emotion": "../happy"}}',
        '{"type": "control", "controls": {"nose": {}}}',
        "[" * 100_000,
        '{"a":' * 100_000,
    ],
)
def test_other_messages_are_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        CLIENT.validate_json(text)


@pytest.mark.parametrize(
    "body",
    [{"size": 300}, {"presenter": "../ada"}, {"presenter": "a" * 65}, {"seed": -1}, {"x": 1}],
)
def test_other_requests_are_refused(body: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        SessionRequest.model_validate_json(json.dumps(body))


def test_a_patch_changes_what_it_names() -> None:
    before = engine.Controls()
    patch = ControlsPatch(mouth=ComponentPatch(smoothing=0.5), gaze=0.0)
    after = patched(before, patch)
    assert after.mouth == engine.Setting("voice", gain=1.0, smoothing=0.5)
    assert after.gaze == 0.0
    assert (after.pose, after.expression, after.blink) == (before.pose, before.expression, 1.0)
    assert patched(after, ControlsPatch()) == after


def test_controls_are_described_in_full() -> None:
    setting = {"gain": 1.0, "smoothing": 0.0, "hold": False, "limit": 1.0}
    assert described(engine.Controls()).model_dump() == {
        "mouth": {"source": "voice", **setting},
        "pose": {"source": "idle", **setting},
        "expression": {"source": "idle", **setting},
        "emotion": "neutral",
        "emotion_strength": 1.0,
        "blink": 1.0,
        "gaze": 1.0,
        "sliders": {},
        "voice_first": False,
        "fade_ms": 200,
        "steadiness": 0.4,
        "mirror": False,
    }


@pytest.mark.parametrize("time", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_that_json_cannot_say_are_refused(time: str) -> None:
    """Python's reader takes them; what is answered with them nobody else could read."""
    with pytest.raises(ValidationError):
        PingMessage.model_validate_json(f'{{"type": "ping", "time": {time}}}')
