"""A process that calls a server again and again, as people do: `python -m bench.caller`.

It writes a line of JSON for every second of a call, with how late pictures were, here and at
the server, and one for every call. It ends in order when its input is closed, unless a call
is to be killed: then the whole process goes, without a word to the server.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

import av

from client.call import Conversation, connected
from client.devices import SLICE, Samples, SoundFile
from client.errors import ClientError
from server.protocol import InterruptMessage, SessionRequest

ENVELOPE_SECONDS: Final = 2.0
"""At both ends of a call: the quickest arrival in it tells where the clocks stand."""
BETWEEN_SECONDS: Final = (0.1, 1.0)


class Scenario(StrEnum):
    """What becomes of a call."""

    TALK = "talk"
    INTERRUPT = "interrupt"
    SHORT = "short"
    LEAVE = "leave at once"
    KILLED = "killed"


WEIGHTS: Final = {
    Scenario.TALK: 4,
    Scenario.INTERRUPT: 2,
    Scenario.SHORT: 2,
    Scenario.LEAVE: 1,
    Scenario.KILLED: 1,
}
SECONDS: Final = {
    Scenario.TALK: (15.0, 40.0),
    Scenario.INTERRUPT: (5.0, 15.0),
    Scenario.SHORT: (1.0, 4.0),
    Scenario.LEAVE: (0.0, 0.2),
    Scenario.KILLED: (0.5, 8.0),
}


@dataclass(slots=True)
class Arrivals:
    """When pieces of media came, against what their time stamps say. Seconds."""

    _late: list[float] = field(default_factory=list)
    """Since the last look: each piece against the quickest of the call."""
    _offsets: list[tuple[float, float]] = field(default_factory=list)
    _quickest: float = float("inf")

    def note(self, at: float, media: float) -> None:
        """A piece with the time stamp `media` came `at`."""
        self._quickest = min(self._quickest, at - media)
        self._late.append(at - media - self._quickest)
        self._offsets.append((at, at - media))

    def look(self) -> list[float]:
        """How late the pieces since the last look were, in milliseconds."""
        late = [round(1000 * it, 1) for it in self._late]
        self._late.clear()
        return late

    def drift(self) -> float | None:
        """By how much the last seconds' arrivals are later than the first's; None if too few."""
        if not self._offsets or self._offsets[-1][0] - self._offsets[0][0] < 3 * ENVELOPE_SECONDS:
            return None
        begin = self._offsets[0][0] + ENVELOPE_SECONDS
        end = self._offsets[-1][0] - ENVELOPE_SECONDS
        first = min(it for at, it in self._offsets if at < begin)
        return min(it for at, it in self._offsets if at > end) - first


@dataclass(frozen=True, slots=True)
class Called:
    """What one call was like."""

    scenario: Scenario
    seconds: float
    pictures: int
    longest_gap_ms: float
    first_picture_ms: float | None
    clock_drift_ms: float | None
    """Of pictures against the clock."""
    sync_drift_ms: float | None
    """Of pictures against sound."""
    failure: str | None = None


class Again:
    """A sound file, again and again; a voice (`client.devices.Voice`)."""

    def __init__(self, path: Path) -> None:
        self._file, self._path = SoundFile(path), path
        self._slices = round(self._file.seconds * 50)
        self._at = 0

    def slice(self) -> Samples:
        """The next 20 ms, int16 [960]."""
        self._at += 1
        if self._at % self._slices == 0:
            self._file = SoundFile(self._path)
        samples = self._file.slice()
        assert len(samples) == SLICE
        return samples


class Caller:
    """Calls one server.

    Args:
        url: of the server.
        speech: sound file to speak.
        size: of pictures.
        chance: which scenarios, and how long.
    """

    def __init__(self, url: str, speech: Path, size: int, chance: random.Random) -> None:
        self._url, self._speech, self._chance = url, speech, chance
        self._settings = SessionRequest.model_validate({"size": size, "presenter": "ada"})

    async def call(self, scenario: Scenario, seconds: float | None = None) -> Called:
        """One call: of that length, or of one that is usual for the scenario."""
        pictures, sound = Arrivals(), Arrivals()
        seconds = self._chance.uniform(*SECONDS[scenario]) if seconds is None else seconds
        try:
            async with connected(self._url, Again(self._speech), self._settings) as talk:
                talk.on_picture = lambda frame, at: _note(pictures, frame, at)
                talk.on_sound = lambda frame, at: _note(sound, frame, at)
                await self._stay(talk, scenario, seconds, pictures)
                report = talk.report()
        except ClientError as error:
            return Called(scenario, 0, 0, 0, None, None, None, f"{type(error).__name__}: {error}")
        clock, other = pictures.drift(), sound.drift()
        return Called(
            scenario,
            report.seconds,
            report.pictures,
            report.longest_gap_ms,
            report.first_picture_ms,
            None if clock is None else 1000 * clock,
            None if clock is None or other is None else 1000 * (clock - other),
            report.ended,
        )

    async def _stay(
        self, talk: Conversation, scenario: Scenario, seconds: float, pictures: Arrivals
    ) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not talk.ended.is_set():
                    await asyncio.sleep(1.0)
                    say({"late_ms": pictures.look(), "server_late_ms": _at_server(talk)})
                    if scenario is Scenario.INTERRUPT:
                        talk.send(InterruptMessage())
        if scenario is Scenario.KILLED:
            say({"call": asdict(Called(scenario, seconds, 0, 0, None, None, None))})
            os.kill(os.getpid(), signal.SIGKILL)


def say(line: dict[str, object]) -> None:
    """Tell whoever started this process."""
    print(json.dumps(line), flush=True)


def _at_server(talk: Conversation) -> float | None:
    """95th percentile of the last seconds: a picture's moment to its hand-over to RTP, in ms."""
    stages = talk.stats.stages if talk.stats is not None else {}
    parts = [stages[name].p95_ms for name in ("encoded", "handed_over") if name in stages]
    return sum(parts) if parts else None


def _note(arrivals: Arrivals, frame: av.VideoFrame | av.AudioFrame, at: float) -> None:
    if frame.time is not None:
        arrivals.note(at, frame.time)


async def _call(caller: Caller, chance: random.Random, scenario: str) -> None:
    if scenario:
        await caller.call(Scenario(scenario), float("inf"))
        return
    kinds, weights = list(WEIGHTS), list(WEIGHTS.values())
    while True:
        say({"call": asdict(await caller.call(chance.choices(kinds, weights)[0]))})
        await asyncio.sleep(chance.uniform(*BETWEEN_SECONDS))


async def _closed() -> None:
    """Wait until the input is closed; without a thread, which would outlive a call that breaks."""
    reader, loop = asyncio.StreamReader(), asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await reader.read()


async def _main(url: str, speech: str, size: str, seed: str, scenario: str = "") -> None:
    """Call until the input is closed: all scenarios, or one endless call of a scenario."""
    chance = random.Random(int(seed))
    caller = Caller(url, Path(speech), int(size), chance)
    calling = asyncio.create_task(_call(caller, chance, scenario))
    told = asyncio.create_task(_closed())
    await asyncio.wait({calling, told}, return_when=asyncio.FIRST_COMPLETED)
    calling.cancel()
    with suppress(asyncio.CancelledError):
        await calling
    if not told.done():
        raise SystemExit(1)


if __name__ == "__main__":
    asyncio.run(_main(*sys.argv[1:]))
