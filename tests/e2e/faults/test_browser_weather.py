"""A browser behind a bad network: what it shows, and what the server makes of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import pytest
from playwright.sync_api import Page

from tests.support.beeping import beeping_browser, call
from tests.support.lengths import length
from tests.support.probed import probed
from tests.support.relay import CLEAR, CUT, Relay, lead_page
from tests.support.relaying import Count, Weather

pytestmark = [pytest.mark.e2e, pytest.mark.timing]
FREEZE_MS: Final = 500.0
SECONDS: Final = length(6.0, 60.0)
REPAIR_SECONDS: Final = 1.0
NARROW: Final = 300_000
"""Bits a second."""
FOLLOWS_SECONDS: Final = 10.0
RECOVERS_SECONDS: Final = 30.0
"""A browser's estimate grows by some 8 % a second."""
BLACKOUT_SECONDS: Final = 1.0
BACK_SECONDS: Final = 2.0
WEATHERS: Final = {
    "1 % lost": Weather(loss=0.01),
    "3 % lost": Weather(loss=0.03),
    "5 % lost": Weather(loss=0.05),
    "50 +- 30 ms": Weather(delay=0.05, jitter=0.03),
    "2 % overtaken": Weather(reorder=0.02),
}
KEEP = """
  const Real = RTCPeerConnection;
  window.RTCPeerConnection = function (...args) { return window.kept = new Real(...args); };
  window.RTCPeerConnection.prototype = Real.prototype;
"""
WATCH = """() => {
  const video = document.querySelector("#live");
  window.shown = [];
  const look = now => { shown.push(now); video.requestVideoFrameCallback(look); };
  video.requestVideoFrameCallback(look);
}"""
STATS = """async () => {
  const reports = [...(await kept.getStats()).values()];
  return reports.find(it => it.type === 'inbound-rtp' && it.kind === 'video');
}"""


@dataclass(frozen=True)
class Behind:
    """A page in a call, behind a relay."""

    page: Page
    relay: Relay

    def shown(self, seconds: float) -> list[float]:
        """When pictures were shown in that time; the first and the last value are its ends."""
        self.page.evaluate("shown.length = 0, shown.push(performance.now())")
        self.page.wait_for_timeout(1000 * seconds)
        times: list[float] = self.page.evaluate("[...shown, performance.now()]")
        return times

    def stats(self) -> dict[str, float]:
        """What the browser counts of the pictures."""
        found: dict[str, float] = self.page.evaluate(STATS)
        return found

    def down(self) -> Count:
        return self.relay.counts()["down"]

    def reaches(self, low: float, high: float, seconds: float) -> tuple[float, float]:
        """The first second's bit rate that is between, and after how long."""
        start = time.monotonic()
        rates = []
        while time.monotonic() - start < seconds:
            before, since = self.down().bytes, time.monotonic()
            self.page.wait_for_timeout(1_000)
            rates.append(8 * (self.down().bytes - before) / (time.monotonic() - since))
            if low <= rates[-1] <= high:
                return rates[-1], time.monotonic() - start
        raise AssertionError(f"kbit/s: {[round(it / 1000) for it in rates]}")


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    folder = tmp_path_factory.mktemp("beeps")
    with probed() as url, Relay(5) as relay, beeping_browser(folder) as browser:
        page = browser.new_page()
        page.add_init_script(KEEP)
        lead_page(page, relay)
        call(page, url)
        page.evaluate(WATCH)
        page.wait_for_timeout(3_000)
        yield Behind(page, relay)
        page.close()


@pytest.mark.parametrize("name", WEATHERS)
def test_nothing_freezes(behind: Behind, name: str) -> None:
    """Each way; what is lost of the pictures is asked for and sent again."""
    weather = WEATHERS[name]
    before, lost = behind.stats(), behind.down().lost
    behind.relay.weather(weather)
    shown = behind.shown(SECONDS)
    behind.relay.weather(CLEAR)
    behind.page.wait_for_timeout(1000 * REPAIR_SECONDS)
    after = behind.stats()
    more = {figure: after.get(figure, 0) - before.get(figure, 0) for figure in FIGURES}
    longest = float(np.diff(shown).max())
    print(
        f"{name}: longest gap {longest:.0f} ms, {len(shown) / SECONDS:.1f} shown a second, "
        f"{behind.down().lost - lost} lost, {more}"
    )
    assert longest < FREEZE_MS
    assert len(shown) > 0.95 * 25 * SECONDS
    if weather.loss:
        assert more["nackCount"] > 0 and more["retransmittedPacketsReceived"] > 0
        assert more["pliCount"] == 0, "nothing was given up"


FIGURES: Final = ("nackCount", "pliCount", "retransmittedPacketsReceived", "freezeCount")


def test_a_second_without_a_network(behind: Behind) -> None:
    behind.relay.weather(CUT)
    behind.page.wait_for_timeout(1000 * BLACKOUT_SECONDS)
    behind.relay.weather(CLEAR)
    shown = behind.shown(BACK_SECONDS + 3.0)
    gaps = np.diff(shown)
    back = float(shown[1 + int(np.argmax(gaps))] - shown[0]) if gaps.max() > 100 else 0.0
    print(f"in motion again {back:.0f} ms after the network")
    assert back < 1000 * BACK_SECONDS
    late = [it for it in shown if it - shown[0] > 1000 * BACK_SECONDS]
    assert len(late) > 0.9 * 25 * 3.0


def test_the_bit_rate_follows_a_narrow_link_and_recovers(behind: Behind) -> None:
    behind.relay.weather(CLEAR)  # whatever became of a try before
    behind.page.wait_for_timeout(3_000)
    before, _ = behind.reaches(NARROW, 1e9, RECOVERS_SECONDS)
    behind.relay.weather(down=Weather(rate=NARROW))
    low, followed = behind.reaches(0, NARROW, FOLLOWS_SECONDS)
    behind.page.wait_for_timeout(3_000)
    dropped = behind.down().overflowed
    shown = behind.shown(4.0)
    longest, over = float(np.diff(shown).max()), behind.down().overflowed - dropped
    behind.relay.weather(CLEAR)
    high, recovered = behind.reaches(1.3 * NARROW, 1e9, RECOVERS_SECONDS)
    print(
        f"{before / 1000:.0f} kbit/s; {low / 1000:.0f} after {followed:.0f} s, then {over} packets "
        f"too many, longest gap {longest:.0f} ms; {high / 1000:.0f} after {recovered:.0f} s"
    )
    assert over < 5, "it fits"
    assert longest < FREEZE_MS
