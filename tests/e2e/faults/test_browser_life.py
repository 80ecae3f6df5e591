"""A browser that goes away in the middle of a call, and a machine without any network."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import httpx
import pytest
from playwright.sync_api import Browser, Error, Page

from bench.live import server
from tests.support.beeping import beeping_browser, call
from tests.support.network import namespace
from tests.support.snapshot import Snapshot

pytestmark = pytest.mark.e2e
ROOT: Final = Path(__file__).parents[3]
FREED_SECONDS: Final = 10.0
POLITELY_SECONDS: Final = 2.0
SETTLE_SECONDS: Final = 13.0
"""HTTP connections that are idle are kept for five; threads that read the page's files, ten."""
ALONE: Final = """
import asyncio
from client.call import call
from tests.support.serving import opened, serving

async def main():
    with opened() as studio:
        async with serving(studio) as server:
            print((await call(server.url, size=256, seconds=3)).pictures)

asyncio.run(main())
"""


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[str, int]]:
    """A server's address and process."""
    with server() as (url, process, _):
        yield url, process


def wait_until(condition: Callable[[], bool], seconds: float) -> float:
    """Wait until it holds; how long it took (AssertionError after `seconds`)."""
    start = time.monotonic()
    while not condition():
        assert time.monotonic() - start < seconds, "it did not come about"
        time.sleep(0.05)
    return time.monotonic() - start


def taken(url: str) -> int:
    """Places that are taken."""
    places: int = httpx.get(f"{url}/health").json()["sessions"]
    return places


def settle(process: int, start: Snapshot) -> None:
    """Wait until the server holds no more than at the start."""
    end = time.monotonic() + SETTLE_SECONDS
    while left := Snapshot.take(process).more_than(start):
        assert time.monotonic() < end, f"left behind: {left}"
        time.sleep(0.05)


def kill(browser: Browser, page: Page) -> None:
    """As when a machine's power fails: no process of the browser says anything more."""
    processes = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")
    for process in processes["processInfo"]:
        with suppress(ProcessLookupError):
            os.kill(process["id"], signal.SIGKILL)


def close(browser: Browser, page: Page) -> None:
    """As people do."""
    page.close()


def go_elsewhere(browser: Browser, page: Page) -> None:
    page.goto("about:blank")


@pytest.mark.parametrize(
    ("leave", "seconds"),
    [
        (close, POLITELY_SECONDS),
        (go_elsewhere, POLITELY_SECONDS),
        (kill, FREED_SECONDS),
    ],
)
def test_a_browser_that_goes_away_gives_its_place_back(
    served: tuple[str, int],
    tmp_path: Path,
    leave: Callable[[Browser, Page], None],
    seconds: float,
) -> None:
    url, process = served
    with suppress(Error), beeping_browser(tmp_path) as browser:
        call(browser.new_page(), url)  # threads that start with a first call
        browser.contexts[0].pages[0].close()
        wait_until(lambda: taken(url) == 0, FREED_SECONDS)
        start = Snapshot.take(process)
        page = browser.new_page()
        call(page, url)
        assert taken(url) == 1
        leave(browser, page)
        freed = wait_until(lambda: taken(url) == 0, seconds + 1.0)
        print(f"{leave.__name__}: free after {freed:.1f} s")
        assert freed <= seconds + 0.75
        settle(process, start)
    with beeping_browser(tmp_path) as browser:
        call(browser.new_page(), url)


def test_a_call_needs_no_network_but_this_machine(tmp_path: Path) -> None:
    """Only `lo` is up: nobody is asked for an address, nothing waits for a name."""
    command = namespace([sys.executable, "-c", ALONE])
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert found.returncode == 0, found.stderr[-2_000:]
    assert int(found.stdout) > 50
