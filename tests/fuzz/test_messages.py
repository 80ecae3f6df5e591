"""Messages of the data channel and bodies of requests that are almost right."""

from __future__ import annotations

import random
from typing import Any, Final

import numpy as np
import pytest

from client.call import connected
from client.devices import Silence
from engine.errors import VisavisError
from engine.scheduler import Pool
from engine.studio import Studio
from engine.types import Component
from server import limits
from server.controls import patched
from server.limits import Limits
from server.motion.socket import Inlet
from server.protocol import (
    CalibrateMessage,
    ClientMessage,
    ComponentPatch,
    ControlMessage,
    ControlsPatch,
    ErrorMessage,
    InterruptMessage,
    PingMessage,
    PongMessage,
    RecordMotionMessage,
    ServerMessage,
    SessionRequest,
)
from tests.support.documented import codes, is_refusal
from tests.support.drivers import Moved
from tests.support.leaks import until
from tests.support.lengths import length
from tests.support.mutate import Mutator
from tests.support.serving import serving
from tests.support.stalls import BLOCKED_MS, stalls

MESSAGES: Final = length(5_000, 100_000)
BODIES: Final = length(200, 5_000)
ADA: Final = SessionRequest(presenter="ada", size=256)
PATCH: Final = ControlsPatch(
    pose=ComponentPatch(source="still", gain=0.5), emotion="happy", blink=0.5
)
LIVE: Final = ControlsPatch(
    mouth=ComponentPatch(source="motion", hold=False, limit=0.8),
    pose=ComponentPatch(source="sliders"),
    sliders={"yaw": 5.0, "jawOpen": 0.5},
    voice_first=True, fade_ms=80, steadiness=0.2, mirror=True,
)  # fmt: skip
WAYS: Final[tuple[dict[str, Any], ...]] = (
    {"vector": [0.1] * 58},
    {"coefficients": {"jawOpen": 0.5, "yaw": 9.0}},
    {"vector": [0.2] * 52, "matrix": [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 2, 3, -50, 1]},
    {"face": False},
)
"""In which motion is told."""
HONEST: Final[tuple[ClientMessage, ...]] = (
    ControlMessage(controls=LIVE),
    CalibrateMessage(),
    RecordMotionMessage(on=True),
    RecordMotionMessage(on=False),
    ControlMessage(controls=PATCH),
    ControlMessage(controls=ControlsPatch(mouth=ComponentPatch(smoothing=0.2))),
    InterruptMessage(),
    PingMessage(time=1.0),
)


@pytest.mark.e2e
@pytest.mark.timing
async def test_changed_messages_are_done_or_refused(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All over one connection, at once: each is answered or refused, the face lives on."""
    monkeypatch.setattr(limits, "MESSAGES_PER_SECOND", 10 * MESSAGES)
    mutator, chance, answers = Mutator(1), random.Random(1), list[ServerMessage]()
    async with serving(studio, Limits(sessions=2)) as server:
        async with connected(server.url, Silence(), ADA) as talk:
            talk.on_message = answers.append
            async with stalls() as kept:
                for _ in range(MESSAGES // 100):
                    for _ in range(100):
                        honest = chance.choice(HONEST).model_dump(exclude_none=True)
                        talk.send(mutator.message(honest))
                    seen = talk.report().pictures
                    await until(lambda: talk.report().pictures > seen)  # noqa: B023
            talk.send(PingMessage(time=4_711.0))
            await until(lambda: PongMessage(time=4_711.0) in answers, 20)
        refused = {it.code for it in answers if isinstance(it, ErrorMessage)}
        count = sum(isinstance(it, ErrorMessage) for it in answers)
        print(f"{count} of {MESSAGES} refused, loop held {kept.longest_ms:.0f} ms at most")
        assert refused <= codes()
        assert 0.2 * MESSAGES < count < MESSAGES
        assert kept.longest_ms < BLOCKED_MS
        async with connected(server.url, Silence(), ADA) as talk:
            await until(lambda: talk.report().pictures > 5)


@pytest.mark.e2e
@pytest.mark.timing
async def test_changed_requests_are_done_or_refused(studio: Studio) -> None:
    mutator, taken = Mutator(2), 0
    honest: dict[str, Any] = {**ADA.model_dump(), "controls": PATCH.model_dump(exclude_none=True)}
    headers = {"content-type": "application/json"}
    async with serving(studio, Limits(sessions=4)) as server:
        post, delete = server.http.post, server.http.delete
        async with stalls() as kept:
            for _ in range(BODIES):
                body = mutator.message(honest).encode("utf-8", "replace")
                answer = await post("/v1/sessions", content=body, headers=headers)
                if answer.status_code == 201:
                    taken += 1
                    await delete(f"/v1/sessions/{answer.json()['id']}")
                else:
                    assert is_refusal(answer), answer.text
        print(f"{taken} of {BODIES} taken, loop held {kept.longest_ms:.0f} ms at most")
        assert 0.02 * BODIES < taken < 0.9 * BODIES
        assert kept.longest_ms < BLOCKED_MS
        async with connected(server.url, Silence(), ADA) as talk:
            await until(lambda: talk.report().pictures > 5)


def test_no_controls_break_a_face(studio: Studio) -> None:
    """Whatever passes the protocol's checks can be drawn."""
    pipeline = studio.pipeline(studio.presenter("ada", 256), seed=1)
    mutator, drawn = Mutator(3), 0
    honest = [{"controls": it.model_dump(), "type": "control"} for it in (PATCH, LIVE)]
    for number in range(MESSAGES):
        text = mutator.message(honest[number % 2])
        try:
            patch = ControlMessage.model_validate_json(text).controls
            pipeline.change(patched(pipeline.controls, patch))
        except ValueError:
            continue
        except VisavisError as error:
            assert error.code in codes()
            continue
        drawn += 1
        if drawn % 20 == 0:
            assert pipeline.draw(pipeline.tick()).picture.std() > 10
        else:
            pipeline.skip(pipeline.tick())
    assert drawn > MESSAGES / 100


async def test_no_motion_breaks_a_face(studio: Studio) -> None:
    """Of a stream and of a driver, in any order and at any time."""
    pool = Pool(workers=1)
    moved = Moved(studio.pipeline(studio.presenter("ada", 256), seed=1), pool)
    moved.pipeline.change(patched(moved.pipeline.controls, LIVE))
    mutator, chance, refused = Mutator(4), random.Random(4), 0
    inlet = Inlet(moved.driving, moved.clock, moved.metrics)
    for number in range(MESSAGES):
        honest = {
            "type": "motion",
            "time": number / 30,
            "driver": chance.random() < 0.5,
            **chance.choice(WAYS),
        }
        answer = inlet.take(mutator.message(honest))
        refused += answer is not None
        assert answer is None or answer.code in codes()
        motion = moved.mix()
        assert all(np.isfinite(motion[part]).all() for part in Component)
    pool.close()
    assert 0.2 * MESSAGES < refused < MESSAGES
