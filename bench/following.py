"""What it costs, and how long it takes, to follow a face: one real call, one server process.

    python -m bench.following --film tests/data/driver/invented-900060.mp4

Once the server reads the camera's pictures, once it gets what a page would have read, and once
nobody drives. The caller runs on the same machine.
"""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Final, Literal

import typer
from rich.console import Console
from rich.table import Table
from websockets.asyncio.client import connect

from bench.live import server
from bench.process import cpu_seconds
from bench.report import machine
from client.call import Conversation, connected
from client.camera import Camera
from client.devices import Silence
from engine.arkit import EXPRESSION, MOUTH
from server.protocol import (
    CameraStats,
    ComponentPatch,
    ControlsPatch,
    MotionMessage,
    SessionRequest,
)

WAYS: Final = ("nobody", "page", "server")
WARM_SECONDS: Final = 4.0
"""In which a driver's rest is learnt and everything is loaded."""
RATE: Final = 30
"""Readings that a page sends a second."""


@dataclass(frozen=True, slots=True)
class Following:
    """What one way of following costs."""

    tracker: str
    cpu_share: float
    """Of one core, the whole server: encoding and sending included."""
    stats: CameraStats | None


async def follow(
    url: str, process: int, tracker: str, film: Path, seconds: float, size: Literal[256, 512]
) -> Following:
    """A call of `seconds` in which `tracker` (nobody, page, server) reads the driver."""
    part = ComponentPatch(source="idle" if tracker == "nobody" else "camera")
    controls = ControlsPatch(pose=part, expression=part)
    settings = SessionRequest(presenter="ada", size=size, controls=controls)
    async with AsyncExitStack() as stack:
        camera = stack.enter_context(Camera(str(film))) if tracker == "server" else None
        talk = await stack.enter_async_context(connected(url, Silence(), settings, camera=camera))
        sending = asyncio.create_task(read_by_page(url, talk, tracker == "page"))
        await asyncio.sleep(WARM_SECONDS)
        before, since = cpu_seconds(process), time.monotonic()
        await asyncio.sleep(seconds)
        share = (cpu_seconds(process) - before) / (time.monotonic() - since)
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        return Following(tracker, share, talk.stats.camera if talk.stats is not None else None)


async def read_by_page(url: str, talk: Conversation, sends: bool) -> None:
    """Send what a page's tracker would, until it is cancelled."""
    vector = [0.1] * (len(MOUTH) + len(EXPRESSION))
    matrix = [1.0, 0, 0, 0, 0, 1.0, 0, 0, 0, 0, 1.0, 0, 0, 0, -50.0, 1.0]
    async with connect(url.replace("http", "ws") + talk.session.motion) as socket:
        while sends:
            now = time.monotonic()
            message = MotionMessage(time=now, driver=True, vector=vector, matrix=matrix)
            await socket.send(message.model_dump_json(exclude_none=True))
            await asyncio.sleep(max(0.0, now + 1 / RATE - time.monotonic()))


def main(
    film: Annotated[Path, typer.Option(exists=True, help="Somebody before a camera.")],
    seconds: Annotated[float, typer.Option(min=2.0, help="Of each call.")] = 20.0,
    small: Annotated[bool, typer.Option(help="Pictures of 256 pixels, not 512.")] = False,
    target: Annotated[Path, typer.Option(help="JSON to write.")] = Path("out/following.json"),
) -> None:
    """Measure what following a face costs."""
    table = Table("read by", "server, share of a core", "in to out, p95 ms", "readings/s", "seen")
    found = []
    for tracker in WAYS:
        with server() as (url, process, _):
            one = asyncio.run(follow(url, process, tracker, film, seconds, 256 if small else 512))
        found.append(one)
        stats = one.stats
        told = (f"{stats.latency_ms:.0f}", f"{stats.rate}", f"{stats.quality:.2f}") if stats else ()
        table.add_row(tracker, f"{one.cpu_share:.2f}", *told)
    Console().print(machine(), table)
    target.parent.mkdir(parents=True, exist_ok=True)
    figures = [{**asdict(it), "stats": it.stats.model_dump() if it.stats else None} for it in found]
    target.write_text(json.dumps({"machine": machine(), "following": figures}, indent=1) + "\n")


if __name__ == "__main__":
    typer.run(main)
