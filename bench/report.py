"""`visavis bench`: everything measured, as a table and as JSON."""

from __future__ import annotations

import datetime
import json
import os
import platform
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.live import Live, live
from bench.sessions import Load, sessions
from bench.stages import Stage, stages
from engine.studio import Studio


def machine() -> str:
    """Processor and cores of this machine, in a line."""
    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                name = line.partition(":")[2].strip()
                break
    return f"{name}, {os.cpu_count()} cores"


def bench(target: Path, speech: Path | None, seconds: float) -> None:
    """Measure, show, and write `target` (JSON).

    Args:
        target: file to write.
        speech: sound file for a real call; none is made without it.
        seconds: length of that call.
    """
    console = Console()
    studio = Studio.open(live=True)
    console.print(f"{machine()}, {datetime.date.today().isoformat()}")
    found = stages(studio)
    console.print(stage_table(found))
    carried = {size: sessions(studio, size) for size in studio.sizes}
    for size, loads in carried.items():
        console.print(f"{size} px: {loads[-1].sessions - 1} sessions without a late picture")
    calls = {size: live(speech, seconds, size) for size in studio.sizes} if speech else {}
    for size, one in calls.items():
        console.print(f"{size} px, live: {sentence(one)}")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(as_json(found, carried, calls), indent=1) + "\n")
    console.print(f"written to {target}")


def stage_table(found: list[Stage]) -> Table:
    """Stages as rows; pictures a second a core where a row is a whole picture."""
    table = Table("stage", "median ms", "p95 ms", "CPU ms", "pictures/s/core")
    for stage in found:
        rate = f"{1000 / stage.cpu_ms:.0f}" if stage.name.startswith("whole") else ""
        row = (f"{stage.median_ms:.2f}", f"{stage.p95_ms:.2f}", f"{stage.cpu_ms:.2f}", rate)
        table.add_row(stage.name, *row)
    return table


def sentence(one: Live) -> str:
    """A call in a line."""
    report = one.report
    delay = f"{report.stats.latency_ms:.0f} ms" if report.stats else "not known"
    repeated = f"{report.stats.repeated}" if report.stats else "?"
    first = f"{report.first_picture_ms:.0f} ms" if report.first_picture_ms else "never"
    return (
        f"{report.pictures_per_second:.2f} pictures/s over {report.seconds:.0f} s, "
        f"{repeated} repeated, sound in to picture out p95 {delay}, first picture {first}, "
        f"server {one.cpu_share * 100:.0f} % of a core, start {one.start_seconds:.1f} s"
    )


def as_json(
    found: list[Stage], carried: dict[int, list[Load]], calls: dict[int, Live]
) -> dict[str, Any]:
    """All figures, for programs."""
    return {
        "machine": machine(),
        "date": datetime.date.today().isoformat(),
        "stages": [asdict(stage) for stage in found],
        "sessions": {size: [asdict(load) for load in loads] for size, loads in carried.items()},
        "live": {
            size: {
                "cpu_share": one.cpu_share,
                "start_seconds": one.start_seconds,
                "pictures_per_second": one.report.pictures_per_second,
                "longest_gap_ms": one.report.longest_gap_ms,
                "first_picture_ms": one.report.first_picture_ms,
                "stats": one.report.stats.model_dump() if one.report.stats else None,
            }
            for size, one in calls.items()
        },
    }
