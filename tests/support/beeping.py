"""A browser in a call, whose microphone hears a beep each second."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import numpy as np
from playwright.sync_api import Browser, Page, expect

from client.devices import RATE
from tests.support.browser import chromium
from tests.support.probe import Beeps
from tests.support.speech import write_wav

SECONDS: Final = 20
"""Of sound; the browser begins anew at its end, again with half a second before a beep."""


@contextmanager
def beeping_browser(folder: Path) -> Iterator[Browser]:
    """Run it; `folder` takes the sound."""
    voice = Beeps()
    sound = np.concatenate([voice.slice() for _ in range(50 * SECONDS)])
    with chromium(write_wav(folder / "beeps.wav", sound, RATE)) as running:
        yield running


def call(page: Page, url: str) -> None:
    """Call with the microphone; returns when the first picture is seen."""
    page.goto(url)
    page.locator("#voice-modes").get_by_text("Microphone").click()
    page.locator("#start").click()
    expect(page.locator("body")).to_have_attribute("data-alive", "", timeout=15_000)
