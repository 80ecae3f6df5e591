"""A server of its own whose pictures carry probes: `python -m tests.support.probed TICKS`.

It says its address and runs until its input ends. `TICKS` is by how much the flash comes
after its beep.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.probe import ProbeMark
from tests.support.serving import opened, serving

ROOT = Path(__file__).parents[2]


@contextmanager
def probed(ticks: int = 0) -> Iterator[str]:
    """Run it; gives its address."""
    command = [sys.executable, "-m", "tests.support.probed", str(ticks)]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert process.stdin is not None and process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.stdin.close()
        process.wait(20)
        process.stdout.close()


async def _serve(ticks: int) -> None:
    with opened() as studio:
        async with serving(studio, mark=ProbeMark(ticks)) as server:
            print(server.url, flush=True)
            await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
