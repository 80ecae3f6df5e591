"""All ways in which a film's face is moved, as somebody types them."""

from __future__ import annotations

from contextlib import closing
from itertools import islice
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from engine.audio import Decimator
from engine.footage import Footage
from engine.motion_file import read_motion_file
from engine.soundtrack import read_sound
from engine.studio import Studio
from engine.types import SOUND_TICK, Component, Floats, Picture, floats
from tests.support.driver_clip import CLIP
from tests.support.faces import small_faces
from tests.support.lips import SPEECH
from tests.support.people import silent, talking
from tests.support.speech import tone, write_wav
from visavis import app

ASTRONAUT = Path(__file__).parents[1] / "data" / "portraits" / "astronaut.jpg"


@pytest.fixture(scope="module")
def faces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle of graphs with two looks."""
    looks = {"neutral": [1.0, 0.5], "happy": [2.0, 1.0, -1.5]}
    return small_faces(tmp_path_factory.mktemp("made") / "bundle", looks)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """0.6 s of speech, a film of 1.6 s that talks, one of 2 s at 30 a second, a motion file."""
    made = tmp_path_factory.mktemp("files")
    write_wav(made / "speech.wav", tone(0.6), 48_000)
    write_wav(made / "long.wav", tone(1.2), 48_000)
    talking(made / "talk.mp4", 40)
    silent(made / "nods.mp4", 60, 30)
    silent(made / "short.mp4", 12)
    Image.open(ASTRONAUT).save(made / "smile.png")
    (made / "kept.motion.npz").write_bytes(CLIP.with_name(f"{CLIP.stem}.motion.npz").read_bytes())
    return made


def rendered(folder: Path, line: str, *more: str) -> Result:
    """The command on files of that folder; `film.mp4` is made in it."""
    words = [str(folder / word) if "." in word else word for word in line.split()]
    (folder / "film.mp4").unlink(missing_ok=True)
    result = CliRunner().invoke(app, ["render", *words, *more])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result


def loudness(path: Path, count: int) -> Floats:
    """Of each tick."""
    heard = np.concatenate(list(read_sound(path)))[: count * SOUND_TICK].astype(np.float32)
    return floats(np.abs(heard.reshape(-1, SOUND_TICK)).mean(axis=1))


def checked(path: Path, count: int, size: tuple[int, int] = (256, 256)) -> list[Picture]:
    """The pictures of a film of so many, 25 a second, with as much sound."""
    with av.open(str(path)) as film:
        video = film.streams.video[0]
        assert video.average_rate == 25 and video.frames == count
        assert (video.height, video.width) == size
        pictures = [
            np.asarray(it.to_ndarray(format="rgb24"), np.uint8) for it in film.decode(video=0)
        ]
    samples = sum(len(it) for it in read_sound(path))
    assert len(pictures) == count and abs(samples - count * SOUND_TICK) < 2 * SOUND_TICK
    return pictures


def motions(studio: Studio, path: Path) -> dict[Component, Floats]:
    return dict(read_motion_file(path.read_bytes(), studio.names).values)


def apart(one: Picture, other: Picture) -> float:
    return float(np.abs(one.astype(int) - other).mean())


BOTH = pytest.mark.parametrize("made", ["built-in", "faces"])


def bundle(made: str, faces: Path) -> list[str]:
    return ["--bundle", str(faces), "--size", "256"] if made == "faces" else ["--size", "256"]


@BOTH
def test_a_mouth_of_speech_a_head_of_a_file_and_a_look(
    folder: Path, faces: Path, made: str
) -> None:
    rendered(
        folder, "-o film.mp4 --mouth speech.wav --pose smile.png --expression happy",
        *bundle(made, faces),
    )  # fmt: skip
    shown = checked(folder / "film.mp4", 15)
    assert loudness(folder / "film.mp4", 15).min() > 100
    rendered(folder, "speech.wav film.mp4 --pose still --expression still", *bundle(made, faces))
    plain = checked(folder / "film.mp4", 15)
    assert apart(shown[10], plain[10]) > 0.5


@BOTH
def test_a_film_made_of_a_picture_alone_and_silence(folder: Path, faces: Path, made: str) -> None:
    """The mouth and the look are a picture's; how long it lasts is a film's, or a sound's."""
    rendered(
        folder,
        "-o film.mp4 --mouth smile.png --expression smile.png --pose still --sound speech.wav",
        *bundle(made, faces),
    )
    shown = checked(folder / "film.mp4", 15)
    assert apart(shown[2], shown[14]) < 1.0, "it is held"


def test_films_for_each_component_last_as_the_longest(folder: Path) -> None:
    saved = folder / "saved.motion.npz"
    rendered(
        folder,
        "-o film.mp4 --mouth talk.mp4 --pose nods.mp4 --expression kept.motion.npz "
        "--save-motion saved.motion.npz --size 256",
    )
    checked(folder / "film.mp4", 40)
    assert loudness(folder / "film.mp4", 40)[5:35].min() > 100, "the film's own sound"
    with closing(Studio.open()) as studio:
        did, kept = motions(studio, saved), motions(studio, folder / "kept.motion.npz")
        assert len(did[Component.MOUTH]) == 40
    expression = Component.EXPRESSION
    np.testing.assert_allclose(did[expression], kept[expression][:40], atol=1e-5)
    rendered(folder, "-o film.mp4 --mouth still --pose nods.mp4 --size 256")
    checked(folder / "film.mp4", 50)
    assert loudness(folder / "film.mp4", 50).max() < 20, "without a sound it is silent"


def test_what_was_saved_makes_the_same_film_with_graphs(folder: Path, faces: Path) -> None:
    more = bundle("faces", faces)
    rendered(
        folder,
        "-o film.mp4 --sound speech.wav --expression happy --save-motion saved.motion.npz",
        *more,
    )
    first = checked(folder / "film.mp4", 15)
    rendered(
        folder,
        "-o film.mp4 --sound speech.wav --mouth saved.motion.npz --motion saved.motion.npz"
        " --save-motion again.motion.npz",
        *more,
    )
    again = checked(folder / "film.mp4", 15)
    with closing(Studio.open(faces)) as studio:
        saved = [motions(studio, folder / f"{name}.motion.npz") for name in ("saved", "again")]
    for part in Component:
        np.testing.assert_allclose(saved[1][part], saved[0][part], atol=1e-4)
    # Seeded faces flicker, and an encoder makes much of the smallest difference in that.
    assert max(map(apart, first, again)) < 0.1 * max(map(apart, first, first[1:]))


@BOTH
def test_new_lips_on_a_film_that_goes_back_where_speech_is_longer(
    folder: Path, faces: Path, made: str
) -> None:
    rendered(folder, "-o film.mp4 --portrait short.mp4 --mouth long.wav", *bundle(made, faces)[:-2])
    shown = checked(folder / "film.mp4", 30)
    filmed = list(islice(Footage(folder / "short.mp4"), 30))
    for old, new in zip(filmed, shown, strict=True):
        changed = np.abs(old.astype(int) - new).max(axis=2) > 24
        assert not changed[:110].any(), "eyes and all above them are the film's"
        assert not changed[:, :40].any() and not changed[:, -40:].any()
    mouths = [
        np.abs(o[140:200, 90:170].astype(int) - n[140:200, 90:170]).mean()
        for o, n in zip(filmed, shown, strict=True)
    ]
    assert min(mouths[3:]) > 0.5


def test_new_lips_are_cut_where_speech_ends(folder: Path) -> None:
    rendered(folder, "speech.wav film.mp4 --portrait talk.mp4")
    checked(folder / "film.mp4", 15)
    rendered(folder, "-o film.mp4 --portrait short.mp4")
    checked(folder / "film.mp4", 12)


@pytest.mark.parametrize("ticks", [24, 2])
def test_the_end_of_a_film_is_heard_as_the_end_of_a_clip(
    folder: Path, faces: Path, ticks: int
) -> None:
    """The mouths of a film are those of the whole clip at once, to the last; even if that is
    shorter than the look-ahead."""
    sound = folder / "words.wav"
    spoken = np.concatenate(list(read_sound(SPEECH / "hibari.wav")))[48_000:][: ticks * SOUND_TICK]
    write_wav(sound, spoken, 48_000)
    rendered(
        folder, "-o film.mp4 --mouth words.wav --save-motion saved.motion.npz",
        *bundle("faces", faces),
    )  # fmt: skip
    with closing(Studio.open(faces)) as studio:
        spec = studio.manifest.components[Component.MOUTH]
        did = motions(studio, folder / "saved.motion.npz")[Component.MOUTH]
        ticks_heard = [*map(Decimator(), spoken.reshape(-1, SOUND_TICK))]
        late, low, high = (
            studio.manifest.hearing.lookahead_ticks,
            floats(spec.low),
            floats(spec.high),
        )
        ending, going_on = studio.listener(), studio.listener()
        whole = [ending.hear(it).mouth for it in ticks_heard][late:]
        whole += [it.mouth for it in ending.finish()]
        silent = [np.zeros_like(ticks_heard[0])] * late
        endless = [going_on.hear(it).mouth for it in (*ticks_heard, *silent)][late:]
    assert len(did) == len(whole) == ticks
    np.testing.assert_allclose(did, np.clip(np.stack(whole), low, high), atol=1e-5)
    assert not np.allclose(did, np.clip(np.stack(endless), low, high), atol=0.1), "silence is other"


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("speech.wav", "say where the film goes"),
        ("speech.wav film.mp4 --sound speech.wav", "is given twice"),
        ("speech.wav film.mp4 -o other.mp4", "is given twice"),
        ("speech.wav film.mp4 --portrait talk.mp4 --background blur", "a film keeps its own"),
    ],
)
def test_a_line_that_cannot_be_meant_is_explained(folder: Path, line: str, sentence: str) -> None:
    words = [str(folder / word) if "." in word else word for word in line.split()]
    result = CliRunner().invoke(app, ["render", *words])
    assert result.exit_code == 2 and sentence in result.output
