"""The page's panel of motion: sources, sliders, looks and motion files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from engine.arkit import EXPRESSION, MOUTH, POSE
from server.protocol import (
    ControlMessage,
    ControlsPatch,
    Look,
    RecordingMessage,
    RecordMotionMessage,
)
from tests.support.page import call, say, sent

pytestmark = pytest.mark.e2e


def last_patch(page: Page, count: int) -> ControlsPatch:
    """The newest change of the controls, once there are so many messages."""
    return ControlMessage.model_validate(sent(page, count)[-1]).controls


def keep_looks(page: Page) -> dict[str, Look]:
    """Let the server keep looks, in memory."""
    kept: dict[str, Look] = {}

    def answer(route: Route) -> None:
        name = route.request.url.rpartition("/")[2].replace("%20", " ")
        if route.request.method == "PUT":
            controls = ControlsPatch.model_validate_json(route.request.post_data or "")
            kept[name] = Look(name=name, controls=controls)
            route.fulfill(json=kept[name].model_dump())
        else:
            del kept[name]
            route.fulfill(status=204)

    page.route("**/v1/looks/*", answer)
    return kept


def test_each_part_of_the_face_has_a_source_of_its_own(page: Page) -> None:
    call(page)
    page.get_by_label("Source of mouth").select_option("motion")
    page.get_by_label("Source of head").select_option("still")
    patch = last_patch(page, 1)
    assert patch.mouth and patch.pose and not patch.expression
    assert (patch.mouth.source, patch.pose.source) == ("motion", "still")
    page.get_by_role("checkbox", name="Hold expression").check()
    patch = last_patch(page, 2)
    assert patch.expression is not None and patch.expression.hold is True
    assert patch.expression.source is None, "only what was changed is sent"


def test_how_sources_mix_is_folded_away(page: Page) -> None:
    call(page)
    expect(page.locator("[name=fade_ms]")).to_be_hidden()
    page.get_by_text("How sources mix").click()
    page.get_by_role("checkbox", name="Lips follow the voice while it speaks").check()
    page.get_by_role("checkbox", name="My left is their right, as in a mirror").check()
    page.locator("[name=fade_ms]").fill("1500")
    page.locator("[name=steadiness]").fill("0.9")
    patch = last_patch(page, 1)
    assert (patch.voice_first, patch.mirror) == (True, True)
    assert (patch.fade_ms, patch.steadiness) == (1500, 0.9)
    expect(page.locator("[name=fade_ms]")).to_have_attribute("aria-valuetext", "1500 ms")


def test_sliders_are_there_for_what_they_steer(page: Page) -> None:
    call(page)
    sliders = page.locator(".coefficients")
    expect(sliders.locator("visible=true")).to_have_count(0)
    for component, title, names in (
        ("mouth", "mouth", MOUTH),
        ("pose", "head", POSE),
        ("expression", "expression", EXPRESSION),
    ):
        page.get_by_label(f"Source of {title}").select_option("sliders")
        within = page.locator(f".coefficients[data-component={component}]")
        expect(within).to_be_visible()
        assert within.locator("input[type=range]").count() == len(names)
        page.get_by_label(f"Source of {title}").select_option("still")
        expect(within).to_be_hidden()


def test_a_slider_is_found_by_its_name_and_sent(page: Page) -> None:
    call(page)
    page.get_by_label("Source of mouth").select_option("sliders")
    sent(page, 1)
    search = page.get_by_label("Find a slider of mouth")
    search.fill("smile left")
    mouth = page.locator(".coefficients[data-component=mouth]")
    expect(mouth.locator("input[type=range] >> visible=true")).to_have_count(1)
    mouth.get_by_label("Mouth smile left").fill("0.7")
    assert last_patch(page, 2) == ControlsPatch(sliders={"mouthSmileLeft": 0.7})
    search.fill("nothing of that name")
    expect(mouth.locator("input[type=range] >> visible=true")).to_have_count(0)
    search.fill("")
    expect(mouth.locator("summary >> visible=true")).to_have_count(3)


def test_what_others_change_is_shown(page: Page) -> None:
    call(page)
    page.evaluate(
        """() => far.say({type: "controls", controls: {
          ...far.controls,
          mouth: {...far.controls.mouth, source: "sliders", hold: true},
          sliders: {jawOpen: 0.25}, voice_first: true, fade_ms: 800, mirror: true}})"""
    )
    expect(page.get_by_label("Source of mouth")).to_have_value("sliders")
    expect(page.get_by_role("checkbox", name="Hold mouth")).to_be_checked()
    expect(page.locator("[name='sliders.jawOpen']")).to_have_value("0.25")
    expect(page.locator(".coefficients[data-component=mouth]")).to_be_visible()
    expect(page.locator("[name=voice_first]")).to_be_checked()
    expect(page.locator("[name=fade_ms]")).to_have_value("800")
    assert page.evaluate("far.messages") == [], "what is told is not sent back"


def test_back_to_normal_is_normal(page: Page) -> None:
    call(page)
    page.get_by_label("Source of head").select_option("sliders")
    sent(page, 1)
    page.get_by_label("Yaw").fill("15")
    assert last_patch(page, 2).sliders == {"yaw": 15}
    page.get_by_role("button", name="Back to normal").click()
    patch = last_patch(page, 3)
    assert patch.pose and patch.pose.source == "idle" and patch.pose.hold is False
    assert patch.sliders is not None and set(patch.sliders) == {*MOUTH, *EXPRESSION, *POSE}
    assert set(patch.sliders.values()) == {0.0}
    assert patch.voice_first is False and patch.emotion == "neutral"


def test_a_look_is_used_at_once(page: Page) -> None:
    call(page)
    page.get_by_label("Look", exact=True).select_option("Calm")
    assert last_patch(page, 1) == ControlsPatch(emotion="sad", blink=0.5, steadiness=0.9)
    expect(page.get_by_role("radio", name="Sad")).to_be_checked()
    expect(page.locator("[name=blink]")).to_have_value("0.5")


def test_a_look_goes_with_the_next_call(page: Page) -> None:
    page.locator("#motion > summary").click()
    page.get_by_label("Look", exact=True).select_option("Calm")
    call(page)
    request = json.loads(page.evaluate("far.requests[0]"))["controls"]
    assert (request["emotion"], request["blink"]) == ("sad", 0.5)


def test_a_look_undoes_what_was_changed_just_before(page: Page) -> None:
    call(page)
    page.get_by_label("Emotion").get_by_text("Happy").click()
    page.get_by_label("Look", exact=True).select_option("Calm")
    page.wait_for_timeout(300)
    assert last_patch(page, 2).emotion == "sad"


def test_looks_are_kept_and_deleted(page: Page) -> None:
    kept = keep_looks(page)
    call(page)
    page.get_by_label("Emotion").get_by_text("Happy").click()
    page.get_by_text("Keep this as a look").click()
    field = page.get_by_label("Name of the look")
    field.fill("../etc")
    page.get_by_role("button", name="Keep", exact=True).click()
    assert kept == {}, "the name is refused before it is sent"
    field.fill("My look")
    field.press("Enter")
    expect(page.locator("#look")).to_have_value("My look")
    expect(page.locator("#remark")).to_have_text("The look My look is kept.")
    controls = kept["My look"].controls
    assert controls.emotion == "happy" and controls.mouth and controls.mouth.source == "voice"
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.locator("#look")).to_have_value("")
    assert kept == {}


def test_a_motion_file_is_played(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "wave.motion.npz"
    file.write_bytes(b"numbers")
    call(page)
    page.locator("#motion-files > summary").click()
    page.get_by_label("Again and again").check()
    page.locator("#motion-file").set_input_files(file)
    expect(page.locator("#motion-loaded")).to_have_text("wave.motion.npz, 0:12, again and again")
    patch = last_patch(page, 1)
    assert patch.mouth and patch.pose and patch.expression
    sources = {patch.mouth.source, patch.pose.source, patch.expression.source}
    assert sources == {"file"}
    assert page.evaluate("far.files") == [len(b"numbers")]


def test_a_file_that_is_no_motion_is_told_in_words(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "notes.npz"
    file.write_bytes(b"words")
    call(page)
    page.evaluate("far.refusal = 'motion_unreadable'")
    page.locator("#motion-files > summary").click()
    page.locator("#motion-file").set_input_files(file)
    expect(page.get_by_role("alert")).to_contain_text("cannot be read as a motion file")
    expect(page.get_by_label("Source of head")).to_have_value("idle")


def test_motion_is_recorded_beside_a_film(page: Page, tmp_path: Path) -> None:
    running = RecordingMessage(kind="motion", state="running")
    ready = RecordingMessage(kind="motion", state="ready", address="/v1/recordings/m", seconds=3.0)
    call(page)
    page.locator("#motion-files > summary").click()
    page.get_by_role("button", name="Record motion").click()
    say(page, running)
    expect(page.locator("#motion-time")).to_have_text("0:01", timeout=5_000)
    expect(page.locator("#recorded")).to_be_hidden()
    expect(page.locator("#record")).to_have_attribute("aria-pressed", "false")
    page.get_by_role("button", name="Finish motion").click()
    assert sent(page, 2) == [RecordMotionMessage(on=on).model_dump() for on in (True, False)]
    say(page, ready)
    expect(page.locator("#recordings")).to_contain_text("Motion, 0:03")
    page.evaluate("far.file = () => new Response('the motion')")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename.endswith(".motion.npz")
