"""The voice WebSocket without a network: hello, sound, events, refusals, interruptions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager

import numpy as np
import pytest

from engine.clock import MonotonicClock
from engine.types import SOUND_RATE, SOUND_TICK
from server import limits
from server.metrics import Metrics
from server.protocol import EndMessage, HelloMessage, InterruptMessage
from server.voice.socket import router
from tests.support.voices import Caller, Speaker, application, calling, counting, idle, settle

HELLO = HelloMessage(rate=SOUND_RATE)
READY = {"type": "ready", "buffer_ms": 5_000}
VOICE = "/v1/sessions/it/voice"


class House:
    """An application with one session that can speak."""

    def __init__(self) -> None:
        self.speaker = Speaker()
        self.metrics = Metrics()
        self.app = application(router(self.speaker, MonotonicClock(), self.metrics))

    def call(self, path: str = VOICE) -> AbstractAsyncContextManager[Caller]:
        return calling(self.app, path)

    async def came(self, milliseconds: float) -> None:
        """Wait until that much sound waits in the stream."""
        await settle(lambda: self.speaker.voice.queue.depth >= milliseconds)


@pytest.fixture
async def house() -> House:
    return House()


@pytest.fixture
async def caller(house: House) -> AsyncIterator[Caller]:
    async with house.call() as caller:
        caller.say(HELLO)
        assert await caller.hear() == READY
        yield caller


def event(name: str, utterance: int, position: float) -> dict[str, object]:
    return {"type": "speech", "event": name, "utterance": utterance, "position_ms": position}


async def test_an_utterance_is_spoken_and_its_sender_hears_of_it(
    house: House, caller: Caller
) -> None:
    samples = counting(SOUND_RATE)
    for at in range(0, len(samples), 4_800):
        caller.send(samples[at : at + 4_800].tobytes())
    caller.say(EndMessage())
    await house.came(1_000)
    await idle()
    house.speaker.play_out()
    assert (house.speaker.played == samples).all()
    assert await caller.hear() == event("started", 1, 0.0)
    assert await caller.hear() == event("ended", 1, 1_000.0)


@pytest.mark.parametrize("size", [1, 3, 961, 65_536])
async def test_messages_of_any_size(house: House, caller: Caller, size: int) -> None:
    samples = counting(70_000 if size > 1_000 else 800)
    data = samples.tobytes()
    for at in range(0, len(data), size):
        caller.send(data[at : at + size])
    caller.say(EndMessage())
    await settle(lambda: caller.unread == 0)
    await idle()
    house.speaker.play_out()
    assert (house.speaker.played[: len(samples)] == samples).all()


@pytest.mark.parametrize("rate", [8_000, 22_050, 24_000, 96_000])
async def test_float_stereo_of_any_rate(house: House, rate: int) -> None:
    async with house.call() as caller:
        caller.say(HelloMessage(rate=rate, channels=2, format="f32le"))
        await caller.hear()
        wave = np.sin(np.arange(rate // 2) * 2 * np.pi * 200 / rate).astype("<f4")
        data = np.repeat(wave[:, None], 2, axis=1).tobytes()
        for at in range(0, len(data), 10_007):
            caller.send(data[at : at + 10_007])
        caller.say(EndMessage())
        await house.came(500)
        await idle()
        house.speaker.play_out()
    assert house.speaker.events[-1] == ("ended", 1, 500.0)
    assert house.speaker.played.max() > 30_000


async def test_a_sender_that_is_too_fast_is_not_read(house: House, caller: Caller) -> None:
    piece = counting(32_000).tobytes()
    for _ in range(100):
        caller.send(piece)
    await idle(2_000)
    ahead = limits.VOICE_AHEAD_BYTES + 5 * 2 * SOUND_RATE
    taken = (100 - caller.unread) * len(piece)
    assert ahead - len(piece) <= taken <= ahead + 2 * len(piece)
    assert house.speaker.voice.queue.depth <= 5_000
    caller.say(EndMessage())
    for _ in range(100_000):
        await idle(3)
        if not all(house.speaker.play(5)):
            break
    assert house.speaker.voice.underruns == 0 and house.speaker.voice.dropped == 0
    assert house.speaker.events[-1] == ("ended", 1, round(100 * 32_000 / 48, 3))


async def test_an_interruption_overtakes_the_sound_that_waits(house: House, caller: Caller) -> None:
    for _ in range(12):  # eight seconds; five fit into the stream
        caller.send(counting(32_000).tobytes())
    await house.came(4_900)
    house.speaker.play(10)
    caller.say(InterruptMessage())
    await settle(lambda: house.speaker.voice.queue.depth == 0)
    assert house.speaker.play() == [False]
    assert await caller.hear() == event("started", 1, 0.0)
    assert await caller.hear() == event("interrupted", 1, 400.0)
    caller.send(counting(SOUND_TICK).tobytes())
    caller.say(EndMessage())
    await house.came(40)
    await idle()
    assert house.speaker.play(2) == [True, False]
    assert await caller.hear() == event("started", 2, 0.0)
    assert await caller.hear() == event("ended", 2, 40.0)


async def test_utterances_that_were_read_ahead_are_told_as_interrupted_too(
    house: House, caller: Caller
) -> None:
    for seconds in (6, 1, 1):
        for _ in range(seconds * 2):
            caller.send(counting(SOUND_RATE // 2).tobytes())
        caller.say(EndMessage())
    await house.came(4_900)
    await idle()
    house.speaker.play(5)
    house.speaker.interrupt()
    assert house.speaker.events[1:] == [
        ("interrupted", 1, 200.0),
        ("interrupted", 2, 0.0),
        ("interrupted", 3, 0.0),
    ]
    caller.send(counting(SOUND_TICK).tobytes())
    caller.say(EndMessage())
    await house.came(40)
    await idle()
    house.speaker.play_out()
    assert house.speaker.events[-1] == ("ended", 4, 40.0)


async def test_the_rest_of_what_somebody_else_interrupted_is_thrown_away(
    house: House, caller: Caller
) -> None:
    for _ in range(14):
        caller.send(counting(SOUND_RATE // 2).tobytes())
    await house.came(4_900)
    house.speaker.play(5)
    house.speaker.interrupt()
    caller.send(counting(SOUND_RATE // 2).tobytes())
    await idle()
    assert house.speaker.voice.queue.depth == 0
    caller.say(EndMessage())
    caller.send(counting(SOUND_TICK).tobytes())
    caller.say(EndMessage())
    await house.came(40)
    await idle()
    house.speaker.play_out()
    assert house.speaker.events[-2:] == [("started", 2, 0.0), ("ended", 2, 40.0)]


async def test_a_sender_that_goes_in_the_middle_has_spoken_what_it_sent(house: House) -> None:
    async with house.call() as caller:
        caller.say(HELLO)
        for _ in range(14):  # seven seconds; two of them are still in the inbox
            caller.send(counting(SOUND_RATE // 2).tobytes())
        await house.came(4_900)
        caller.leave()
        house.speaker.play(100)
        await idle()
        house.speaker.play_out()
    assert house.speaker.events == [("started", 1, 0.0), ("ended", 1, 7_000.0)]


async def test_after_reconnecting_one_goes_on_behind_what_waits(house: House) -> None:
    for number in (1, 2):
        async with house.call() as caller:
            caller.say(HELLO)
            assert await caller.hear() == READY, number
            caller.send(counting(SOUND_TICK, number).tobytes())
            await settle(lambda: caller.unread == 0)
            await idle()
    house.speaker.play_out()
    assert [it for it in house.speaker.events if it[0] == "ended"] == [
        ("ended", 1, 40.0),
        ("ended", 2, 40.0),
    ]


async def test_a_second_writer_is_refused_and_the_first_goes_on(
    house: House, caller: Caller
) -> None:
    async with house.call() as second:
        second.say(HELLO)
        assert (await second.hear())["code"] == "voice_taken"
        assert (await second.hear())["closed"] == 4_409
    caller.send(counting(SOUND_TICK).tobytes())
    caller.say(EndMessage())
    await house.came(40)


@pytest.mark.parametrize(
    ("first", "code"),
    [
        ("no json", 4_422),
        ('{"type": "end"}', 4_422),
        ('{"type": "hello", "rate": 7999}', 4_422),
        ('{"type": "hello", "rate": 96001}', 4_422),
        ('{"type": "hello", "rate": 48000, "channels": 3}', 4_422),
        ('{"type": "hello", "rate": 48000, "format": "s24le"}', 4_422),
        ('{"type": "hello", "rate": 48000, "surprise": 1}', 4_422),
    ],
)
async def test_a_wrong_hello_is_refused(house: House, first: str, code: int) -> None:
    async with house.call() as caller:
        caller.say(first)
        error = await caller.hear()
        assert (error["type"], error["code"]) == ("error", "request_refused")
        closed = await caller.hear()
        assert closed["closed"] == code and closed["reason"]


async def test_sound_before_the_hello_is_refused(house: House) -> None:
    async with house.call() as caller:
        caller.send(bytes(100))
        await caller.hear()
        assert (await caller.hear())["closed"] == 4_422


async def test_no_hello_in_time_is_refused(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "VOICE_HELLO_SECONDS", 0.01)
    async with house.call() as caller:
        assert "hello" in (await caller.hear())["message"]
        assert (await caller.hear())["closed"] == 4_408


async def test_there_is_no_such_session(house: House) -> None:
    async with house.call("/v1/sessions/other/voice") as caller:
        assert (await caller.hear())["code"] == "unknown_session"
        assert (await caller.hear())["closed"] == 4_404


async def test_a_message_of_nonsense_is_answered_and_all_goes_on(
    house: House, caller: Caller
) -> None:
    for nonsense in ("", "{}", '{"type": "sing"}', '{"type": "end", "x": 1}', "[" * 1_000):
        caller.say(nonsense)
        assert (await caller.hear())["code"] == "request_refused"
    caller.say(HELLO)
    assert "once" in (await caller.hear())["message"]
    caller.say("x" * (limits.MESSAGE_BYTES + 1))
    assert "16384" in (await caller.hear())["message"]
    caller.send(counting(SOUND_TICK).tobytes())
    await house.came(40)
    assert house.metrics.registry.get_sample_value(
        "visavis_errors_total", {"code": "request_refused"}
    ) == 7  # fmt: skip


async def test_a_message_that_is_too_large_ends_it(house: House, caller: Caller) -> None:
    caller.send(bytes(limits.VOICE_MESSAGE_BYTES + 1))
    assert (await caller.hear())["code"] == "request_refused"
    assert (await caller.hear())["closed"] == 4_413


async def test_too_many_text_messages_end_it(house: House, caller: Caller) -> None:
    for _ in range(limits.MESSAGES_PER_SECOND + 1):
        caller.say(EndMessage())
    assert (await caller.hear())["type"] == "error"
    assert (await caller.hear())["closed"] == 4_429


async def test_when_the_session_ends_the_sender_is_told_what_was_played_and_why(
    house: House, caller: Caller
) -> None:
    caller.send(counting(SOUND_RATE // 2).tobytes())
    await house.came(500)
    house.speaker.play(5)
    house.speaker.voice.close("its page left")
    assert await caller.hear() == event("started", 1, 0.0)
    assert await caller.hear() == event("interrupted", 1, 200.0)
    assert "its page left" in (await caller.hear())["message"]
    closed = await caller.hear()
    assert closed["closed"] == 4_404 and "its page left" in closed["reason"]


async def test_who_does_not_read_its_events_is_dropped_and_not_waited_for(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "CLOSE_SECONDS", 0.01)
    async with house.call() as caller:
        caller.say(HELLO)
        assert await caller.hear() == READY
        caller.reading.clear()
        caller.send(counting(SOUND_TICK).tobytes())
        await house.came(40)
        for _ in range(limits.VOICE_EVENTS + 2):
            house.speaker.voice.abandon()
        await caller.gone()
    house.speaker.play_out()
    assert house.speaker.events[-1] == ("ended", 1, 40.0)
    assert house.metrics.registry.get_sample_value(
        "visavis_errors_total", {"code": "request_refused"}
    ) == 1  # fmt: skip


async def test_an_open_socket_says_that_somebody_is_there(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "VOICE_TOUCH_SECONDS", 0.001)
    async with house.call() as caller:
        caller.say(HELLO)
        await caller.hear()
        async with asyncio.timeout(5):
            await settle_touched(house.speaker, 3)
    left = house.speaker.touched
    await asyncio.sleep(0.005)
    assert house.speaker.touched == left


async def settle_touched(speaker: Speaker, times: int) -> None:
    while speaker.touched < times:  # noqa: ASYNC110 (it is time that has to pass)
        await asyncio.sleep(0.001)


async def test_when_the_server_stops_nothing_more_is_spoken(house: House) -> None:
    async with house.call() as caller:
        caller.say(HELLO)
        for _ in range(14):
            caller.send(counting(SOUND_RATE // 2).tobytes())
        await house.came(4_900)
        caller.leave(1012)
        await idle()
        house.speaker.voice.close("the server is stopping")
    assert house.speaker.events[-1][0] == "interrupted"
