"""The whole chain: a real browser, real speech as its microphone, the real server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import httpx
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from bench.live import server
from engine.bundle import Bundle
from engine.portrait import decode_picture
from engine.tracker import FaceTracker
from engine.types import floats
from server.protocol import ErrorBody, SessionRequest
from tests.support.browser import Complaints, chromium
from tests.support.lips import SPEECH, best_lag, expected_opening, see
from tests.support.sound import loudness, offset, read
from tests.support.speech import write_wav
from tests.support.watching import KEEP_PEERS, Recorded, watch

pytestmark = [pytest.mark.e2e, pytest.mark.timing]
RECORDED_SECONDS = 14
ARTIFACTS = Path(__file__).parents[2] / "out"
FAIL = """() => {
  const peer = peers.at(-1);
  Object.defineProperty(peer, "connectionState", { value: "failed" });
  peer.dispatchEvent(new Event("connectionstatechange"));
}"""


@dataclass(frozen=True)
class Called:
    """A page in a call, and the server's address."""

    page: Page
    url: str
    complaints: Complaints


@pytest.fixture(scope="module")
def called(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Called]:
    folder = tmp_path_factory.mktemp("microphone")
    microphone = write_wav(folder / "speech.wav", read(SPEECH / "hibari.wav"), 48_000)
    with server() as (url, _, _), chromium(microphone) as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        complaints = Complaints(page)
        page.add_init_script(KEEP_PEERS)
        page.goto(url)
        page.get_by_role("radio", name="Samuel").check(force=True)
        page.locator("#voice-modes").get_by_text("Microphone").click()
        page.locator("#start").click()
        expect(page.locator("body")).to_have_attribute("data-alive", "", timeout=15_000)
        page.get_by_role("button", name="Sound").click()
        yield Called(page, url, complaints)
        assert complaints.found == []


@pytest.fixture(scope="module")
def recorded(called: Called) -> Recorded:
    recorded = watch(called.page, RECORDED_SECONDS)
    ARTIFACTS.mkdir(exist_ok=True)
    called.page.screenshot(path=ARTIFACTS / "page.png")
    return recorded


def test_the_first_picture_comes_soon_after_the_click(called: Called) -> None:
    first = int(called.page.locator("body").get_attribute("data-first") or 0)
    print(f"first picture {first} ms after the click")
    assert 0 < first < 3_000, "the target on a quiet machine is 1,500"


def test_25_pictures_a_second_and_they_move(recorded: Recorded) -> None:
    rate = (len(recorded.times) - 1) / (recorded.times[-1] - recorded.times[0])
    print(f"{rate:.1f} pictures a second shown")
    assert rate > 20
    steps = [
        np.abs(a.astype(int) - b).mean()
        for a, b in zip(recorded.pictures, recorded.pictures[1:], strict=False)
    ]
    assert np.median(steps) > 0.2


def test_it_is_the_presenter_who_was_chosen(recorded: Recorded) -> None:
    bundle = Bundle.open()
    apart = {}
    for files in bundle.manifest.presenters:
        portrait = Image.fromarray(decode_picture(bundle.read(files.picture))).resize((256, 256))
        apart[files.id] = np.abs(np.asarray(portrait).astype(int) - recorded.pictures[50]).mean()
    assert min(apart, key=lambda name: apart[name]) == "samuel"


def test_the_voice_comes_back_and_the_lips_move_with_it(recorded: Recorded) -> None:
    said = loudness(read(SPEECH / "hibari.wav"))
    heard = floats(np.log10(recorded.heard * 32_768 + 10))
    assert recorded.heard.max() > 0.02, "sound arrives"
    begun, alike = offset(heard, np.concatenate([said, said]))
    assert alike > 0.5, "and it is the microphone's"
    tracker = FaceTracker(Bundle.open().asset("tracker"), 1)
    seen = see(recorded.pictures, tracker)
    tracker.close()
    asked = expected_opening("hibari")
    correlation, lag = best_lag(np.tile(asked, 2), seen.gap, recorded.times - begun)
    print(f"browser: correlation {correlation:.2f}, lips {1000 * lag:+.0f} ms after the sound")
    assert seen.lost == 0
    assert correlation >= 0.4
    assert -0.2 <= lag <= 0.1, "a browser plays sound 60 to 100 ms after its pictures"


def test_the_data_channel_works_both_ways(called: Called) -> None:
    body = called.page.locator("body")
    expect(body).to_have_attribute("data-roundtrip", re.compile(r"\d+"))
    called.page.get_by_text("Happy", exact=True).first.click(force=True)
    expect(called.page.get_by_role("radio", name="Happy")).to_be_checked()
    called.page.get_by_role("button", name="Interrupt").click()
    expect(body).to_have_attribute("data-state", "interrupted")


def test_the_panel_shows_where_the_server_s_time_goes(called: Called) -> None:
    page = called.page
    page.locator("#timing > summary").click()
    for step in ("decoded", "taken", "rendered", "encoded", "handed_over", "network", "buffer"):
        expect(page.locator(f"[data-step={step}]")).to_be_visible()
    expect(page.locator("#figure-bitrate")).to_have_text(re.compile(r"\d\.\d+ Mbit/s"))
    expect(page.locator("#figure-viewers")).to_have_text("1")
    page.screenshot(path=ARTIFACTS / "panel.png")
    whole = int((page.locator("#budget-whole").inner_text()).removesuffix(" ms"))
    print(f"{whole} ms from the voice to the screen")
    assert 20 < whole < 1_000
    page.locator("#timing > summary").click()


def test_quality_is_changed_in_the_running_call(called: Called) -> None:
    called.page.locator("#picture > summary").click()
    called.page.get_by_text("Saves data", exact=True).click()
    called.page.wait_for_timeout(1_000)
    expect(called.page.get_by_role("alert")).to_be_empty()


def test_a_call_is_recorded_and_its_film_downloaded(called: Called, tmp_path: Path) -> None:
    page = called.page
    page.get_by_role("button", name="Record").click()
    expect(page.locator("#recorded-time")).to_have_text("0:03", timeout=15_000)
    page.get_by_role("button", name="Record").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    download.value.save_as(tmp_path / "film.mp4")
    with av.open(tmp_path / "film.mp4") as film:
        kinds = sorted(stream.type for stream in film.streams)
        seconds = (film.duration or 0) / av.time_base
    assert kinds == ["audio", "video"]
    assert 2.0 < seconds < 12.0


def test_a_broken_connection_is_replaced_in_the_same_session(called: Called) -> None:
    page, offers = called.page, list[str]()
    page.on("request", lambda it: offers.append(it.url) if it.url.endswith("/offer") else None)
    sessions: list[str] = []
    page.on("request", lambda it: sessions.append(it.url) if it.url.endswith("sessions") else None)
    page.evaluate(FAIL)
    expect(page.locator("body")).to_have_attribute("data-connection", "trying")
    expect(page.locator("body")).to_have_attribute("data-connection", "live", timeout=10_000)
    assert (len(offers), sessions) == (1, [])
    assert httpx.get(f"{called.url}/health").json()["sessions"] == 1
    first = page.evaluate("document.querySelector('#live').currentTime")
    page.wait_for_timeout(1_000)
    assert page.evaluate("document.querySelector('#live').currentTime") > first + 0.5


def test_a_session_that_is_gone_is_replaced_by_one_like_it(called: Called) -> None:
    page = called.page
    gone = ErrorBody(code="unknown_session", message="it ended").model_dump()
    page.route("**/offer", lambda route: route.fulfill(status=404, json=gone), times=1)
    with page.expect_request("**/v1/sessions") as request:
        page.evaluate(FAIL)
    expect(page.locator("body")).to_have_attribute("data-connection", "live", timeout=15_000)
    wish = SessionRequest.model_validate_json(request.value.post_data or "")
    assert (wish.presenter, wish.quality, wish.controls.emotion) == ("samuel", "low", "happy")
    refused = [text for text in called.complaints.found if "404" in text]
    called.complaints.found.remove(*refused)  # the browser's own word for the answer above


def test_closing_the_page_ends_the_session(called: Called) -> None:
    called.page.goto("about:blank")
    for _ in range(50):  # noticed within five seconds, also on a busy machine
        if httpx.get(f"{called.url}/health").json()["sessions"] == 0:
            return
        called.page.wait_for_timeout(100)
    raise AssertionError("the session goes on without its page")
