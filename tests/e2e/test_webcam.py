"""The whole chain of a webcam: a person in a camera, the page, the real server, the avatar."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from bench.live import server
from engine.bundle import Bundle
from engine.tracker import FaceTracker
from engine.types import Floats, floats
from tests.support.browser import Complaints, chromium
from tests.support.clip import CLIP_SECONDS, driven_yaw
from tests.support.packages import tracker_of_the_page
from tests.support.watching import KEEP_PEERS, SENT_PICTURES, Recorded, watch

pytestmark = [pytest.mark.e2e, pytest.mark.timing]
WATCHED_SECONDS = 6
ARTIFACTS = Path(__file__).parents[2] / "out"
PLACES = {"browser": "Followed in this browser", "server": "Followed on the server"}

IN_BROWSER = pytest.mark.parametrize("called", ["browser"], indirect=True)


@dataclass(frozen=True)
class Called:
    """A page in a call whose camera is on, and the server's address."""

    page: Page
    url: str
    place: str


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    tracker_of_the_page()
    with server() as (url, _, _):
        yield url


@pytest.fixture(scope="module")
def browser(camera: Path) -> Iterator[Browser]:
    with chromium(camera=camera) as browser:
        yield browser


@pytest.fixture(scope="module", params=list(PLACES))
def called(request: pytest.FixtureRequest, browser: Browser, address: str) -> Iterator[Called]:
    place = str(request.param)
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(20_000)
    complaints = Complaints(page)
    page.add_init_script(KEEP_PEERS)
    if place == "server":
        page.route("**/vendor/**", lambda route: route.fulfill(status=404))
    page.goto(address)
    expect(page.locator("#name")).not_to_be_empty()
    page.locator("#voice-modes").get_by_text("Sample sentence").click()
    page.get_by_role("switch", name="Follow my face").check()
    page.locator("#start").click()
    expect(page.locator("body")).to_have_attribute("data-alive", "", timeout=15_000)
    expect(page.locator("body")).to_have_attribute("data-following", "following", timeout=15_000)
    yield Called(page, address, place)
    page.close()
    missing = "Failed to load resource: the server responded with a status of 404"
    assert [text for text in complaints.found if not text.startswith(missing)] == []


@pytest.fixture(scope="module")
def recorded(called: Called) -> Recorded:
    recorded = watch(called.page, WATCHED_SECONDS)
    ARTIFACTS.mkdir(exist_ok=True)
    called.page.screenshot(path=ARTIFACTS / f"webcam_{called.place}.png")
    return recorded


def likeness(seen: Floats, times: Floats) -> float:
    """Correlation with what the person in the clip does, at the lag where it is best."""
    lags = np.arange(0.0, CLIP_SECONDS, 0.02)
    return max(float(np.corrcoef(driven_yaw(floats(times - lag)), seen)[0, 1]) for lag in lags)


def camera_pictures(url: str) -> float:
    """Pictures of cameras that the server has counted."""
    told = httpx.get(f"{url}/metrics").text
    counted = re.search(r"^visavis_camera_pictures_total (\S+)", told, re.MULTILINE)
    assert counted is not None
    return float(counted[1])


def test_the_avatar_turns_as_the_person_does(called: Called, recorded: Recorded) -> None:
    tracker = FaceTracker(Bundle.open().asset("tracker"), 1)
    faces = [(at, tracker(it)) for at, it in zip(recorded.times, recorded.pictures, strict=True)]
    tracker.close()
    times = floats([at for at, found in faces if found])
    yaw = floats([found[0].turn[0] for _, found in faces if found])
    assert len(times) > 0.9 * len(faces) > 30
    alike = likeness(yaw, times)
    print(f"{called.place}: yaw {np.ptp(yaw):.1f} degrees, correlation {alike:.2f}")
    assert np.ptp(yaw) > 8.0
    assert alike >= 0.8


def test_pictures_leave_the_page_only_for_the_server_s_tracker(called: Called) -> None:
    expect(called.page.locator("#place-words")).to_contain_text(PLACES[called.place])
    sent, counted = called.page.evaluate(SENT_PICTURES), camera_pictures(called.url)
    if called.place == "browser":
        assert (sent, counted) == (0, 0)
    else:
        assert sent > 0 and counted > 0


def test_how_the_camera_is_followed_is_in_the_panel(called: Called) -> None:
    page = called.page
    page.locator("#timing > summary").click()
    who = "This browser" if called.place == "browser" else "The server"
    expect(page.locator("#figure-tracker")).to_have_text(who)
    expect(page.locator("#figure-readings")).to_have_text(re.compile(r"[1-9]\d*"))
    expect(page.locator("#figure-followed")).to_have_text(re.compile(r"\d+ ms"))
    expect(page.locator("#figure-seen")).to_have_text(re.compile(r"(9\d|100) %"))
    for name in ("readings", "followed", "tracking", "readings-late", "readings-dropped"):
        print(f"{called.place}: {name} {page.locator(f'#figure-{name}').inner_text()}")
    page.locator("#timing > summary").click()


@IN_BROWSER
def test_recalibrating_learns_the_face_anew(called: Called) -> None:
    body = called.page.locator("body")
    expect(body).to_have_attribute("data-following", "following")
    called.page.get_by_role("button", name="Recalibrate").click()
    expect(body).to_have_attribute("data-following", "learning")
    expect(body).to_have_attribute("data-following", "following")
    expect(called.page.get_by_role("alert")).to_be_empty()


@IN_BROWSER
def test_sources_are_switched_in_the_call(called: Called) -> None:
    page = called.page
    head = page.get_by_label("Source of head")
    expect(head).to_have_value("camera")
    page.get_by_label("Source of mouth").select_option("sliders")
    page.get_by_label("Find a slider of mouth").fill("jaw open")
    jaw = page.locator("[name='sliders.jawOpen']")
    jaw.fill("0.6")
    page.get_by_role("button", name="Camera").click()
    expect(page.locator("#self-view")).to_be_hidden()
    expect(head).to_have_value("idle")
    page.wait_for_timeout(800)  # what the server tells would have come back by then
    expect(head).to_have_value("idle")
    expect(jaw).to_have_value("0.6")
    expect(page.get_by_role("alert")).to_be_empty()


@IN_BROWSER
def test_looks_are_kept_and_used(called: Called) -> None:
    page, name = called.page, f"Calm {called.place}"
    page.get_by_label("Emotion").get_by_text("Happy").click()
    page.get_by_text("Keep this as a look").click()
    page.get_by_label("Name of the look").fill(name)
    page.get_by_role("button", name="Keep", exact=True).click()
    expect(page.locator("#look")).to_have_value(name)
    page.get_by_label("Emotion").get_by_text("Neutral").click()
    page.locator("#look").select_option("")
    page.locator("#look").select_option(name)
    expect(page.get_by_role("radio", name="Happy")).to_be_checked()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.locator(f"#look option[value='{name}']")).to_have_count(0)
    assert name not in httpx.get(f"{called.url}/v1/looks").text
    expect(page.get_by_role("alert")).to_be_empty()


@IN_BROWSER
def test_motion_is_recorded_and_played_again(called: Called, tmp_path: Path) -> None:
    page = called.page
    page.locator("#motion-files > summary").click()
    page.get_by_role("button", name="Record motion").click()
    expect(page.locator("#motion-time")).to_have_text("0:01", timeout=10_000)
    page.get_by_role("button", name="Finish motion").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    file = tmp_path / download.value.suggested_filename
    assert file.name.endswith(".motion.npz")
    download.value.save_as(file)
    page.locator("#motion-file").set_input_files(file)
    expect(page.locator("#motion-loaded")).to_contain_text("0:0")
    expect(page.get_by_label("Source of head")).to_have_value("file")
    expect(page.get_by_role("alert")).to_be_empty()
