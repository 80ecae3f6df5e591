"""The page when its connection breaks: it says so, keeps the picture, and comes back."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Browser, Page, expect

from server.protocol import SessionRequest, StateMessage
from tests.support.page import call, expect_state, far_page, say, sent
from tests.support.watching import KEEP_PEERS

pytestmark = pytest.mark.e2e


def test_a_broken_connection_is_made_again_for_the_same_session(page: Page) -> None:
    call(page)
    microphone = page.evaluate("far.tracks.audio.id")
    page.evaluate("far.offline = true; far.vanish()")
    expect_state(page, "trying")
    expect(page.locator("#connection")).to_have_text("Connection lost. Trying again…")
    expect(page.locator("#still")).to_be_visible()
    assert page.evaluate("document.querySelector('#still').width") == 256, "the last picture"
    page.evaluate("far.offline = false")
    expect_state(page, "listening")
    expect(page.locator("#still")).to_be_hidden()
    expect(page.locator("#connection")).to_be_empty()
    assert set(page.evaluate("far.offered")) == {"a"}
    assert page.evaluate("[far.requests.length, far.ended]") == [1, []]
    assert page.evaluate("far.tracks.audio.readyState") == "live"
    assert microphone, "its sound is sent on"
    page.get_by_role("button", name="End").click()
    assert page.evaluate("far.ended") == ["a"]


def test_who_comes_back_asks_for_passwords_that_still_open_relays(browser: Browser) -> None:
    """A session lasts an hour, a password minutes."""
    with far_page(browser, script=KEEP_PEERS) as page:
        relay = {"urls": ["turn:127.0.0.1:9"], "credential": "x"}
        page.evaluate("relay => (far.relays = [relay])", {**relay, "username": "first"})
        call(page)
        page.evaluate("relay => (far.relays = [relay])", {**relay, "username": "second"})
        page.evaluate("far.vanish()")
        page.wait_for_function("() => far.offered.length === 2")
        names = page.evaluate("peers.map((it) => it.getConfiguration().iceServers[0].username)")
        assert names == ["first", "second"]
        expect_state(page, "listening")


def test_a_session_that_is_gone_is_replaced_by_one_like_it(page: Page) -> None:
    page.get_by_role("radio", name="Kenji").check(force=True)
    call(page)
    page.get_by_label("Emotion").get_by_text("Happy").click()
    page.locator("#picture > summary").click()
    page.get_by_text("Balanced", exact=True).click()
    sent(page, 2)
    page.evaluate("far.forgotten.add('a'); far.vanish()")
    page.wait_for_function("() => far.offered.includes('b')")
    expect_state(page, "listening")
    request = SessionRequest.model_validate(json.loads(page.evaluate("far.requests[1]")))
    assert (request.presenter, request.quality) == ("kenji", "medium")
    assert request.controls.emotion == "happy"
    assert page.evaluate("far.ended") == [], "what is gone needs no end"


def test_what_was_changed_meanwhile_is_sent_afterwards(page: Page) -> None:
    call(page)
    page.evaluate("far.offline = true; far.vanish()")
    expect_state(page, "trying")
    page.get_by_label("Emotion").get_by_text("Sad").click()
    page.wait_for_timeout(300)
    page.evaluate("far.offline = false; dispatchEvent(new Event('online'))")
    messages = sent(page, 2)
    assert {"type": "control", "controls": {"emotion": "sad"}} in messages
    assert {"type": "quality", "quality": "high"} in messages


def test_a_silent_server_counts_as_lost(page: Page) -> None:
    page.clock.install()
    call(page)
    page.evaluate("far.offline = true; far.answersPings = false")
    page.clock.run_for(8_000)
    expect_state(page, "trying")


def test_pings_go_on_all_the_time(page: Page) -> None:
    page.clock.install()
    call(page)
    page.clock.run_for(30_000)
    expect_state(page, "quiet")
    expect(page.locator("body")).to_have_attribute("data-connection", "live")


def test_back_online_after_the_network_changed(page: Page) -> None:
    call(page)
    page.evaluate("far.answersPings = false; dispatchEvent(new Event('online'))")
    page.wait_for_function("() => far.offered.length === 2")
    page.evaluate("far.answersPings = true")
    expect_state(page, "listening")


def test_gives_up_with_a_word_and_a_button(page: Page) -> None:
    page.clock.install()
    call(page)
    page.evaluate("far.offline = true; far.vanish()")
    expect_state(page, "trying")
    for _ in range(25):
        page.clock.run_for(1_000)
    expect_state(page, "lost")
    expect(page.get_by_role("alert")).to_contain_text("connection was lost")
    page.evaluate("far.offline = false")
    page.get_by_role("button", name="Call again").click()
    page.clock.run_for(2_000)
    expect(page.locator("body")).to_have_attribute("data-alive", "")
    assert page.evaluate("far.requests.length") == 2


def test_hanging_up_while_it_is_tried_again(page: Page) -> None:
    call(page)
    page.evaluate("far.offline = true; far.vanish()")
    expect_state(page, "trying")
    page.evaluate("far.offline = false")
    page.get_by_role("button", name="End").click()
    expect_state(page, "ended")
    page.wait_for_timeout(1_000)
    expect_state(page, "ended")
    assert page.evaluate("far.requests.length") == 1


def test_the_server_tells_what_it_sees(page: Page) -> None:
    call(page)
    pill = page.locator("#connection")
    say(page, StateMessage(state="lost"))
    expect(pill).to_have_text("The server does not hear you at the moment")
    say(page, StateMessage(state="idle"))
    expect(pill).to_be_empty()
    say(page, StateMessage(state="draining"))
    expect(pill).to_have_text("The server is about to stop")
    say(page, StateMessage(state="ended", reason="it reached its longest time"))
    expect(page.locator("#state")).to_have_text("Call ended: the longest time for a call is over")
    assert page.evaluate("far.offered") == ["a"], "an end is not a loss"
