"""What is meant by the words and files somebody gives for a film."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from engine.arrangement import Arrangement, Asked, arrange
from engine.controls import Setting
from engine.errors import ControlError
from engine.studio import Studio
from engine.types import Component
from tests.support.driver_clip import CLIP, SECONDS
from tests.support.people import silent, talking
from tests.support.speech import silence, write_wav

MOUTH, POSE, EXPRESSION = Component
TRUTH = CLIP.with_name(CLIP.stem + ".motion.npz")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sound of 2 s, a film of 1 s that talks, one of 0.4 s that is silent, a picture, a text."""
    made = tmp_path_factory.mktemp("files")
    write_wav(made / "speech.wav", silence(2.0), 48_000)
    talking(made / "talk.mp4", 25)
    silent(made / "nods.mp4", 10)
    Image.new("RGB", (64, 64)).save(made / "smile.jpg")
    (made / "notes.txt").write_text("none of these kinds")
    return made


def arranged(
    studio: Studio, folder: Path, sources: Mapping[Component, str] | None = None, **asked: Any
) -> Arrangement:
    """Files are named without their folder."""
    files = {
        part: str(folder / name) if "." in name else name for part, name in (sources or {}).items()
    }
    named = {key: folder / it if key != "emotion" else it for key, it in asked.items()}
    return arrange(Asked(files, **named), studio)


def words(found: Arrangement) -> list[str]:
    return [found.controls[part].source for part in Component]


def test_speech_alone_speaks_and_lives(studio: Studio, folder: Path) -> None:
    found = arranged(studio, folder, sound="speech.wav")
    assert words(found) == ["voice", "idle", "idle"] and not found.drive.guides
    assert found.sound == folder / "speech.wav" and found.seconds == pytest.approx(2.0)


def test_each_component_has_its_own_file_or_word(studio: Studio, folder: Path) -> None:
    sources = {MOUTH: "speech.wav", POSE: "nods.mp4", EXPRESSION: "smile.jpg"}
    found = arranged(studio, folder, sources)
    assert words(found) == ["voice", "file", "file"]
    assert found.drive.guides == {POSE: folder / "nods.mp4", EXPRESSION: folder / "smile.jpg"}
    assert found.sound == folder / "speech.wav"
    mixed = arranged(studio, folder, {MOUTH: "talk.mp4", POSE: "still", EXPRESSION: "happy"})
    assert words(mixed) == ["file", "still", "idle"] and mixed.controls.emotion == "happy"


def test_a_driver_and_a_motion_move_what_nothing_else_does(studio: Studio, folder: Path) -> None:
    found = arranged(studio, folder, sound="speech.wav", driver="talk.mp4")
    assert found.drive.guides == dict.fromkeys((POSE, EXPRESSION), folder / "talk.mp4")
    assert words(found) == ["voice", "file", "file"]
    also = arranged(studio, folder, {MOUTH: "camera", POSE: "idle"}, driver="talk.mp4")
    assert also.drive.guides == dict.fromkeys((MOUTH, EXPRESSION), folder / "talk.mp4")
    both = arrange(Asked({POSE: "file"}, driver=folder / "talk.mp4", motion=TRUTH), studio)
    assert both.drive.guides == {POSE: TRUTH, EXPRESSION: folder / "talk.mp4"}


def test_a_driver_does_not_move_what_a_bundle_does_not_have(
    studio: Studio, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = {**studio.names, EXPRESSION: []}
    monkeypatch.setattr(Studio, "names", property(lambda self: names))
    assert arranged(studio, folder, driver="talk.mp4").drive.guides == {POSE: folder / "talk.mp4"}


def test_a_film_is_as_long_as_its_sound_or_else_as_its_longest_film(
    studio: Studio, folder: Path
) -> None:
    spoken = arranged(studio, folder, {MOUTH: "talk.mp4"}, sound="speech.wav")
    assert spoken.sound == folder / "speech.wav" and spoken.seconds == pytest.approx(2.0)
    own = arranged(studio, folder, {MOUTH: "talk.mp4", POSE: "nods.mp4"})
    assert own.sound == folder / "talk.mp4" and own.seconds == pytest.approx(1.0, abs=0.05)
    quiet = arranged(studio, folder, {MOUTH: "nods.mp4", POSE: "talk.mp4"})
    assert quiet.sound is None and quiet.seconds == pytest.approx(1.0, abs=0.05)
    assert arrange(Asked(motion=TRUTH), studio).seconds == SECONDS


def test_a_filmed_portrait_keeps_its_head_and_may_keep_its_voice(
    studio: Studio, folder: Path
) -> None:
    given = arranged(studio, folder, {MOUTH: "speech.wav"}, portrait="talk.mp4")
    assert words(given) == ["voice", "still", "still"]
    assert given.sound == folder / "speech.wav"
    assert arranged(studio, folder, portrait="talk.mp4").sound == folder / "talk.mp4"
    assert arranged(studio, folder, portrait="nods.mp4").seconds == pytest.approx(0.4, abs=0.01)
    with pytest.raises(ControlError, match="leave out --pose"):
        arranged(studio, folder, {POSE: "idle"}, portrait="talk.mp4")


def test_a_word_is_the_word_whatever_files_there_are(
    studio: Studio, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    (folder / "idle").write_bytes((folder / "smile.jpg").read_bytes())
    found = arranged(studio, folder, {POSE: "idle"}, sound="speech.wav")
    assert found.controls.pose == Setting("idle") and not found.drive.guides
    path = arrange(Asked({POSE: "./idle"}, folder / "speech.wav"), studio)
    assert path.drive.guides == {POSE: Path("idle")}


@pytest.mark.parametrize(
    ("sources", "asked", "sentence"),
    [
        ({POSE: "nobody"}, {}, "'nobody' cannot drive pose: there is no such file, and the words"),
        ({MOUTH: "happy"}, {}, "the words are: voice, camera, file, idle, still$"),
        ({POSE: "sliders"}, {}, "'sliders' is for calls"),
        ({EXPRESSION: "furious.png"}, {}, "idle, camera.*happy"),
        ({POSE: "notes.txt"}, {}, "'notes.txt' is of no kind that can be used"),
        ({POSE: "speech.wav"}, {}, "sound cannot drive pose"),
        ({POSE: "camera"}, {}, "'camera' is the file of --driver"),
        ({EXPRESSION: "file"}, {"driver": "talk.mp4"}, "'file' is the file of --motion"),
        ({}, {"driver": "none.mp4"}, "no file 'none.mp4' here"),
        ({MOUTH: "speech.wav"}, {"sound": "talk.mp4"}, "two sounds"),
        ({}, {"emotion": "furious"}, "no emotion 'furious'"),
        ({EXPRESSION: "happy"}, {"emotion": "sad"}, "two looks"),
        ({}, {"driver": "talk.mp4", "motion": "smile.jpg"}, "nothing is moved by --motion"),
        ({}, {"portrait": "talk.mp4", "driver": "nods.mp4"}, "nothing is moved by --driver"),
    ],
)
def test_what_cannot_be_is_said(
    studio: Studio,
    folder: Path,
    sources: Mapping[Component, str],
    asked: Mapping[str, str],
    sentence: str,
) -> None:
    with pytest.raises(ControlError, match=sentence):
        arranged(studio, folder, sources, **asked)


@pytest.mark.parametrize("sources", [{}, {POSE: "smile.jpg"}, {MOUTH: "still"}])
def test_pictures_do_not_say_how_long_a_film_is(
    studio: Studio, folder: Path, sources: Mapping[Component, str]
) -> None:
    with pytest.raises(ControlError, match="how long"):
        arranged(studio, folder, sources)
