"""The page during a call, with a far end inside the page (tests/support/answering_peer.js)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from server.protocol import ControlMessage, InterruptMessage, StateMessage, StatsMessage
from tests.support.browser import Complaints, chromium
from tests.support.page import ADDRESS, open_page

pytestmark = pytest.mark.e2e
FAR_END = Path(__file__).parents[1] / "support" / "answering_peer.js"
FIRST_PICTURE_MS = 5_000  # on a busy machine; the target with a server is 1,500


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = open_page(browser)
    complaints = Complaints(page)
    page.add_init_script(path=FAR_END)
    page.goto(ADDRESS)
    expect(page.locator("#name")).to_have_text("Ada")
    yield page
    page.close()
    assert complaints.found == []


def call(page: Page, voice: str = "Microphone") -> None:
    page.locator("#voice-modes").get_by_text(voice).click()
    page.locator("#start").click()
    expect(page.locator("body")).to_have_attribute("data-alive", "")


def say(page: Page, message: StateMessage | StatsMessage) -> None:
    """Let the far end send a message."""
    page.evaluate("message => far.say(message)", message.model_dump())


def sent(page: Page, count: int) -> list[dict[str, Any]]:
    """Wait until the page has sent so many messages (pings apart)."""
    page.wait_for_function("count => far.messages.length >= count", arg=count)
    messages: list[dict[str, Any]] = page.evaluate("far.messages")
    return messages


def expect_state(page: Page, state: str) -> None:
    expect(page.locator("body")).to_have_attribute("data-state", state)


def is_silent(page: Page) -> bool:
    return bool(page.evaluate("document.querySelector('#live').muted"))


def test_the_presenter_comes_alive_and_the_microphone_is_heard(page: Page) -> None:
    call(page)
    expect_state(page, "listening")
    assert int(page.evaluate("document.body.dataset.first")) < FIRST_PICTURE_MS
    assert page.evaluate("far.heard.readyState") == "live"
    assert is_silent(page), "one would hear oneself, late"
    page.get_by_role("button", name="Sound").click()
    assert not is_silent(page)


def test_states_are_told_in_words(page: Page) -> None:
    call(page)
    say(page, StateMessage(state="speaking"))
    expect(page.get_by_role("status")).to_have_text("Speaking")
    page.get_by_role("button", name="Interrupt").click()
    assert sent(page, 1) == [InterruptMessage().model_dump()]
    say(page, StateMessage(state="interrupted"))
    say(page, StateMessage(state="idle"))
    expect(page.get_by_role("status")).to_have_text("Interrupted")
    expect(page.get_by_role("status")).to_have_text("Listening")
    page.get_by_role("button", name="Mute").click()
    expect_state(page, "muted")
    say(page, StateMessage(state="ended", reason="the server is stopping"))
    expect(page.get_by_role("status")).to_have_text("Call ended: the server is stopping")
    expect(page.locator("#start")).to_be_visible()


def test_a_slider_sends_its_last_value_once(page: Page) -> None:
    call(page)
    slider = page.locator("[name='pose.gain']")
    for value in ("0.2", "0.4", "0.6"):
        slider.fill(value)
    page.get_by_label("Emotion").get_by_text("Sad").click()
    messages = sent(page, 1)
    patch = ControlMessage.model_validate(messages[-1]).controls
    assert patch.pose is not None and patch.pose.gain == 0.6
    assert len(messages) + int(patch.emotion is None) <= 2


def test_controls_of_the_server_are_shown(page: Page) -> None:
    call(page)
    page.evaluate(
        "far.say({type: 'controls', controls: {...far.controls, emotion: 'happy', blink: 0.5}})"
    )
    expect(page.locator("[name=blink]")).to_have_value("0.5")
    expect(page.locator("[name=emotion][value=happy]")).to_be_checked()


def test_a_sample_needs_no_microphone_and_is_heard(page: Page) -> None:
    call(page, "Sample sentence")
    assert not is_silent(page)
    expect(page.get_by_role("button", name="Mute")).to_be_hidden()
    page.get_by_role("button", name="Second").click()
    expect(page.get_by_role("button", name="Second")).to_have_attribute("aria-pressed", "true")
    page.locator("#voice-modes").get_by_text("Microphone").click()
    expect(page.get_by_role("button", name="Mute")).to_be_visible()
    assert is_silent(page)


def test_figures_are_shown(page: Page) -> None:
    call(page)
    stats = StatsMessage(pictures=250, repeated=3, dropped_ms=0.0, latency_ms=151.6, render_ms=7.43)
    say(page, stats)
    page.get_by_text("Figures").click()
    expect(page.locator("#figure-latency")).to_have_text("152")
    expect(page.locator("#figure-render")).to_have_text("7.4")
    expect(page.locator("#figure-rate")).to_have_text("25", timeout=15_000)


def test_a_lost_connection_offers_to_call_again(page: Page) -> None:
    call(page)
    page.evaluate("far.peer.close()")
    expect_state(page, "lost")
    expect(page.get_by_role("alert")).to_contain_text("connection was lost")
    assert page.evaluate("far.ended"), "the place is given back"
    page.get_by_role("button", name="Call again").click()
    expect(page.locator("body")).to_have_attribute("data-alive", "")


def test_hanging_up_gives_the_place_back(page: Page) -> None:
    call(page)
    page.get_by_role("button", name="End").click()
    expect_state(page, "ended")
    assert page.evaluate("far.ended")
    expect(page.locator("#start")).to_be_focused()


def test_the_presenter_is_seen_while_the_browser_asks_for_the_microphone(page: Page) -> None:
    page.evaluate(
        """() => {
          const { mediaDevices, permissions } = navigator;
          const really = mediaDevices.getUserMedia.bind(mediaDevices);
          const allowed = new Promise((resolve) => (window.allow = resolve));
          mediaDevices.getUserMedia = (wanted) => allowed.then(() => really(wanted));
          permissions.query = async () => ({ state: "prompt" });
        }"""
    )
    call(page)
    expect(page.get_by_role("status")).to_have_text("Allow the microphone")
    page.evaluate("allow()")
    expect(page.get_by_role("status")).to_have_text("Listening")


def test_a_silent_server_counts_as_lost(page: Page) -> None:
    page.clock.install()
    call(page)
    page.evaluate("far.channel.send = () => {}")
    page.clock.run_for(12_000)
    expect_state(page, "lost")
