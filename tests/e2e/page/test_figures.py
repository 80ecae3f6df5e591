"""The page's panel of the connection: where the time goes, and when it is called weak."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from server.protocol import QueueStats, StageStats, StatsMessage
from tests.support.page import call, say

pytestmark = pytest.mark.e2e
STATS = StatsMessage(
    pictures=250,
    repeated=3,
    dropped_ms=0.0,
    latency_ms=151.6,
    render_ms=7.43,
    stages={
        "decoded": StageStats(p50_ms=12.0, p95_ms=20.0),
        "rendered": StageStats(p50_ms=7.4, p95_ms=11.0),
        "polished_twice": StageStats(p50_ms=80.6, p95_ms=90.0),
    },
    queues={"voice": QueueStats(depth=1, capacity=125, dropped=4)},
    bitrate=1_430_000,
    codec="VP8",
    viewers=3,
    lost=2,
)
REPORTS = """changes => {
  const really = RTCPeerConnection.prototype.getStats;
  RTCPeerConnection.prototype.getStats = async function () {
    const reports = [...(await really.call(this)).values()].map((it) => {
      const base = it.type === "inbound-rtp" && it.kind === "video" ? changes.video : null;
      const grown = {};
      const seconds = (window.asked = (window.asked ?? 0) + (base ? 1 : 0));
      for (const [name, step] of Object.entries(base?.each ?? {})) grown[name] = step * seconds;
      return { ...it, ...base?.fixed, ...grown };
    });
    return new Map(reports.map((it) => [it.id, it]));
  };
}"""


def pretend(page: Page, *, fixed: dict[str, float], each: dict[str, float]) -> None:
    """Let the browser count pictures like that: fixed values, and steps a second."""
    page.evaluate(REPORTS, {"video": {"fixed": fixed, "each": each}})


def test_the_server_s_stages_are_shown_in_their_order_with_their_names(page: Page) -> None:
    call(page)
    say(page, STATS)
    page.locator("#timing > summary").click()
    steps = page.locator("#budget-steps tr")
    expect(steps.nth(0)).to_have_text("Sound unpacked12.020.0")
    expect(steps.nth(1)).to_have_text("Picture drawn7.411.0")
    expect(steps.nth(2)).to_have_text("Polished twice80.690.0")
    expect(page.locator("[data-step=network]")).to_be_visible()
    bar = page.locator("#budget-bar > *")
    widths: list[float] = bar.evaluate_all("all => all.map((one) => one.offsetWidth)")
    assert widths[2] == max(widths), "the longest step is the longest piece"
    whole = page.locator("#timing-brief").inner_text()
    assert 100 <= int(whole.removesuffix(" ms")) < 1_000, "all steps, the network among them"


def test_figures_and_queues_are_shown(page: Page) -> None:
    call(page)
    say(page, STATS)
    page.locator("#timing > summary").click()
    expect(page.locator("#figure-latency")).to_have_text("152 ms")
    expect(page.locator("#figure-render")).to_have_text("7.4 ms")
    expect(page.locator("#figure-bitrate")).to_have_text("1.43 Mbit/s")
    expect(page.locator("#figure-viewers")).to_have_text("3")
    expect(page.locator("#figure-lost")).to_have_text("0 here, 2 there")
    expect(page.locator("#figure-rate")).to_have_text("25", timeout=15_000)
    expect(page.locator("[data-queue=voice]")).to_have_text("Voice stream, milliseconds1 of 1254")


def test_a_closed_panel_is_left_alone(page: Page) -> None:
    call(page)
    say(page, STATS)
    page.wait_for_timeout(1_500)
    assert page.locator("#budget-steps tr").count() == 0


def test_the_page_s_own_times_come_from_the_browser_s_counters(page: Page) -> None:
    counted: dict[str, Any] = {
        "jitterBufferEmittedCount": 25,
        "jitterBufferDelay": 25 * 0.040,
        "framesDecoded": 25,
        "totalDecodeTime": 25 * 0.003,
    }
    call(page)
    pretend(page, fixed={"freezeCount": 2, "framesDropped": 7}, each=counted)
    page.locator("#timing > summary").click()
    expect(page.locator("[data-step=buffer]")).to_contain_text("40.0")
    expect(page.locator("[data-step=shown]")).to_contain_text("3.0")
    expect(page.locator("#figure-freezes")).to_have_text("2")
    expect(page.locator("#figure-dropped")).to_have_text("7")


@pytest.mark.parametrize(
    ("fixed", "each", "words"),
    [
        ({}, {"packetsLost": 10, "packetsReceived": 90}, "some of it gets lost"),
        ({"jitter": 0.08}, {}, "it comes unevenly"),
    ],
)
def test_a_weak_connection_is_told_in_words(
    page: Page, fixed: dict[str, float], each: dict[str, float], words: str
) -> None:
    call(page)
    pretend(page, fixed=fixed, each=each)
    expect(page.locator("#connection")).to_have_text(f"Weak connection: {words}", timeout=10_000)
    expect(page.locator("#connection-brief")).to_have_text("Weak")


def test_a_slow_connection_is_told_and_taken_back(page: Page) -> None:
    call(page)
    page.evaluate(
        """() => {
          window.quick = far.say;
          far.say = (message) => setTimeout(() => quick(message), 600);
        }"""
    )
    expect(page.locator("#connection")).to_have_text(
        "Weak connection: it answers slowly", timeout=15_000
    )
    page.evaluate("() => { far.say = quick; }")
    expect(page.locator("#connection")).to_be_empty(timeout=15_000)
