"""The motion WebSocket without a network."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest

from engine.clock import MonotonicClock
from engine.errors import UnknownSession
from server import limits
from server.motion.socket import Inlet, router
from server.protocol import CalibrateMessage, MotionMessage
from tests.support.drivers import Moved
from tests.support.voices import Caller, application, calling, settle

MOTION = "/v1/sessions/it/motion"


@pytest.fixture
async def caller(moved: Moved) -> AsyncIterator[Caller]:
    app = application(router(moved, MonotonicClock(), moved.metrics))
    async with calling(app, MOTION) as caller:
        yield caller


def counted(moved: Moved) -> float:
    return moved.metrics.registry.get_sample_value("visavis_motion_messages_total") or 0.0


async def test_messages_are_taken_and_somebody_is_there(moved: Moved, caller: Caller) -> None:
    for tick in range(20):
        caller.say(MotionMessage(time=tick * 0.04, coefficients={"jawOpen": 0.2}))
    caller.say(CalibrateMessage())
    await settle(lambda: counted(moved) == 20)
    assert moved.touched >= 1


async def test_a_bad_message_is_answered_and_nothing_is_lost(moved: Moved, caller: Caller) -> None:
    for text in ("{", '{"type": "end"}', '{"type": "motion"}', "x" * (limits.MESSAGE_BYTES + 1)):
        caller.say(text)
        assert (await caller.hear())["code"] == "request_refused"
    caller.send(b"\x00\x01")
    assert (await caller.hear())["code"] == "request_refused"
    caller.say(MotionMessage(time=0, vector=[0.0]))
    assert "58 numbers" in str((await caller.hear())["message"])
    caller.say(MotionMessage(time=0))
    await settle(lambda: counted(moved) == 2)


async def test_readings_that_are_of_no_use_are_answered(seen: Moved) -> None:
    inlet = Inlet(seen.driving, seen.clock, seen.metrics)
    answer = inlet.take(MotionMessage(time=0, driver=True).model_dump_json())
    assert answer is not None and answer.code == "request_refused"
    assert "camera's pictures" in answer.message
    assert inlet.take(MotionMessage(time=0, vector=[0.0] * 36).model_dump_json()) is None


async def test_a_second_sender_is_refused_until_the_first_has_gone(
    moved: Moved, caller: Caller
) -> None:
    await settle(lambda: moved.touched > 0)
    app = application(router(moved, MonotonicClock(), moved.metrics))
    async with calling(app, MOTION) as second:
        assert (await second.hear())["code"] == "motion_taken"
    async with calling(app, "/v1/sessions/elsewhere/motion") as nobody:
        assert (await nobody.hear())["code"] == "unknown_session"


async def test_who_sends_too_often_is_heard_as_often_as_is_useful(moved: Moved) -> None:
    inlet = Inlet(moved.driving, moved.clock, moved.metrics)
    text = json.dumps({"type": "motion", "time": 0})
    for _ in range(limits.MOTIONS_PER_SECOND + 50):
        assert inlet.take(text) is None
    assert counted(moved) == limits.MOTIONS_PER_SECOND
    moved.clock.advance(0.1)
    inlet.take(text)
    assert counted(moved) == limits.MOTIONS_PER_SECOND + 1


async def test_a_sender_is_told_that_the_session_has_ended(
    moved: Moved, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    await settle(lambda: moved.touched > 0)

    def ended() -> None:
        raise UnknownSession("no such session: it has ended; create another")

    monkeypatch.setattr(moved, "touch", ended)
    caller.say(MotionMessage(time=0))
    assert (await caller.hear())["code"] == "unknown_session"
