"""The page without its server: its files, and answers that a test gives."""

from __future__ import annotations

import io
import re
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from playwright.sync_api import Browser, Page, Route, expect

from engine.arkit import EXPRESSION, MOUTH, POSE
from server.doors.guard import HEADERS
from server.protocol import (
    CoefficientRange,
    ControlsPatch,
    Look,
    LookList,
    Message,
    Presenter,
    PresenterList,
)
from tests.support.browser import Complaints

WEB: Final = Path(__file__).parents[2] / "client" / "web"
FAR_END: Final = Path(__file__).with_name("answering_peer.js")
ADDRESS: Final = "http://localhost:8/"
"""Nothing listens there: every request is answered by the test."""
NAMES: Final = ("ada", "kenji", "nora")
PEOPLE: Final = PresenterList(
    presenters=[
        Presenter(id=name, name=name.title(), picture=f"/v1/presenters/{name}.jpg")
        for name in NAMES
    ],
    emotions=["neutral", "happy", "sad"],
    sizes=[256, 512],
    sources={
        "mouth": ["voice", "camera", "motion", "file", "sliders", "idle", "still"],
        "pose": ["idle", "camera", "motion", "file", "sliders", "still"],
        "expression": ["idle", "camera", "motion", "file", "sliders", "still"],
    },
    coefficients={
        "mouth": [CoefficientRange(name=name, low=0.0, high=1.0) for name in MOUTH],
        "expression": [CoefficientRange(name=name, low=0.0, high=1.0) for name in EXPRESSION],
        "pose": [CoefficientRange(name=name, low=-20.0, high=20.0) for name in POSE],
    },
    trackers=["page", "server"],
)
VENDOR: Final = "client/node_modules/@mediapipe/tasks-vision"
MODEL: Final = "engine/builtin/face_landmarker.task"
LOOKS: Final = LookList(
    looks=[Look(name="Calm", controls=ControlsPatch(emotion="sad", blink=0.5, steadiness=0.9))]
)
SAMPLES: Final = [
    {"id": "one", "title": "First", "file": "one.wav", "text": "This is the first sentence."},
    {"id": "two", "title": "Second", "file": "two.wav", "text": "This is the second sentence."},
]


def open_page(
    browser: Browser, *, width: int = 1440, height: int = 900, people: PresenterList = PEOPLE
) -> Page:
    """A fresh page with all answers in place, not loaded yet."""
    page = browser.new_page(viewport={"width": width, "height": height})
    page.set_default_timeout(10_000)
    page.route(f"{ADDRESS}**", _give_file)
    page.route("**/samples/samples.json", lambda route: route.fulfill(json=SAMPLES))
    page.route("**/samples/*.wav", lambda route: route.fulfill(body=_second_of_sound()))
    page.route(re.compile("/v1/presenters$"), lambda route: route.fulfill(json=people.model_dump()))
    page.route("**/v1/looks", lambda route: route.fulfill(json=LOOKS.model_dump()))
    page.route("**/v1/presenters/*.jpg", lambda route: route.fulfill(body=picture()))
    return page


@contextmanager
def far_page(
    browser: Browser,
    *,
    width: int = 1440,
    height: int = 900,
    script: str = "",
    tracker: str | None = None,
    people: PresenterList = PEOPLE,
) -> Iterator[Page]:
    """A loaded page whose far end is inside it; it must not complain about anything.

    Args:
        browser: what opens it.
        width: of the window, as is `height`, in pixels.
        height: of the window.
        script: run before the page's own.
        tracker: address of the folder with what faces are tracked with; none when left out.
        people: who the server has.
    """
    page = open_page(browser, width=width, height=height, people=people)
    if tracker is not None:
        _give_tracker(page, tracker)
    complaints = Complaints(page)
    page.add_init_script(path=FAR_END)
    page.add_init_script(script)
    page.goto(ADDRESS)
    expect(page.locator("#name")).to_have_text("Ada")
    yield page
    page.close()
    assert not complaints.found, complaints.found


def call(page: Page, voice: str = "Microphone") -> None:
    """Start a call and wait for its first picture."""
    page.locator("#voice-modes").get_by_text(voice).click()
    page.locator("#start").click()
    expect(page.locator("body")).to_have_attribute("data-alive", "")


def say(page: Page, message: Message) -> None:
    """Let the far end send a message."""
    page.evaluate("message => far.say(message)", message.model_dump())


def sent(page: Page, count: int) -> list[dict[str, Any]]:
    """Wait until the page has sent so many messages (pings apart)."""
    page.wait_for_function("count => far.messages.length >= count", arg=count)
    messages: list[dict[str, Any]] = page.evaluate("far.messages")
    return messages


def expect_state(page: Page, state: str) -> None:
    """Wait until the page is in that state."""
    expect(page.locator("body")).to_have_attribute("data-state", state)


def picture() -> bytes:
    """A small JPEG."""
    done, jpeg = cv2.imencode(".jpg", np.full((64, 64, 3), 128, np.uint8))
    assert done
    return jpeg.tobytes()


def _give_file(route: Route) -> None:
    path = route.request.url.removeprefix(ADDRESS).partition("#")[0]
    name = path.partition("?")[0] or "index.html"
    route.fulfill(path=WEB / name, headers=HEADERS)


def _give_tracker(page: Page, tracker: str) -> None:
    def forward(route: Route) -> None:
        name = route.request.url.rpartition("/vendor/tasks-vision/")[2]
        route.continue_(url=f"{tracker}/{VENDOR}/{name}")

    page.route("**/vendor/tasks-vision/**", forward)
    model = f"{tracker}/{MODEL}"
    page.route("**/v1/tracker", lambda route: route.continue_(url=model))


def _second_of_sound() -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(16_000)
        turns = 440 * np.arange(16_000) / 16_000
        sound.writeframes((8_000 * np.sin(2 * np.pi * turns)).astype("<i2").tobytes())
    return file.getvalue()
