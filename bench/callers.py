"""Processes that call a server (`bench.caller`), seen from the one that measures."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

END_SECONDS: Final = 10.0
"""For a caller to hang up and end."""


@dataclass
class Told:
    """What callers have told."""

    late_ms: list[float] = field(default_factory=list)
    """Of each picture, as it arrived."""
    server_late_ms: list[float] = field(default_factory=list)
    """Of each second and call: the 95th percentile at the server."""
    calls: list[dict[str, Any]] = field(default_factory=list)

    def scenarios(self) -> Counter[str]:
        """How many calls of each kind."""
        return Counter(it["scenario"] for it in self.calls)

    def failures(self) -> list[str]:
        """What went wrong."""
        return [it["failure"] for it in self.calls if it["failure"]]

    def worst(self, figure: str) -> float:
        """The largest of a figure that calls have, without its sign."""
        known = (it.get(figure) for it in self.calls)
        return max((abs(it) for it in known if it is not None), default=0.0)


class Callers:
    """Caller processes; a killed one is followed by another in its place.

    Args:
        url: of the server.
        speech: sound file that they speak.
        size: of pictures.
    """

    def __init__(self, url: str, speech: Path, size: int) -> None:
        self._call = [url, str(speech), str(size)]
        self._places: list[asyncio.Task[None]] = []
        self._stopping = asyncio.Event()
        self.told = Told()

    def add(self, scenario: str = "") -> None:
        """One more place; all scenarios, or one endless call of one."""
        place = len(self._places)
        self._places.append(asyncio.create_task(self._keep(place, scenario)))

    async def stop(self) -> None:
        """Let all hang up and end."""
        self._stopping.set()
        await asyncio.gather(*self._places)

    async def _keep(self, place: int, scenario: str) -> None:
        seed = 1_000 * place
        while not self._stopping.is_set():
            code = await self._run(str(seed), scenario)
            if code not in (0, -signal.SIGKILL):
                failure = f"a caller's process ended with {code}"
                self.told.calls.append({"scenario": scenario or "any", "failure": failure})
            seed += 1

    async def _run(self, seed: str, scenario: str) -> int:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bench.caller", *self._call, seed, scenario,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert process.stdin is not None
        reading = asyncio.create_task(self._read(process))
        stopping = asyncio.create_task(self._stopping.wait())
        await asyncio.wait({reading, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        process.stdin.close()
        with suppress(TimeoutError):
            await asyncio.wait_for(reading, END_SECONDS)
        if process.returncode is None:
            with suppress(TimeoutError):
                return await asyncio.wait_for(process.wait(), END_SECONDS)
            process.kill()
        return await process.wait()

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        async for line in process.stdout:
            said = json.loads(line)
            self.told.late_ms += said.get("late_ms", ())
            if said.get("server_late_ms") is not None:
                self.told.server_late_ms.append(said["server_late_ms"])
            if "call" in said:
                self.told.calls.append(said["call"])
