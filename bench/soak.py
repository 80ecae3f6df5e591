"""Calls for minutes or hours, and what they leave behind: `make soak`.

    python -m bench.soak --minutes 60 --sessions 2 --speech tests/data/speech/hibari.wav

Some callers talk, some interrupt, some leave at once, and some are killed. Meanwhile the
server's memory is looked at; before and after, when nobody calls, everything it holds.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Any, Final

import httpx
import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from bench.callers import Callers, Told
from bench.live import server
from bench.others import BUSY, Others
from bench.process import Holding, holding, slope
from bench.report import machine

MEGABYTE: Final = 1024 * 1024
SAMPLE_SECONDS: Final = 5.0
WARM_SECONDS: Final = 45.0
"""Calls before anything is compared: caches, pools and code that is loaded when used."""
SPARE: Final = 8
"""Places beyond the callers': those of killed ones are free only after a while."""
JUDGED_HOURS: Final = 1 / 3
"""Memory wanders by some megabytes: a shorter time tells nothing about hours."""
EMPTY_SECONDS: Final = 20.0
"""From the last call's end until nobody is there, killed callers included."""
LAG: Final = re.compile(r'visavis_loop_lag_seconds_bucket\{le="([^"]+)"\} (\S+)')


@dataclass
class Watched:
    """The server while it is called: its memory, and when."""

    at: list[float] = field(default_factory=list)
    rss: list[int] = field(default_factory=list)

    def megabytes(self) -> list[tuple[int, int]]:
        """Each look: seconds since the first, and megabytes."""
        first = self.at[0]
        return [
            (round(at - first), it // MEGABYTE) for at, it in zip(self.at, self.rss, strict=True)
        ]


@dataclass(frozen=True)
class Row:
    """One figure, and how large it may be."""

    name: str
    value: float
    limit: float | None
    unit: str

    @property
    def good(self) -> bool:
        """Whether it is within its limit."""
        return self.limit is None or self.value <= self.limit


@dataclass(frozen=True)
class Found:
    """What a soak found."""

    rows: list[Row]
    calls: list[dict[str, Any]]
    """Each as its caller told it (`bench.caller.Called`)."""
    memory: list[tuple[int, int]]
    """Seconds since the start, and megabytes."""


async def soak(url: str, process: int, speech: Path, sessions: int, seconds: float) -> Found:
    """Call a server for `seconds`; its process must run on this machine."""
    async with httpx.AsyncClient(base_url=url) as http:
        await _call(url, speech, sessions, WARM_SECONDS, None)
        await _empty(http)
        before, watched, others = holding(process), Watched(), Others()
        told = await _call(url, speech, sessions, seconds, _watch(process, watched))
        await _empty(http)
        after = holding(process)
        lag = lag_percentile((await http.get("/metrics")).text, 0.99)
    found = rows(before, after, watched, told, lag, others.share())
    return Found(found, told.calls, watched.megabytes())


def rows(
    before: Holding, after: Holding, watched: Watched, told: Told, lag_ms: float, others: float
) -> list[Row]:
    """What is found, in a table's rows; `others` is the share of the cores that others took."""
    return [
        Row("calls", len(told.calls), None, ""),
        Row("failed calls", len(told.failures()), 0, ""),
        Row("files left open", after.fds - before.fds, 0, ""),
        Row("threads left", after.threads - before.threads, 0, ""),
        Row("processes left", after.children - before.children, 0, ""),
        Row("memory, nobody there, at the start", before.rss / MEGABYTE, None, "MB"),
        Row("memory, nobody there, at the end", after.rss / MEGABYTE, None, "MB"),
        *_growth(watched, max(1, len(told.calls))),
        *_timing(told, lag_ms, others),
    ]


def _growth(watched: Watched, calls: int) -> list[Row]:
    hour = slope(watched.rss, watched.at) * 3600 / MEGABYTE
    hours = (watched.at[-1] - watched.at[0]) / 3600
    judged = hours >= JUDGED_HOURS
    return [
        Row("memory growth", hour, 5.0 if judged else None, "MB/h"),
        Row("memory growth", hour * hours / calls * 100, 1.0 if judged else None, "MB/100 calls"),
    ]


def _timing(told: Told, lag_ms: float, others: float) -> list[Row]:
    judged = others < BUSY
    late = np.percentile(told.late_ms or [0.0], [95, 99])
    sent = np.percentile(told.server_late_ms or [0.0], 99)
    found = [
        ("pictures late at the server, p95 of the worst seconds", float(sent), 40.0),
        ("pictures late at the caller, p95", float(late[0]), None),
        ("pictures late at the caller, p99", float(late[1]), None),
        ("event loop late, p99", lag_ms, 20.0),
        ("drift against the clock, worst call", told.worst("clock_drift_ms"), 20.0),
        ("drift picture to sound, worst call", told.worst("sync_drift_ms"), 20.0),
        ("longest gap between pictures", told.worst("longest_gap_ms"), 500.0),
    ]
    busy = Row("taken by other programs, of all cores", 100 * others, None, "%")
    return [busy, *(Row(name, it, limit if judged else None, "ms") for name, it, limit in found)]


def lag_percentile(metrics: str, share: float) -> float:
    """The bound of the bucket below which that share of the loop's latenesses lies, in ms."""
    buckets = [(float(bound), float(count)) for bound, count in LAG.findall(metrics)]
    most = buckets[-1][1]
    return 1000 * next(bound for bound, count in buckets if count >= share * most)


def table(found: list[Row]) -> Table:
    """The rows for people."""
    shown = Table("figure", "value", "limit", "")
    for row in found:
        limit = "" if row.limit is None else f"{row.limit:g} {row.unit}"
        verdict = "" if row.limit is None else "ok" if row.good else "no"
        shown.add_row(row.name, f"{row.value:.1f} {row.unit}", limit, verdict)
    return shown


async def _call(url: str, speech: Path, sessions: int, seconds: float, watching: Any) -> Told:
    callers = Callers(url, speech, 512)
    for _ in range(sessions):
        callers.add()
    watcher = asyncio.create_task(watching) if watching is not None else None
    await asyncio.sleep(seconds)
    await callers.stop()
    if watcher is not None:
        watcher.cancel()
        with suppress(asyncio.CancelledError):
            await watcher
    return callers.told


async def _watch(process: int, watched: Watched) -> None:
    while True:
        watched.at.append(time.monotonic())
        watched.rss.append(holding(process).rss)
        await asyncio.sleep(SAMPLE_SECONDS)


async def _empty(http: httpx.AsyncClient) -> None:
    """Wait until nobody is there."""
    async with asyncio.timeout(EMPTY_SECONDS):
        while (await http.get("/health")).json()["sessions"]:  # noqa: ASYNC110 (another process)
            await asyncio.sleep(0.25)


def main(
    minutes: Annotated[float, typer.Option(help="How long.")] = 60.0,
    sessions: Annotated[int, typer.Option(help="Callers at once.")] = 2,
    speech: Annotated[Path, typer.Option(help="What they say.")] = Path(
        "tests/data/speech/hibari.wav"
    ),
    output: Annotated[Path, typer.Option(help="JSON file to write.")] = Path("out/soak.json"),
) -> None:
    """Call a server of its own for a while, and see what it keeps."""
    console = Console()
    with server(sessions + SPARE) as (url, process, _):
        found = asyncio.run(soak(url, process, speech, sessions, 60 * minutes))
    console.print(table(found.rows))
    output.parent.mkdir(parents=True, exist_ok=True)
    kept: dict[str, Any] = {"machine": machine(), "minutes": minutes, "sessions": sessions}
    kept |= {"figures": [asdict(it) for it in found.rows]}
    kept |= {"calls": found.calls, "memory": found.memory}
    output.write_text(json.dumps(kept, indent=1))
    console.print(f"written to {output}")
    if not all(row.good for row in found.rows):
        sys.exit(1)


if __name__ == "__main__":
    typer.run(main)
