"""Switching recorders: nothing waits for a file but the end."""

from __future__ import annotations

import asyncio

from server.protocol import RecordingMessage
from server.taping import Taping
from tests.support.leaks import until


class SlowRecorder:
    """Its file is finished when it is told so."""

    def __init__(self) -> None:
        self.asked, self.written = asyncio.Event(), asyncio.Event()
        self.stops = 0

    def start(self) -> RecordingMessage:
        return RecordingMessage(state="running")

    async def stop(self) -> RecordingMessage | None:
        self.stops += 1
        self.asked.set()
        await self.written.wait()
        return RecordingMessage(state="ready", address="/v1/recordings/it", seconds=1.0)


async def test_a_file_is_finished_once_and_in_the_background() -> None:
    recorder, told = SlowRecorder(), list[RecordingMessage]()
    taping = Taping(recorder, told.append)
    taping.start()
    taping.stop()
    taping.stop()
    assert [it.state for it in told] == ["running"]
    recorder.written.set()
    await taping.end()
    assert [it.state for it in told] == ["running", "ready"]
    assert recorder.stops == 1


async def test_what_is_recorded_again_meanwhile_ends_too() -> None:
    recorder, told = SlowRecorder(), list[RecordingMessage]()
    taping = Taping(recorder, told.append)
    taping.start()
    taping.stop()
    await recorder.asked.wait()
    taping.start()
    taping.stop()
    recorder.written.set()
    await taping.end()
    assert [it.state for it in told] == ["running", "running", "ready", "ready"]


async def test_what_is_recorded_after_too_many_ends_goes_on() -> None:
    recorder, told = SlowRecorder(), list[RecordingMessage]()
    taping = Taping(recorder, told.append)
    taping.start()
    taping.stop()
    await recorder.asked.wait()
    taping.stop()
    taping.start()
    recorder.written.set()
    await until(lambda: len(told) == 3)
    assert recorder.stops == 1
    await taping.end()
    assert [it.state for it in told] == ["running", "running", "ready", "ready"]


async def test_the_end_waits_for_the_file() -> None:
    recorder, told = SlowRecorder(), list[RecordingMessage]()
    taping = Taping(recorder, told.append)
    taping.start()
    ending = asyncio.create_task(taping.end())
    await recorder.asked.wait()
    assert not ending.done()
    recorder.written.set()
    await ending
    assert told[-1].state == "ready"


async def test_what_was_never_started_ends_without_a_word() -> None:
    class Idle(SlowRecorder):
        async def stop(self) -> RecordingMessage | None:
            return None

    told = list[RecordingMessage]()
    await Taping(Idle(), told.append).end()
    assert told == []
