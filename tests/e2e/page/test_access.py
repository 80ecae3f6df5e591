"""The page for everybody: with a keyboard, a screen reader, a small screen, without motion."""

from __future__ import annotations

from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from server.protocol import RecordingMessage, StateMessage, StatsMessage
from tests.support.axe import unfold, violations
from tests.support.page import call, expect_state, far_page, say

pytestmark = pytest.mark.e2e
STATS = StatsMessage(pictures=25, repeated=0, dropped_ms=0.0, latency_ms=150.0, render_ms=7.0)


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.id"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(page: Page, scheme: Literal["light", "dark"]) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # no half-faded colours
    unfold(page)
    assert violations(page) == [], "before the call"
    call(page)
    unfold(page)
    say(page, STATS)
    say(page, RecordingMessage(state="running"))
    say(page, StateMessage(state="draining"))
    expect(page.locator("#connection")).not_to_be_empty()
    assert violations(page) == [], "in the call"
    page.evaluate("far.offline = true; far.vanish()")
    expect_state(page, "trying")
    assert violations(page) == [], "in trouble"
    page.locator("#end").click()
    expect_state(page, "ended")
    assert violations(page) == [], "after the call, with a problem"


def test_a_call_by_keyboard_alone(page: Page) -> None:
    def tab_to(name: str) -> None:
        for _ in range(25):
            page.keyboard.press("Tab")
            if focused(page) == name:
                return
        pytest.fail(f"{name} is not reached with the Tab key")

    tab_to("voice-microphone")
    page.keyboard.press("ArrowRight")
    tab_to("start")
    page.keyboard.press("Enter")
    expect(page.locator("body")).to_have_attribute("data-alive", "")
    assert focused(page) == "end", "the button that was pressed is gone"
    page.keyboard.press("Shift+Tab")
    assert focused(page) == "record"
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    assert page.evaluate(outline) == "solid", "the focus is seen"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect_state(page, "ended")
    assert focused(page) == "start"


def test_nothing_is_announced_again_and_again(page: Page) -> None:
    call(page)
    unfold(page)
    expect(page.locator("body")).to_have_attribute("data-state", "quiet", timeout=10_000)
    page.evaluate(
        """() => {
          window.announced = [];
          const spoken = "[role=status], [role=alert], [aria-live]";
          const watch = new MutationObserver((changes) =>
            announced.push(...changes.map(({ target }) => target.textContent)));
          for (const one of document.querySelectorAll(spoken)) {
            watch.observe(one, { childList: true, characterData: true, subtree: true });
          }
        }"""
    )
    for _ in range(3):
        say(page, STATS)
        page.wait_for_timeout(1_000)
    assert page.evaluate("announced") == []
    say(page, StateMessage(state="draining"))
    say(page, StateMessage(state="draining"))
    expect(page.locator("#connection")).not_to_be_empty()
    assert page.evaluate("announced") == ["The server is about to stop"]


@pytest.mark.parametrize("size", [(320, 568), (360, 740), (740, 360), (768, 1024), (1440, 900)])
def test_a_call_fits_the_width_of_a_screen(browser: Browser, size: tuple[int, int]) -> None:
    with far_page(browser, width=size[0], height=size[1]) as page:
        call(page)
        unfold(page)
        say(page, STATS)
        say(page, RecordingMessage(state="running"))
        say(page, StateMessage(state="draining"))
        expect(page.locator("#recorded")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
        frame = page.locator(".frame").bounding_box()
        assert frame is not None
        for name in ("#connection", "#recorded", "#mute", "#end"):
            box = page.locator(name).bounding_box()
            assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= size[0]
        stage = page.locator(".stage").bounding_box()
        end = page.locator("#end").bounding_box()
        assert stage is not None and end is not None
        assert end["x"] + end["width"] <= stage["x"] + stage["width"], "over what is beside it"
        pill = page.locator("#connection").bounding_box()
        assert pill is not None and pill["x"] + pill["width"] <= frame["x"] + frame["width"]


def test_nothing_moves_for_those_who_asked_for_that(page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")
    call(page)
    say(page, StateMessage(state="speaking"))
    say(page, RecordingMessage(state="running"))
    expect(page.locator("#recorded")).to_be_visible()
    moving = "document.getAnimations().length"
    assert page.evaluate(moving) == 0
    page.emulate_media(reduced_motion="no-preference")
    page.wait_for_function(f"() => {moving} > 0")
