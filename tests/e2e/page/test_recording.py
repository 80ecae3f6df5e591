"""The page's recording: asking for it, the time that runs, and the file that comes of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from server.protocol import ErrorMessage, RecordingMessage, RecordMessage
from tests.support.page import ADDRESS as ADDRESS_OF_PAGE
from tests.support.page import call, expect_state, say, sent

pytestmark = pytest.mark.e2e
RUNNING = RecordingMessage(state="running")
ADDRESS = "/v1/recordings/one"
READY = RecordingMessage(state="ready", address=ADDRESS, seconds=65.0)


def record(page: Page) -> None:
    page.locator("#record").click()
    say(page, RUNNING)
    expect(page.locator("#recorded")).to_be_visible()


def answer_the_end(page: Page) -> None:
    """Let the far end have the file ready as soon as it is asked to finish."""
    page.evaluate("ready => { far.record = ({ on }) => (on ? [] : [ready]); }", READY.model_dump())


def test_a_film_is_made_and_downloaded_when_the_call_is_over(page: Page, tmp_path: Path) -> None:
    call(page)
    record(page)
    expect(page.locator("#record")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("timer")).to_have_text("0:01", timeout=5_000)
    page.locator("#record").click()
    assert sent(page, 2) == [RecordMessage(on=on).model_dump() for on in (True, False)]
    say(page, READY)
    expect(page.locator("#recorded")).to_be_hidden()
    page.get_by_role("button", name="End").click()
    expect(page.locator("#recordings")).to_contain_text("Recording, 1:05")
    page.evaluate("far.file = () => new Response('the film')")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    download.value.save_as(tmp_path / "film.mp4")
    assert (tmp_path / "film.mp4").read_text() == "the film"
    assert download.value.suggested_filename.endswith(".mp4")


def test_hanging_up_waits_for_the_file(page: Page) -> None:
    call(page)
    answer_the_end(page)
    record(page)
    page.get_by_role("button", name="End").click()
    expect_state(page, "ended")
    expect(page.get_by_role("link", name="Download")).to_be_visible()
    assert page.evaluate("far.ended") == ["a"]


def test_two_clicks_ask_once(page: Page) -> None:
    call(page)
    page.locator("#record").evaluate("button => { button.click(); button.click(); }")
    say(page, RUNNING)
    expect(page.locator("#recorded")).to_be_visible()
    assert len(sent(page, 1)) == 1


def test_a_failure_is_told_in_words(page: Page) -> None:
    call(page)
    record(page)
    say(page, RecordingMessage(state="failed", message="the disk is full"))
    expect(page.get_by_role("alert")).to_have_text("The recording failed. The disk is full")
    expect(page.locator("#recorded")).to_be_hidden()
    expect_state(page, "listening")


def test_a_refusal_is_told_once(page: Page) -> None:
    page.clock.install()
    call(page)
    page.locator("#record").click()
    words = "this server encodes no H.264: record what you see yourself"
    say(page, ErrorMessage(code="recording_failed", message=words))
    expect(page.locator("#record")).to_have_attribute("aria-busy", "false")
    page.clock.run_for(8_000)
    expect(page.get_by_role("alert")).to_contain_text("encodes no H.264")


def test_a_page_with_a_query_finds_its_recordings(page: Page) -> None:
    page.goto(f"{ADDRESS_OF_PAGE}?from=mail")
    call(page)
    say(page, READY)
    page.evaluate("far.file = () => new Response('the film')")
    with page.expect_download():
        page.get_by_role("link", name="Download").click()


def test_a_server_that_does_not_answer_is_told_in_words(page: Page) -> None:
    call(page)
    page.locator("#record").click()
    expect(page.get_by_role("alert")).to_contain_text("recording", timeout=8_000)
    expect(page.locator("#record")).to_have_attribute("aria-pressed", "false")


def test_a_file_that_is_no_longer_kept_is_told_in_words(page: Page) -> None:
    call(page)
    say(page, READY)
    page.get_by_role("link", name="Download").click()
    expect(page.locator("#recordings")).to_contain_text("no longer kept")


def test_a_film_that_ended_early_is_offered_with_a_word(page: Page) -> None:
    call(page)
    record(page)
    say(page, READY.model_copy(update={"message": "the disk is full"}))
    expect(page.get_by_role("alert")).to_contain_text("ended early")
    expect(page.get_by_role("alert")).to_contain_text("The disk is full")
    expect(page.get_by_role("link", name="Download")).to_be_visible()


def test_a_film_whose_address_is_known_survives_its_session(page: Page) -> None:
    call(page)
    page.locator("#record").click()
    say(page, RUNNING.model_copy(update={"address": ADDRESS}))
    expect(page.locator("#recorded")).to_be_visible()
    page.evaluate("far.forgotten.add('a'); far.vanish()")
    expect(page.get_by_role("link", name="Download")).to_be_visible()
    expect(page.locator("#recorded")).to_be_hidden()


def test_a_recording_whose_session_is_gone(page: Page) -> None:
    call(page)
    record(page)
    page.evaluate("far.forgotten.add('a'); far.vanish()")
    expect(page.get_by_role("alert")).to_contain_text("The recording ended")
    expect(page.locator("#recorded")).to_be_hidden()
