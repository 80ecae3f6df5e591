"""Films whose face is moved by another film, or by a motion file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.controls import Controls, Setting
from engine.drive import Drive
from engine.errors import DeviceError, FilmUnreadable, MotionUnreadable, NoFace
from engine.film import make_film
from engine.motion_file import read_motion_file
from engine.studio import Studio
from engine.types import Component, Floats
from tests.support.driver_clip import CLIP, SECONDS
from tests.support.speech import silence, write_wav
from train.people.clip import write_clip

CAMERA = Setting("camera")
FOLLOWING = Controls(CAMERA, CAMERA, CAMERA, steadiness=0.0)
SHORT = 3.0


def made(studio: Studio, folder: Path, seconds: float, controls: Controls, drive: Drive) -> int:
    sound = write_wav(folder / "in.wav", silence(seconds), 48_000)
    identity = studio.presenter("tomas", 256)
    target = folder / "out.mp4"
    return make_film(studio, identity, sound, target, seed=1, controls=controls, drive=drive)


def motions(studio: Studio, path: Path) -> dict[Component, Floats]:
    return dict(read_motion_file(path.read_bytes(), studio.names).values)


def test_a_face_does_what_a_filmed_person_does_at_the_same_time(
    studio: Studio, tmp_path: Path
) -> None:
    kept = tmp_path / "kept.motion.npz"
    made(studio, tmp_path, SECONDS, FOLLOWING, Drive(driver=CLIP, save=kept))
    truth = motions(studio, CLIP.with_name(CLIP.stem + ".motion.npz"))
    did = motions(studio, kept)
    delay = len(did[Component.POSE]) - len(truth[Component.POSE])
    assert delay == 2, "the look-ahead of the bundle"
    yaw = did[Component.POSE][delay:, 0]
    assert np.abs(yaw[:25]).max() < 1.5, "the driver is calm, and is known from the first picture"
    assert np.corrcoef(yaw[25:], truth[Component.POSE][25:, 0])[0, 1] > 0.98
    jaw = studio.names[Component.MOUTH].index("jawOpen")
    opened = did[Component.MOUTH][delay:, jaw], truth[Component.MOUTH][:, jaw]
    assert np.corrcoef(*opened)[0, 1] > 0.85


def test_a_kept_motion_makes_the_same_film_again(studio: Studio, tmp_path: Path) -> None:
    kept, again = tmp_path / "kept.motion.npz", tmp_path / "again.motion.npz"
    made(studio, tmp_path, 1.0, Controls(), Drive(save=kept))
    file = Setting("file")
    controls = replace(Controls(), mouth=file, pose=file, expression=file)
    made(studio, tmp_path, 1.0, controls, Drive(motion=kept, save=again))
    for part, values in motions(studio, kept).items():
        np.testing.assert_allclose(motions(studio, again)[part][6:], values[6:], atol=1e-5)


def test_after_the_drivers_film_the_face_lives_on_by_itself(studio: Studio, tmp_path: Path) -> None:
    kept = tmp_path / "kept.motion.npz"
    made(studio, tmp_path, SECONDS + SHORT, FOLLOWING, Drive(driver=CLIP, save=kept))
    yaw = motions(studio, kept)[Component.POSE][:, 0]
    end = round(25 * SECONDS)
    assert np.abs(np.diff(yaw[end:])).max() < 3.0
    assert np.ptp(yaw[-25:]) > 0.05


@pytest.mark.parametrize(
    ("content", "error"),
    [(b"no film", FilmUnreadable), (None, FilmUnreadable)],
)
def test_what_is_no_film_is_told(
    studio: Studio, tmp_path: Path, content: bytes | None, error: type[Exception]
) -> None:
    driver = tmp_path / "driver.mp4"
    if content is not None:
        driver.write_bytes(content)
    with pytest.raises(error):
        made(studio, tmp_path, 0.2, FOLLOWING, Drive(driver=driver))
    assert not (tmp_path / "out.mp4").exists()


def test_sound_is_no_film_and_an_empty_room_no_driver(studio: Studio, tmp_path: Path) -> None:
    sound = write_wav(tmp_path / "sound.wav", silence(0.2), 48_000)
    with pytest.raises(FilmUnreadable, match="no pictures"):
        made(studio, tmp_path, 0.2, FOLLOWING, Drive(driver=sound))
    empty = tmp_path / "empty.mp4"
    write_room(empty)
    with pytest.raises(NoFace, match="first second"):
        made(studio, tmp_path, 0.2, FOLLOWING, Drive(driver=empty))


def write_room(path: Path) -> None:
    write_clip(path, [np.full((128, 128, 3), 90, np.uint8)] * 50)


def test_motion_files_that_cannot_be_used_are_told(studio: Studio, tmp_path: Path) -> None:
    with pytest.raises(MotionUnreadable):
        made(studio, tmp_path, 0.2, Controls(), Drive(motion=tmp_path / "nothing.motion.npz"))
    with pytest.raises(DeviceError):
        made(studio, tmp_path, 0.2, Controls(), Drive(save=tmp_path / "no" / "it.motion.npz"))
