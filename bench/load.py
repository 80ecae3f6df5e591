"""How many real calls this machine carries before pictures come late: `make load`.

    python -m bench.load --speech tests/data/speech/hibari.wav

The server has its own process, and so has each caller; all share this machine's cores. One
call is added at a time, until pictures leave the server more than 10 ms late (95th
percentile, encoding included).
"""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Final

import httpx
import numpy as np
import typer
from rich.console import Console

from bench.callers import Callers
from bench.live import server
from bench.others import BUSY, Others
from bench.process import cpu_seconds
from bench.report import machine

LATE_MS: Final = 10.0
SETTLE_SECONDS: Final = 6.0
"""For a caller's process to start, connect, and the bit rate to rise."""
MEASURE_SECONDS: Final = 12.0
MOST: Final = 32
"""Sessions that the server may take; this machine's cores are to be the limit."""
FEWEST: Final = 0.9
"""Of the pictures that must come; fewer is no more in time than late."""


@dataclass(frozen=True)
class Step:
    """How it went with so many calls."""

    calls: int
    pictures_per_second: float
    """Of one call, on average."""
    late_ms: float
    """95th percentile: from a picture's moment to its hand-over to RTP."""
    caller_late_ms: float
    """95th percentile at the callers, against the quickest picture of each call."""
    server_cpu: float
    """Of one core."""
    others: float
    """Share of all cores that other programs took: it makes us late."""

    @property
    def good(self) -> bool:
        """Whether pictures came, and in time."""
        return self.late_ms <= LATE_MS and self.pictures_per_second >= FEWEST * 25


async def load(url: str, process: int, speech: Path, size: int) -> list[Step]:
    """Add calls until they are late or the server is full; the last step may be a bad one."""
    callers, steps = Callers(url, speech, size), list[Step]()
    async with httpx.AsyncClient(base_url=url) as http:
        capacity = (await http.get("/health")).json()["capacity"]
    try:
        while len(steps) < capacity and (not steps or steps[-1].good):
            callers.add("talk")
            await asyncio.sleep(SETTLE_SECONDS)
            steps.append(await _measure(callers, process, len(steps) + 1))
    finally:
        await callers.stop()
    return steps


async def _measure(callers: Callers, process: int, calls: int) -> Step:
    callers.told.late_ms.clear()
    callers.told.server_late_ms.clear()
    since, cpu, others = time.monotonic(), cpu_seconds(process), Others()
    await asyncio.sleep(MEASURE_SECONDS)
    seconds = time.monotonic() - since
    told = callers.told
    late = float(np.median(told.server_late_ms or [np.inf]))
    caller_late = float(np.percentile(told.late_ms or [np.inf], 95))
    rate = len(told.late_ms) / seconds / calls
    share = (cpu_seconds(process) - cpu) / seconds
    return Step(calls, rate, late, caller_late, share, others.share())


def main(
    speech: Annotated[Path, typer.Option(help="What callers say.")] = Path(
        "tests/data/speech/hibari.wav"
    ),
    size: Annotated[int, typer.Option(help="Of pictures: 256 or 512.")] = 512,
    output: Annotated[Path, typer.Option(help="JSON file to write.")] = Path("out/load.json"),
) -> None:
    """Add calls to a server of its own until pictures come late."""
    console = Console()
    with server(sessions=MOST) as (url, process, _):
        steps = asyncio.run(load(url, process, speech, size))
    for step in steps:
        console.print(
            f"{step.calls} calls: {step.pictures_per_second:.1f} pictures/s each, p95 late "
            f"{step.late_ms:.1f} ms at the server, {step.caller_late_ms:.1f} ms at the callers, "
            f"server {100 * step.server_cpu:.0f} % of a core"
            + (f", others {100 * step.others:.0f} % of all" if step.others > BUSY else "")
        )
    carried = sum(step.good for step in steps)
    console.print(f"{carried} calls at {size} px in time")
    output.parent.mkdir(parents=True, exist_ok=True)
    kept = {"machine": machine(), "size": size, "carried": carried}
    output.write_text(json.dumps({**kept, "steps": [asdict(it) for it in steps]}, indent=1))
    console.print(f"written to {output}")


if __name__ == "__main__":
    typer.run(main)
