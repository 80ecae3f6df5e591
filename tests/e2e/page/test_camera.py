"""The page's camera: who is followed, where, what leaves the page, and what is said about it."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from engine.arkit import EXPRESSION, MOUTH
from engine.studio import Studio
from server.protocol import (
    CalibrateMessage,
    CameraStats,
    ControlMessage,
    MotionMessage,
    StatsMessage,
)
from tests.support.axe import unfold, violations
from tests.support.browser import Complaints, chromium
from tests.support.files import served
from tests.support.packages import ROOT, tracker_of_the_page
from tests.support.page import (
    ADDRESS,
    FAR_END,
    PEOPLE,
    call,
    expect_state,
    far_page,
    open_page,
    say,
    sent,
)
from tests.support.watching import KEEP_PEERS, SENT_PICTURES

pytestmark = pytest.mark.e2e
SHOW = """async (jpegs) => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 640, height: 480 });
  const drawing = canvas.getContext("2d");
  const faces = await Promise.all(jpegs.map(async (jpeg) => {
    const image = new Image();
    image.src = `data:image/jpeg;base64,${jpeg}`;
    await image.decode();
    return image;
  }));
  setInterval(() => {
    drawing.fillRect(0, 0, 640, 480);
    faces.forEach((face, index) =>
      drawing.drawImage(face, 320 * index, 100, 320 - 80 * index, 320 - 80 * index));
  }, 40);
  const really = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (wanted) =>
    wanted.video ? canvas.captureStream(25) : really(wanted);
}"""
"""Puts these faces, none or several, before the camera."""


def camera_stats(
    state: Literal["absent", "learning", "following", "lost"],
    tracker: Literal["page", "server"],
    *,
    quality: float = 0.98,
) -> StatsMessage:
    camera = CameraStats(
        state=state,
        tracker=tracker,
        rate=29.0,
        quality=quality,
        latency_ms=61.6,
        late=1,
        dropped=2,
    )
    return StatsMessage(
        pictures=25, repeated=0, dropped_ms=0.0, latency_ms=150.0, render_ms=7.0, camera=camera
    )


def turn_on(page: Page) -> None:
    page.get_by_role("switch", name="Follow my face").check()


def expect_followed(page: Page, word: str) -> None:
    expect(page.locator("body")).to_have_attribute("data-following", word)


@pytest.fixture(scope="module")
def tracker() -> Iterator[str]:
    tracker_of_the_page()
    with served(ROOT) as address:
        yield address


@pytest.fixture(scope="module")
def browser(camera: Path) -> Iterator[Browser]:
    with chromium(camera=camera) as browser:
        yield browser


@pytest.fixture
def page(browser: Browser, tracker: str) -> Iterator[Page]:
    with far_page(browser, tracker=tracker) as page:
        yield page


@pytest.fixture
def without(browser: Browser) -> Iterator[Page]:
    """A page whose server lacks what the tracker in the browser is made of."""
    page = open_page(browser)
    complaints = Complaints(page)
    page.route("**/vendor/**", lambda route: route.fulfill(status=404))
    page.add_init_script(path=FAR_END)
    page.add_init_script(KEEP_PEERS)
    page.goto(ADDRESS)
    yield page
    page.close()
    missing = "Failed to load resource: the server responded with a status of 404"
    assert [text for text in complaints.found if not text.startswith(missing)] == []


def test_readings_are_sent_and_no_picture(browser: Browser, tracker: str) -> None:
    with far_page(browser, script=KEEP_PEERS, tracker=tracker) as page:
        turn_on(page)
        expect_followed(page, "ready")
        expect(page.locator("#place-words")).to_contain_text("pictures stay here")
        call(page)
        page.wait_for_function("() => far.motions.length > 20")
        messages = [MotionMessage.model_validate(it) for it in page.evaluate("far.motions")]
        assert page.evaluate(SENT_PICTURES) == 0
        assert not page.evaluate("far.tracks.video?.muted === false"), "nothing to be seen there"
    for message in messages:
        assert message.driver and message.face and message.matrix
        assert message.vector is not None and len(message.vector) == len(MOUTH) + len(EXPRESSION)
    times = [message.time for message in messages]
    assert times == sorted(set(times)), "each picture once, in their order"
    jaws = [message.vector[MOUTH.index("jawOpen")] for message in messages if message.vector]
    assert max(jaws) - min(jaws) > 0.1, "the person in the clip speaks"


def test_the_session_is_asked_to_follow_the_camera(page: Page) -> None:
    turn_on(page)
    call(page)
    request = page.evaluate("JSON.parse(far.requests[0]).controls")
    camera = {"source": "camera"}
    assert request == {"pose": camera, "expression": camera, "voice_first": True}


def test_on_and_off_in_the_call(page: Page) -> None:
    call(page)
    button = page.get_by_role("button", name="Camera")
    button.click()
    expect_followed(page, "waiting")
    page.wait_for_function("() => far.motions.length > 2")
    button.click()
    expect(page.locator("#self-view")).to_be_hidden()
    assert page.evaluate("document.querySelector('#self').srcObject") is None
    count = page.evaluate("far.motions.length")
    on, off = (ControlMessage.model_validate(it).controls for it in sent(page, 2))
    assert on.pose and on.expression and off.pose and off.expression
    assert (on.mouth, on.pose.source, on.expression.source) == (None, "camera", "camera")
    assert (off.mouth, off.pose.source, off.expression.source) == (None, "idle", "idle")
    page.wait_for_timeout(300)
    assert page.evaluate("far.motions.length") <= count + 1


def test_hanging_up_closes_the_camera(page: Page) -> None:
    turn_on(page)
    expect_followed(page, "ready")
    page.evaluate("window.seen = document.querySelector('#self').srcObject.getTracks()[0]")
    call(page)
    page.get_by_role("button", name="End").click()
    expect(page.get_by_role("switch", name="Follow my face")).not_to_be_checked()
    assert page.evaluate("seen.readyState") == "ended"


def test_oneself_is_seen_as_in_a_mirror(page: Page) -> None:
    turn_on(page)
    expect(page.locator("#self-view")).to_be_visible()
    transform = page.locator("#self").evaluate("it => getComputedStyle(it).transform")
    assert transform == "matrix(-1, 0, 0, 1, 0, 0)"
    page.wait_for_function("() => document.querySelector('#self').videoWidth === 640")


def test_how_one_is_followed_is_told_in_words(page: Page) -> None:
    turn_on(page)
    call(page)
    words = page.locator("#following")
    expect(words).to_have_text("Waiting for the server")
    say(page, camera_stats("learning", "page"))
    expect(words).to_have_text("Learning your face at rest")
    say(page, camera_stats("following", "page"))
    expect(words).to_have_text("Following you")
    expect(page.locator("#self-words")).to_be_empty()
    say(page, camera_stats("lost", "page"))
    expect(words).to_have_text("Lost you for a moment")
    expect(page.locator("#self-words")).to_have_text("Lost you for a moment")


@pytest.mark.parametrize(
    ("presenters", "words"),
    [((), "No face is seen"), (("samuel", "ada"), "Two faces: one of them is followed")],
)
def test_nobody_and_two_are_told_in_words(
    page: Page, studio: Studio, presenters: tuple[str, ...], words: str
) -> None:
    jpegs = [base64.b64encode(studio.presenter_picture(name)).decode() for name in presenters]
    page.evaluate(SHOW, jpegs)
    turn_on(page)
    expect(page.locator("#following")).to_have_text(words)
    call(page)
    page.wait_for_function("() => far.motions.length > 2")
    message = MotionMessage.model_validate(page.evaluate("far.motions.at(-1)"))
    assert message.face is bool(presenters)
    assert message.matrix is None or message.matrix[12] < 0, "the larger one, on the left"
    assert (message.vector is None) is (message.matrix is None) is not message.face


def test_recalibrating_tells_the_server(page: Page) -> None:
    expect(page.get_by_role("button", name="Recalibrate")).to_be_hidden()
    turn_on(page)
    call(page)
    page.get_by_role("button", name="Recalibrate").click()
    assert sent(page, 1) == [CalibrateMessage().model_dump()]


def test_without_a_tracker_the_server_sees_the_camera(without: Page) -> None:
    turn_on(without)
    expect(without.locator("#place-words")).to_contain_text("camera’s pictures are sent")
    call(without)
    say(without, camera_stats("following", "server"))
    expect(without.locator("#following")).to_have_text("Following you")
    say(without, camera_stats("lost", "server", quality=0.0))
    expect(without.locator("#following")).to_have_text("No face is seen")
    without.wait_for_function(f"async () => await ({SENT_PICTURES})() > 3")
    assert without.evaluate("far.motions") == []
    without.get_by_role("button", name="Camera").click()
    without.wait_for_function("() => peers.at(-1).getSenders()[1].track === null")


def test_a_camera_that_takes_another_connection_is_no_trouble(without: Page) -> None:
    call(without)
    without.evaluate("() => { far.busy = new Promise((resolve) => (far.ready = resolve)); }")
    without.get_by_role("button", name="Camera").click()
    expect_state(without, "changing")
    expect(without.locator("#state")).to_have_text("One moment")
    expect(without.locator("#connection")).to_have_text("One moment: the connection is made anew")
    without.evaluate("far.ready()")
    without.wait_for_function(f"async () => await ({SENT_PICTURES})() > 0")
    expect(without.locator("#connection")).to_be_empty()


def test_a_camera_whose_connection_does_not_come_about_is_trouble(without: Page) -> None:
    call(without)
    without.evaluate("far.offline = true")
    without.get_by_role("button", name="Camera").click()
    expect_state(without, "trying")
    expect(without.locator("#connection")).to_have_text("Connection lost. Trying again…")
    without.evaluate("far.offline = false")
    without.wait_for_function(f"async () => await ({SENT_PICTURES})() > 0")


def test_a_new_connection_shows_the_camera_again(without: Page) -> None:
    turn_on(without)
    call(without)
    without.wait_for_function(f"async () => await ({SENT_PICTURES})() > 0")
    without.evaluate("far.vanish()")
    without.wait_for_function("() => peers.length === 2")
    without.wait_for_function(f"async () => await ({SENT_PICTURES})() > 0")


def test_pictures_never_leave_against_one_s_will(without: Page) -> None:
    without.evaluate("document.querySelector('[name=place][value=browser]').click()")
    turn_on(without)
    expect(without.get_by_role("alert")).to_contain_text("cannot follow your face here")
    expect(without.get_by_role("switch", name="Follow my face")).not_to_be_checked()
    call(without)
    assert without.evaluate("peers.at(-1).getSenders()[1].track") is None
    request = without.evaluate("JSON.parse(far.requests[0]).controls")
    assert request["pose"]["source"] == "idle"


def test_faces_that_read_pictures_themselves_are_sent_pictures(
    browser: Browser, tracker: str
) -> None:
    """The browser's tracker is there, but is of no use; the camera moves what it can."""
    sources = {**PEOPLE.sources, "expression": ["idle", "still"]}
    people = PEOPLE.model_copy(update={"trackers": ["server"], "sources": sources})
    with far_page(browser, script=KEEP_PEERS, tracker=tracker, people=people) as page:
        turn_on(page)
        expect(page.locator("#place-words")).to_contain_text("camera’s pictures are sent")
        page.locator("#place > summary").click()
        expect(page.get_by_text("On the server", exact=True)).to_be_visible()
        expect(page.get_by_text("In this browser", exact=True)).to_be_hidden()
        call(page)
        request = page.evaluate("JSON.parse(far.requests[0]).controls")
        assert request == {"pose": {"source": "camera"}, "voice_first": True}
        page.wait_for_function(f"async () => await ({SENT_PICTURES})() > 3")
        assert page.evaluate("far.motions") == []


def test_the_place_is_changed_in_the_call(browser: Browser, tracker: str) -> None:
    with far_page(browser, script=KEEP_PEERS, tracker=tracker) as page:
        turn_on(page)
        call(page)
        page.wait_for_function("() => far.motions.length > 2")
        page.locator("#place > summary").click()
        page.get_by_text("On the server", exact=True).click()
        expect(page.locator("#place-words")).to_contain_text("Followed on the server")
        page.wait_for_function(f"async () => await ({SENT_PICTURES})() > 0")
        count = page.evaluate("far.motions.length")
        page.get_by_text("In this browser", exact=True).click()
        page.wait_for_function("count => far.motions.length > count", arg=count)
        assert page.evaluate("peers.at(-1).getSenders()[1].track") is None


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("NotAllowedError", "The camera is blocked"),
        ("NotFoundError", "No camera was found"),
        ("NotReadableError", "another program may be using it"),
    ],
)
def test_a_camera_that_does_not_open_is_told_in_words(page: Page, error: str, words: str) -> None:
    page.evaluate(
        """error => {
          navigator.mediaDevices.getUserMedia = async () => {
            throw new DOMException("no", error);
          };
        }""",
        error,
    )
    turn_on_in_vain = page.get_by_role("switch", name="Follow my face")
    turn_on_in_vain.click()
    expect(page.get_by_role("alert")).to_contain_text(words)
    expect(turn_on_in_vain).not_to_be_checked()
    expect(page.locator("#self-view")).to_be_hidden()


def test_a_camera_that_is_unplugged_lets_go(page: Page) -> None:
    turn_on(page)
    call(page)
    page.evaluate(
        "document.querySelector('#self').srcObject.getTracks()[0].dispatchEvent(new Event('ended'))"
    )
    expect(page.get_by_role("alert")).to_contain_text("The camera was unplugged")
    patch = ControlMessage.model_validate(sent(page, 1)[-1]).controls
    assert patch.pose is not None and patch.pose.source == "idle"
    expect(page.locator("body")).to_have_attribute("data-phase", "call")


def test_browsers_without_streams_of_pictures_follow_too(browser: Browser, tracker: str) -> None:
    script = "delete window.MediaStreamTrackProcessor"
    with far_page(browser, script=script, tracker=tracker) as page:
        turn_on(page)
        call(page)
        page.wait_for_function("() => far.motions.length > 5")


def test_a_full_channel_is_left_alone_and_counted(page: Page) -> None:
    turn_on(page)
    call(page)
    page.evaluate(
        """() => Object.defineProperty(RTCDataChannel.prototype, "bufferedAmount",
             { get: () => 20_000 })"""
    )
    page.locator("#timing > summary").click()
    left_out = page.locator("#figure-readings-dropped")
    page.wait_for_function("() => /[1-9]\\d* here/.test(document.body.innerText)")
    count = page.evaluate("far.motions.length")
    page.wait_for_timeout(300)
    assert page.evaluate("far.motions.length") == count
    expect(left_out).to_be_visible()


def test_the_camera_s_figures_are_shown(page: Page) -> None:
    turn_on(page)
    call(page)
    say(page, camera_stats("following", "page"))
    page.locator("#timing > summary").click()
    figures: dict[str, Any] = {
        "tracker": "This browser",
        "readings": "29",
        "seen": "98 %",
        "followed": "62 ms",
        "readings-late": "1",
    }
    for name, words in figures.items():
        expect(page.locator(f"#figure-{name}")).to_have_text(words)
    expect(page.locator("#figure-tracking")).to_have_text(re.compile(r"[1-9]\d* ms"))


def test_another_camera_is_remembered(page: Page) -> None:
    turn_on(page)
    expect_followed(page, "ready")
    expect(page.locator("#cameras option")).to_have_count(1)
    page.locator("#cameras").dispatch_event("change")
    kept = page.evaluate("localStorage.getItem('visavis-camera')")
    assert kept == page.locator("#cameras").input_value() != ""
    expect_followed(page, "ready")


def test_choosing_the_camera_as_a_source_does_not_open_it(page: Page) -> None:
    call(page)
    page.get_by_label("Source of mouth").select_option("camera")
    expect(page.locator("#remark")).to_contain_text("Turn the camera on")
    expect(page.get_by_role("switch", name="Follow my face")).not_to_be_checked()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_with_the_camera_on(page: Page, scheme: Literal["light", "dark"]) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    turn_on(page)
    expect_followed(page, "ready")
    unfold(page)
    assert violations(page) == [], "before the call"
    call(page)
    for title in ("mouth", "head", "expression"):
        page.get_by_label(f"Source of {title}").select_option("sliders")
    unfold(page)
    say(page, camera_stats("lost", "page"))
    expect_followed(page, "lost")
    assert violations(page) == [], "in the call"


@pytest.mark.parametrize("size", [(320, 568), (740, 360)])
def test_the_camera_fits_the_width_of_a_screen(
    browser: Browser, tracker: str, size: tuple[int, int]
) -> None:
    with far_page(browser, width=size[0], height=size[1], tracker=tracker) as page:
        turn_on(page)
        call(page)
        unfold(page)
        page.get_by_label("Source of expression").select_option("sliders")
        expect(page.locator("#self-words")).not_to_be_empty()
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
        frame = page.locator(".frame").bounding_box()
        mine = page.locator("#self-view").bounding_box()
        words = page.locator("#self-words").bounding_box()
        assert frame and mine and words
        assert frame["x"] < mine["x"] and mine["width"] < frame["width"] / 2
        assert mine["y"] + mine["height"] < frame["y"] + frame["height"]
        assert words["width"] <= mine["width"] and words["height"] < mine["height"]
