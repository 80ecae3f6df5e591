"""A headless Chromium for tests, whose microphone and camera play files."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Playwright, sync_playwright

NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

QUIETLY: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
CALLING: Final = (
    "--use-fake-device-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    "--allow-loopback-in-peer-connection",  # or it finds no address where only lo is up
    # .local names need multicast; pages that a test answers fetch large files from this machine
    "--disable-features=WebRtcHideLocalIpsWithMdns,LocalNetworkAccessChecks",
)
GRANTING: Final = "--use-fake-ui-for-media-stream"


@contextmanager
def chromium(
    microphone: Path | None = None,
    *,
    camera: Path | None = None,
    granting: bool = True,
    arguments: Sequence[str] = (),
) -> Iterator[Browser]:
    """Run a headless Chromium; skip the test where none is installed.

    Args:
        microphone: 48 kHz WAV that the microphone hears, again and again; beeps when left out.
        camera: Motion JPEG that the camera sees, again and again; a test picture when left out.
        granting: allow microphone and camera without asking.
        arguments: further ones of Chromium's command line.
    """
    everything = [*QUIETLY, *CALLING, *arguments]
    if granting:
        everything.append(GRANTING)
    if microphone is not None:
        everything.append(f"--use-file-for-fake-audio-capture={microphone.resolve()}")
    if camera is not None:
        everything.append(f"--use-file-for-fake-video-capture={camera.resolve()}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=_executable(playwright), headless=True, args=everything
        )
        try:
            yield browser
        finally:
            browser.close()


def _executable(playwright: Playwright) -> str:
    own = playwright.chromium.executable_path
    found = next(filter(None, map(shutil.which, NAMES)), own if Path(own).exists() else None)
    if found is None:
        pytest.skip("no Chromium here: apt install chromium, or playwright install chromium")
    return found


class Complaints:
    """What a page complains about: console errors and warnings, and uncaught errors."""

    def __init__(self, page: Page) -> None:
        self.found: list[str] = []
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.found.append(str(error)))

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.found.append(message.text)
