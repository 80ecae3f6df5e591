"""The page during a call, with a far end inside the page (tests/support/answering_peer.js)."""

from __future__ import annotations

import io
import json

import pytest
from PIL import Image
from playwright.sync_api import Browser, FilePayload, Page, expect

from server.protocol import (
    ColourBackground,
    ControlMessage,
    InterruptMessage,
    QualityMessage,
    SessionRequest,
    StateMessage,
)
from tests.support.page import ADDRESS, call, expect_state, far_page, picture, say, sent

pytestmark = pytest.mark.e2e
FIRST_PICTURE_MS = 5_000  # on a busy machine; the target with a server is 1,500


def is_silent(page: Page) -> bool:
    return bool(page.evaluate("document.querySelector('#live').muted"))


def test_the_presenter_comes_alive_and_the_microphone_is_heard(page: Page) -> None:
    call(page)
    expect_state(page, "listening")
    assert int(page.evaluate("document.body.dataset.first")) < FIRST_PICTURE_MS
    assert page.evaluate("far.tracks.audio.readyState") == "live"
    assert is_silent(page), "one would hear oneself, late"
    page.get_by_role("button", name="Sound").click()
    assert not is_silent(page)


def test_states_are_told_in_words(page: Page) -> None:
    call(page)
    say(page, StateMessage(state="speaking"))
    expect(page.locator("#state")).to_have_text("Speaking")
    page.get_by_role("button", name="Interrupt").click()
    assert sent(page, 1) == [InterruptMessage().model_dump()]
    say(page, StateMessage(state="interrupted"))
    say(page, StateMessage(state="idle"))
    expect(page.locator("#state")).to_have_text("Interrupted")
    expect(page.locator("#state")).to_have_text("Listening")
    page.get_by_role("button", name="Mute").click()
    expect_state(page, "muted")
    say(page, StateMessage(state="ended", reason="the server is stopping"))
    expect(page.locator("#state")).to_have_text("Call ended: the server is stopping")
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


def test_hanging_up_gives_the_place_back(page: Page) -> None:
    call(page)
    page.get_by_role("button", name="End").click()
    expect_state(page, "ended")
    assert page.evaluate("far.ended") == ["a"]
    expect(page.locator("#start")).to_be_focused()
    expect(page.locator("#live")).to_have_js_property("srcObject", None)


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
    expect(page.locator("#state")).to_have_text("Allow the microphone")
    page.evaluate("allow()")
    expect(page.locator("#state")).to_have_text("Listening")


def test_size_and_quality_go_with_the_request(page: Page) -> None:
    page.locator("#picture > summary").click()
    page.get_by_text("Small", exact=True).click()
    page.get_by_text("Saves data", exact=True).click()
    expect(page.locator("#picture-brief")).to_have_text("Small, Saves data")
    call(page)
    request = SessionRequest.model_validate(json.loads(page.evaluate("far.requests[0]")))
    assert (request.size, request.quality) == (256, "low")


def test_framing_and_background_go_with_the_request(page: Page) -> None:
    page.locator("#scene > summary").click()
    page.get_by_text("Whole picture", exact=True).click()
    page.locator("#backgrounds").get_by_text("Colour").click()
    page.locator("#background-colour").fill("#102030")
    expect(page.locator("#scene-brief")).to_have_text("Whole picture, Colour")
    call(page)
    request = SessionRequest.model_validate(json.loads(page.evaluate("far.requests[0]")))
    assert request.framing == "whole"
    assert request.background == ColourBackground(colour="#102030")
    expect(page.locator("#scene")).to_be_hidden()


def test_a_picture_for_the_background_is_asked_for_and_sent(page: Page) -> None:
    page.locator("#scene > summary").click()
    page.locator("#backgrounds").get_by_text("Picture").click()
    page.locator("#start").click()
    expect(page.get_by_role("alert")).to_contain_text("Choose a picture for the background")
    expect(page.locator("#background-button")).to_be_focused()
    wall = FilePayload(name="wall.jpg", mimeType="image/jpeg", buffer=picture())
    page.locator("#background-file").set_input_files(wall)
    expect(page.locator("#background-name")).to_have_text("wall.jpg")
    call(page)
    fields = page.evaluate("[...far.requests[0].entries()].map(([name, it]) => [name, it.type])")
    assert fields == [["settings", None], ["background", "image/jpeg"]]


@pytest.mark.parametrize(("width", "height"), [(360, 740), (1440, 900)])
@pytest.mark.parametrize("shape", [(270, 480), (480, 270)])
def test_pictures_of_any_shape_are_shown_whole(
    browser: Browser, width: int, height: int, shape: tuple[int, int]
) -> None:
    with far_page(browser, width=width, height=height) as page:
        page.evaluate(
            """([width, height]) => (far.draw = (drawing, count) => {
              const { canvas } = drawing;
              if (canvas.width !== width) Object.assign(canvas, { width, height });
              drawing.fillStyle = `hsl(${count} 50% 50%)`;
              drawing.fillRect(0, 0, width, height);
            })""",
            list(shape),
        )
        call(page)
        page.wait_for_function(
            "width => document.querySelector('#live').videoWidth === width", arg=shape[0]
        )
        frame = page.locator(".frame").bounding_box()
        assert frame is not None
        assert frame["width"] / frame["height"] == pytest.approx(shape[0] / shape[1], rel=0.02)
        assert frame["x"] >= 0 and frame["x"] + frame["width"] <= width
        page.locator("#end").click()
        expect_state(page, "ended")
        frame = page.locator(".frame").bounding_box()
        assert frame is not None and frame["width"] == pytest.approx(frame["height"], abs=1)


def test_transparency_of_a_photo_is_kept(page: Page) -> None:
    content = io.BytesIO()
    Image.new("RGBA", (64, 64), (200, 40, 40, 120)).save(content, "PNG")
    photo = FilePayload(name="me.png", mimeType="image/png", buffer=content.getvalue())
    page.locator("#photo-file").set_input_files(photo)
    expect(page.locator("#name")).to_have_text("Your photo")
    call(page)
    assert page.evaluate("far.requests[0].get('portrait').type") == "image/webp"


def test_quality_changes_in_a_running_call(page: Page) -> None:
    call(page)
    page.locator("#picture > summary").click()
    expect(page.get_by_text("Small", exact=True)).to_be_hidden()
    page.get_by_text("Balanced", exact=True).click()
    assert sent(page, 1) == [QualityMessage(quality="medium").model_dump()]


def test_two_clicks_make_one_call(page: Page) -> None:
    page.locator("#start").evaluate("button => { button.click(); button.click(); }")
    expect(page.locator("body")).to_have_attribute("data-alive", "")
    page.locator("#end").evaluate("button => { button.click(); button.click(); }")
    expect_state(page, "ended")
    assert page.evaluate("[far.requests.length, far.ended]") == [1, ["a"]]


def test_leaving_the_page_ends_the_call_and_coming_back_is_a_fresh_start(page: Page) -> None:
    call(page)
    page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))")
    assert page.evaluate("far.ended") == ["a"]
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    expect_state(page, "idle")
    call(page)
    assert page.evaluate("far.offered") == ["a", "b"]


def test_two_pages_call_at_once(browser: Browser, page: Page) -> None:
    call(page)
    with far_page(browser) as other:
        call(other)
        expect_state(other, "listening")
    expect_state(page, "listening")


def test_the_addresses_for_others_can_be_copied(page: Page) -> None:
    expect(page.locator("#share")).to_be_hidden()
    page.evaluate("navigator.clipboard.writeText = async (text) => (window.copied = text)")
    call(page)
    page.locator("#share > summary").click()
    page.get_by_role("button", name="Copy viewer address (WHEP)").click()
    expect(page.locator("#copied")).to_have_text("Copied")
    assert page.evaluate("copied") == f"{ADDRESS}whep/a"
    expect(page.locator("#address-whip")).to_have_value(f"{ADDRESS}whip/a")
