"""Films whose face is moved by other films, by pictures and by motion files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from engine.controls import Controls, Setting
from engine.drive import Drive
from engine.errors import ControlError, DeviceError, MotionUnreadable, NoFace, VisavisError
from engine.film import make_film
from engine.motion_file import read_motion_file
from engine.studio import Studio
from engine.types import Component, Floats, Picture
from tests.support.blank import Blank
from tests.support.driver_clip import CLIP, SECONDS
from tests.support.motions import motion
from tests.support.speech import silence, write_wav
from tests.support.videos import write_video
from train.people.clip import write_clip

FILE = Setting("file")
FOLLOWING = Controls(FILE, FILE, FILE, steadiness=0.0)
WHOLLY = Drive(dict.fromkeys(Component, CLIP))
SHORT = 3.0
TRUTH = CLIP.with_name(CLIP.stem + ".motion.npz")


def made(studio: Studio, folder: Path, seconds: float, controls: Controls, drive: Drive) -> int:
    sound = write_wav(folder / "in.wav", silence(seconds), 48_000)
    tomas, target = Blank(studio.presenter("tomas", 256).own), folder / "out.mp4"
    return make_film(studio, tomas, sound, target, seed=1, controls=controls, drive=drive)


def motions(studio: Studio, path: Path) -> dict[Component, Floats]:
    return dict(read_motion_file(path.read_bytes(), studio.names).values)


def row(studio: Studio, found: dict[Component, Floats], part: Component, name: str) -> Floats:
    return found[part][:, studio.names[part].index(name)]


def alike(
    studio: Studio,
    one: dict[Component, Floats],
    other: dict[Component, Floats],
    part: Component,
    name: str,
) -> float:
    """Correlation of a coefficient, as far as both go."""
    mine, theirs = (row(studio, it, part, name) for it in (one, other))
    count = min(len(mine), len(theirs))
    return float(np.corrcoef(mine[:count], theirs[:count])[0, 1])


def test_a_face_does_what_a_filmed_person_does_at_the_same_time(
    studio: Studio, tmp_path: Path
) -> None:
    kept = tmp_path / "kept.motion.npz"
    made(studio, tmp_path, SECONDS, FOLLOWING, replace(WHOLLY, save=kept))
    truth, did = motions(studio, TRUTH), motions(studio, kept)
    assert len(did[Component.POSE]) == len(truth[Component.POSE])
    yaw = did[Component.POSE][:, 0]
    assert np.abs(yaw[:25]).max() < 1.5, "the driver is calm, and is known from the first picture"
    assert np.corrcoef(yaw[25:], truth[Component.POSE][25:, 0])[0, 1] > 0.98
    assert alike(studio, did, truth, Component.MOUTH, "jawOpen") > 0.85


def thirty_a_second(path: Path) -> Path:
    """The clip's pictures, played at 30 a second: all of it is a sixth quicker."""
    with av.open(str(CLIP)) as film:
        pictures = [
            np.asarray(frame.to_ndarray(format="rgb24"), np.uint8) for frame in film.decode(video=0)
        ]
    return write_video(path, pictures[:150], 30)


def test_films_of_another_rate_keep_their_time(studio: Studio, tmp_path: Path) -> None:
    kept = tmp_path / "kept.motion.npz"
    film = thirty_a_second(tmp_path / "quick.mp4")
    drive = Drive({Component.POSE: film}, kept)
    made(studio, tmp_path, 5.0, replace(FOLLOWING, mouth=Setting("still")), drive)
    places = np.arange(125) * 30 / 25
    wanted = np.interp(places, np.arange(200), motions(studio, TRUTH)[Component.POSE][:, 0])
    yaw = motions(studio, kept)[Component.POSE][:, 0]
    assert np.corrcoef(yaw[40:], wanted[40:])[0, 1] > 0.98
    steps = np.abs(np.diff(yaw, 2))[40:]
    assert steps.max() < 2.0, "no picture is shown twice or left out: it is interpolated"


def smiling(studio: Studio, path: Path) -> Path:
    """A picture of somebody who smiles with an open mouth and closed eyes, turned and tilted."""
    mei = studio.presenter("mei", 512)
    does = motion(jawOpen=0.6, mouthSmile=0.8, eyeBlink=0.9, yaw=12.0)
    Image.fromarray(mei.draw(does)).rotate(-8, fillcolor=(90, 90, 90)).save(path)
    return path


def test_each_component_has_a_file_of_its_own(studio: Studio, tmp_path: Path) -> None:
    """The mouth follows a film, the head a picture, the expression a motion file."""
    kept, picture = tmp_path / "kept.motion.npz", smiling(studio, tmp_path / "smile.png")
    guides = {Component.MOUTH: CLIP, Component.POSE: picture, Component.EXPRESSION: TRUTH}
    made(studio, tmp_path, 4.0, FOLLOWING, Drive(guides, kept))
    did, truth = motions(studio, kept), motions(studio, TRUTH)
    assert alike(studio, did, truth, Component.MOUTH, "jawOpen") > 0.85
    yaw, _, roll = did[Component.POSE][50, :3]
    assert 4 < yaw < 16 and abs(roll + 8) < 2, "a turn and a tilt are copied"
    assert np.ptp(did[Component.POSE], axis=0).max() < 1e-5, "and held"
    np.testing.assert_allclose(
        did[Component.EXPRESSION], truth[Component.EXPRESSION][:100], atol=1e-5
    )


def test_a_pictures_smile_is_copied(studio: Studio, tmp_path: Path) -> None:
    kept, picture = tmp_path / "kept.motion.npz", smiling(studio, tmp_path / "smile.png")
    guides = {Component.MOUTH: picture, Component.EXPRESSION: picture}
    made(studio, tmp_path, 0.2, replace(FOLLOWING, pose=Setting("still")), Drive(guides, kept))
    did = motions(studio, kept)
    smile, jaw = (row(studio, did, Component.MOUTH, it)[2] for it in ("mouthSmileLeft", "jawOpen"))
    assert smile > 0.5 and 0.2 < jaw < 0.8
    assert row(studio, did, Component.EXPRESSION, "eyeBlinkLeft")[2] > 0.5
    assert not did[Component.POSE].any()


def test_a_kept_motion_makes_the_same_film_again(studio: Studio, tmp_path: Path) -> None:
    kept, again = tmp_path / "kept.motion.npz", tmp_path / "again.motion.npz"
    count = made(studio, tmp_path, 1.0, Controls(), Drive(save=kept))
    made(studio, tmp_path, 1.0, FOLLOWING, Drive(dict.fromkeys(Component, kept), again))
    for part, values in motions(studio, kept).items():
        assert len(values) == count
        np.testing.assert_allclose(motions(studio, again)[part], values, atol=1e-5)


@pytest.mark.parametrize("guide", [CLIP, TRUTH])
def test_after_its_guide_the_face_lives_on_by_itself(
    studio: Studio, tmp_path: Path, guide: Path
) -> None:
    kept = tmp_path / "kept.motion.npz"
    drive = Drive({Component.POSE: guide}, kept)
    made(studio, tmp_path, SECONDS + SHORT, replace(FOLLOWING, mouth=Setting("still")), drive)
    yaw = motions(studio, kept)[Component.POSE][:, 0]
    end = round(25 * SECONDS)
    assert np.ptp(yaw[end : end + 7]) < 0.5, "it is held for a moment"
    assert np.abs(np.diff(yaw[end:])).max() < 3.0
    assert 0.05 < np.ptp(yaw[-25:]) < 5.0


@pytest.mark.parametrize("content", [b"no film", b"", None])
def test_what_is_no_film_is_told(studio: Studio, tmp_path: Path, content: bytes | None) -> None:
    driver = tmp_path / "driver.mp4"
    if content is not None:
        driver.write_bytes(content)
    with pytest.raises(ControlError):
        made(studio, tmp_path, 0.2, FOLLOWING, Drive({Component.POSE: driver}))
    assert not (tmp_path / "out.mp4").exists()


@pytest.mark.parametrize(
    ("name", "error", "words"),
    [
        ("sound.wav", ControlError, "mouths alone"),
        ("empty.mp4", NoFace, "first second"),
        ("empty.png", NoFace, "no face"),
        ("none.motion.npz", MotionUnreadable, "no motion file"),
    ],
)
def test_what_moves_no_face_is_told(
    studio: Studio, tmp_path: Path, name: str, error: type[VisavisError], words: str
) -> None:
    room: Picture = np.full((128, 128, 3), 90, np.uint8)
    write_wav(tmp_path / "sound.wav", silence(0.2), 48_000)
    write_clip(tmp_path / "empty.mp4", [room] * 50)
    Image.fromarray(room).save(tmp_path / "empty.png")
    (tmp_path / "none.motion.npz").write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(error, match=words):
        made(studio, tmp_path, 0.2, FOLLOWING, Drive({Component.POSE: tmp_path / name}))
    assert not (tmp_path / "out.mp4").exists()


def test_a_motion_that_cannot_be_kept_is_told(studio: Studio, tmp_path: Path) -> None:
    with pytest.raises(DeviceError):
        made(studio, tmp_path, 0.2, Controls(), Drive(save=tmp_path / "no" / "it.motion.npz"))
