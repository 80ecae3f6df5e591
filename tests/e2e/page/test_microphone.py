"""The page's microphones: which there are, which is used, and whether it hears anything."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.support.page import call, expect_state

pytestmark = pytest.mark.e2e
SECOND = "Fake Audio Input 2"


def unplug(page: Page) -> None:
    """Let all microphones of that name go, as the browser tells it."""
    page.evaluate(
        """name => {
          const { mediaDevices } = navigator;
          const really = mediaDevices.enumerateDevices.bind(mediaDevices);
          mediaDevices.enumerateDevices = async () =>
            (await really()).filter(({ label }) => label !== name);
          mediaDevices.dispatchEvent(new Event("devicechange"));
          window.opened.at(-1).dispatchEvent(new Event("ended"));
        }""",
        SECOND,
    )


def watch_opening(page: Page) -> None:
    """Keep the tracks that are opened in `opened`, and what was wanted in `wanted`."""
    page.evaluate(
        """() => {
          const { mediaDevices } = navigator;
          const really = mediaDevices.getUserMedia.bind(mediaDevices);
          Object.assign(window, { opened: [], wanted: [] });
          mediaDevices.getUserMedia = async (given) => {
            wanted.push(given.audio.deviceId?.exact ?? null);
            const stream = await really(given);
            opened.push(...stream.getAudioTracks());
            return stream;
          };
        }"""
    )


def test_another_microphone_is_used_at_once_and_remembered(page: Page) -> None:
    watch_opening(page)
    call(page)
    expect(page.locator("#microphones option")).to_have_count(3)
    page.get_by_label("Which microphone").select_option(label=SECOND)
    page.wait_for_function("() => opened.length === 2 && opened[0].readyState === 'ended'")
    assert page.evaluate("opened[1].label") == SECOND
    expect_state(page, "listening")
    page.reload()
    expect(page.locator("#start")).to_be_enabled()
    expect(page.locator("#microphones option:checked")).to_have_text(SECOND)
    watch_opening(page)
    call(page)
    assert page.evaluate("opened[0].label") == SECOND


def test_a_microphone_that_is_unplugged_is_replaced_with_a_notice(page: Page) -> None:
    watch_opening(page)
    call(page)
    page.get_by_label("Which microphone").select_option(label=SECOND)
    page.wait_for_function("() => opened.length === 2")
    unplug(page)
    expect(page.locator("#remark")).to_contain_text("The microphone was unplugged.")
    expect(page.locator("#remark")).to_contain_text("Fake Default Audio Input is used instead.")
    expect(page.locator("#microphones option")).to_have_count(2)
    expect_state(page, "listening")
    assert page.evaluate("[wanted.at(-1), opened[1].readyState]") == [None, "ended"]


def test_a_microphone_of_another_day_that_is_gone_is_replaced_with_a_notice(page: Page) -> None:
    page.evaluate("localStorage.setItem('visavis-microphone', 'sold')")
    call(page)
    expect(page.locator("#remark")).to_contain_text("The microphone that you chose is not there.")
    expect(page.locator("#microphones option:checked")).to_have_text("Fake Default Audio Input")


def test_the_last_microphone_that_goes_is_a_problem(page: Page) -> None:
    watch_opening(page)
    call(page)
    page.evaluate(
        """() => {
          navigator.mediaDevices.getUserMedia = async () => {
            throw new DOMException("none", "NotFoundError");
          };
          opened[0].dispatchEvent(new Event("ended"));
        }"""
    )
    expect(page.get_by_role("alert")).to_contain_text("No microphone was found")
    expect(page.locator("body")).to_have_attribute("data-phase", "call")


def test_the_level_moves_with_the_voice_and_rests_when_muted(page: Page) -> None:
    expect(page.get_by_role("meter")).to_have_count(0)
    call(page)
    page.wait_for_function(
        "() => Number(document.querySelector('#level').getAttribute('aria-valuenow')) >= 30"
    )
    page.get_by_role("button", name="Mute").click()
    expect(page.get_by_role("meter")).to_have_attribute("aria-valuenow", "0")


def test_a_microphone_that_gives_nothing_is_pointed_out(page: Page) -> None:
    page.evaluate(
        """() => {
          navigator.mediaDevices.getUserMedia = async () =>
            new AudioContext().createMediaStreamDestination().stream;
        }"""
    )
    call(page)
    expect(page.locator("#remark")).to_contain_text("No sound at all", timeout=10_000)
