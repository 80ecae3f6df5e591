"""Drivers who are read by a bundle's own graph."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.backends.onnx import OnnxBackend
from engine.bundle import Bundle
from engine.controls import Controls, Setting
from engine.crop import EDTALK
from engine.drive import Drive
from engine.driver import Driver, DriverState
from engine.errors import BundleError, RequestRefused
from engine.film import make_film
from engine.graph_watch import GraphWatcher
from engine.motion_file import read_motion_file
from engine.portrait import closer
from engine.renderers import presenter_portrait
from engine.resample import resized_picture
from engine.rest import LEARN_SECONDS
from engine.steady_crop import View
from engine.studio import Studio
from engine.types import Component, Floats, Motion, Picture, floats
from engine.watch import Reading
from engine.watchers import watchers
from engine.wiring import Wired
from export.edtalk.graphs import Graphs
from export.edtalk.seeded import seeded_generator
from models.edtalk.generator import Generator
from models.edtalk.layout import EXPRESSION, MOUTH, POSE
from tests.support.driver_clip import CLIP, pictures
from tests.support.edtalk import THIN, small_bundle
from tests.support.readings import reading
from tests.support.speech import silence, write_wav

STEP = 0.04
SIZES = (20, 6, 10)
CLOSED = 0.3
"""All of a mouth that is silent."""
FILE = Setting("file")
Reads = Callable[[Picture], Floats]


@pytest.fixture(scope="module")
def generator() -> Generator:
    return seeded_generator(THIN)


@pytest.fixture(scope="module")
def watch(generator: Generator) -> Wired:
    graph = OnnxBackend().compile("watch", Graphs.of(generator).watch())
    outputs = {
        "mouth": ("batch", MOUTH),
        "pose": ("batch", POSE),
        "expression": ("batch", EXPRESSION),
    }
    return Wired(graph, "watch", frozenset({"picture"}), outputs)


@pytest.fixture(scope="module")
def read(generator: Generator) -> Reads:
    """What the published network reads on a picture: mouth, pose, expression in a row."""

    def steps(picture: Picture) -> Floats:
        planes = torch.from_numpy(picture.transpose(2, 0, 1)[None] / 127.5 - 1).float()
        found = [it for it in generator.read(generator.look(planes).code) if it is not None]
        return np.asarray(torch.cat(found, dim=1)[0].numpy(), np.float32)

    return steps


@pytest.fixture(scope="module")
def crops(bundle: Bundle) -> list[Picture]:
    """Three people as a camera's crop shows them."""
    portraits = [presenter_portrait(bundle, it.id) for it in bundle.manifest.presenters[:3]]
    return [resized_picture(closer(it, EDTALK).picture, 256) for it in portraits]


def seen(face: Picture) -> Reading:
    """Of somebody whose picture is the crop already."""
    return replace(reading(), view=View(face, floats([0.5, 0.5]), 1 / EDTALK.side))


class Follower:
    """A watcher, and the time of the next picture."""

    def __init__(self, watch: Wired) -> None:
        mouth, *others = (np.zeros(size, np.float32) for size in SIZES)
        still = Motion(mouth + np.float32(CLOSED), *others)
        self.watcher = GraphWatcher(watch, still, EDTALK)
        self.time = 0.0

    def show(self, face: Picture, count: int = 1, mirror: bool = False) -> Motion | None:
        """What it makes of the last one of so many pictures."""
        for _ in range(count):
            motion = self.watcher(seen(face), self.time, 0.0, mirror)
            self.time += STEP
        return motion

    def see(self, face: Picture, count: int = 1, mirror: bool = False) -> Floats:
        """The same in a row: mouth, pose, expression."""
        motion = self.show(face, count, mirror)
        assert motion is not None
        return np.concatenate([motion[part] for part in Component])


@pytest.fixture
def follower(watch: Wired, crops: list[Picture]) -> Follower:
    """Knows the first person's rest."""
    follower = Follower(watch)
    assert follower.show(crops[0], round(LEARN_SECONDS / STEP)) is None, "not known yet"
    follower.see(crops[0])
    assert follower.watcher.learnt
    return follower


def moved(steps: Floats) -> Floats:
    """Of a face that does these steps from its rest: only a mouth is told wholly."""
    return steps + np.repeat(floats([CLOSED, 0, 0]), SIZES)


NOTHING = floats([0] * sum(SIZES))


def test_a_driver_does_what_the_network_reads_less_the_rest(
    follower: Follower, crops: list[Picture], read: Reads
) -> None:
    np.testing.assert_allclose(follower.see(crops[0]), moved(NOTHING), atol=1e-6)
    steps = read(crops[1]) - read(crops[0])
    assert all(np.abs(part).max() > 0.01 for part in np.split(steps, (20, 26)))
    np.testing.assert_allclose(follower.see(crops[1]), moved(steps), atol=1e-5)


def test_what_is_seen_while_the_rest_is_learnt_for_a_moment_does_not_count(
    watch: Wired, crops: list[Picture], read: Reads
) -> None:
    follower = Follower(watch)
    for person, count in ((0, 12), (1, 4), (0, 12)):
        follower.show(crops[person], count)
    steps = read(crops[1]) - read(crops[0])
    np.testing.assert_allclose(follower.see(crops[1]), moved(steps), atol=1e-5)


def test_a_mirror_shows_the_network_a_mirrored_picture(
    follower: Follower, crops: list[Picture], read: Reads
) -> None:
    rest, other = (read(it[:, ::-1]) for it in crops[:2])
    assert np.abs(rest - read(crops[0])).max() > 0.01, "nobody is symmetric"
    at_rest = follower.see(crops[0], mirror=True)
    np.testing.assert_allclose(at_rest, moved(NOTHING), atol=1e-5)
    np.testing.assert_allclose(follower.see(crops[1], mirror=True), moved(other - rest), atol=1e-5)


def test_a_new_rest_is_learnt_when_asked(follower: Follower, crops: list[Picture]) -> None:
    before = follower.see(crops[1])
    follower.watcher.calibrate()
    np.testing.assert_allclose(follower.see(crops[1], 20), before, err_msg="the old one holds")
    np.testing.assert_allclose(follower.see(crops[1], 40), moved(NOTHING), atol=1e-3)


def test_whoever_sits_aside_while_the_rest_is_learnt_is_at_rest_there(
    watch: Wired, crops: list[Picture], read: Reads
) -> None:
    """A crop that brought the face to its middle afterwards would be taken for a moving head."""
    follower, aside = Follower(watch), 16
    room = np.pad(crops[0], ((64, 64), (64, 64), (0, 0)), "edge")
    for shift, count, step in ((0, 1, STEP), (aside, 30, STEP), (aside, 40, 0.4)):
        middle = floats([0.5 + shift / 384, 0.5])
        view = View(np.roll(room, shift, axis=1), middle, 256 / 384 / EDTALK.side)
        for _ in range(count):
            motion = follower.watcher(replace(reading(), view=view), follower.time, 0.0)
            follower.time += step
    assert motion is not None
    brought = read(np.roll(room, aside, axis=1)[64:-64, 64:-64]) - read(crops[0])
    assert np.abs(motion.pose).max() < 0.05 * np.abs(brought[20:26]).max()


def test_readings_without_a_picture_are_refused(follower: Follower) -> None:
    with pytest.raises(RequestRefused, match="send the camera's pictures"):
        follower.watcher(reading(), follower.time, 0.0)


def test_a_graph_that_tells_nothing_of_faces_is_refused(faces: Studio, watch: Wired) -> None:
    with pytest.raises(BundleError, match="tells neither"):
        watchers(faces.manifest, replace(watch, outputs={"age": (1,)}), faces.listener())


def test_without_expressions_they_stay_at_rest(tmp_path: Path, crops: list[Picture]) -> None:
    studio = Studio.open(small_bundle(tmp_path, expressive=False))
    assert (
        "camera" in studio.sources[Component.MOUTH] and "camera" in studio.sources[Component.POSE]
    )
    assert "camera" not in studio.sources[Component.EXPRESSION]
    watcher = studio.watcher()
    for tick in range(30):
        motion = watcher(seen(crops[tick // 29]), tick * STEP, 0.0)
    assert motion is not None
    assert motion.pose.any() and motion.expression.shape == (0,)
    studio.close()


def test_a_silent_mouth_is_what_the_bundle_hears_in_silence(faces: Studio) -> None:
    listener, still = faces.listener(), faces.watcher().still
    for _ in range(12):
        heard = listener.hear(np.zeros(640, np.float32))
    np.testing.assert_array_equal(still.mouth, heard.mouth)
    assert still.mouth.any() and not still.pose.any() and not still.expression.any()


def test_a_face_is_lost_and_found_without_a_jump(faces: Studio) -> None:
    """A filmed person, before whose camera somebody walks past for a second."""
    camera, driver = faces.camera(), Driver(faces.watcher())
    driver.settle(0.0, False)
    states, poses = [], []
    for time, picture in pictures():
        if time > 3.6:
            break
        gone = 1.8 <= time < 2.8
        driver.see(camera(np.full_like(picture, 90) if gone else picture, time), time, time)
        followed = driver.at(time)
        states.append(driver.state(time))
        poses.append(followed.motion.pose * followed.presence)
    camera.close()
    assert list(dict.fromkeys(states)) == [
        DriverState.LEARNING, DriverState.FOLLOWING, DriverState.LOST,
    ]  # fmt: skip
    assert states[-1] is DriverState.FOLLOWING
    steps = np.abs(np.diff(np.stack(poses), axis=0)).max(axis=1)
    assert 0 < steps[44:].max() < 2 * steps[:44].max()
    assert np.abs(poses[69]).max() < 0.05 * np.abs(poses[44]).max(), "let go"


@pytest.fixture(scope="module")
def kept(faces: Studio, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a presenter did in a film that a filmed person drove."""
    return driven(faces, tmp_path_factory.mktemp("kept"), CLIP)


def driven(studio: Studio, folder: Path, guide: Path) -> Path:
    kept = folder / "kept.motion.npz"
    sound = write_wav(folder / "in.wav", silence(2.0), 48_000)
    make_film(
        studio, studio.presenter("ada", 256), sound, folder / "out.mp4", seed=1,
        controls=Controls(FILE, FILE, FILE, steadiness=0.0),
        drive=Drive(dict.fromkeys(Component, guide), kept),
    )  # fmt: skip
    return kept


def test_a_film_drives_mouth_pose_and_expression(faces: Studio, kept: Path) -> None:
    did = read_motion_file(kept.read_bytes(), faces.names).values
    camera, watcher = faces.camera(), faces.watcher()
    read = []
    for time, picture in pictures():
        seen = camera(picture, time)
        assert seen is not None
        read.append(watcher(seen, time, 0.0))
        if time > 2.0:
            break
    camera.close()
    begin = next(tick for tick, motion in enumerate(read) if motion is not None)
    for part in Component:
        found = did[part][begin:]
        wanted = np.stack([it[part] for it in read[begin:] if it is not None])[: len(found)]
        free = np.abs(watcher.still[part]) < 15  # what seeded weights say lies beyond all limits
        assert wanted[:, free].std(axis=0).max() > 0.003 and len(wanted) > 20
        np.testing.assert_allclose(found[: len(wanted), free], wanted[:, free], atol=2e-4)


def test_a_kept_motion_makes_the_same_film_again(faces: Studio, kept: Path, tmp_path: Path) -> None:
    again = driven(faces, tmp_path, kept)
    both = [read_motion_file(it.read_bytes(), faces.names).values for it in (kept, again)]
    for part in Component:
        np.testing.assert_allclose(both[1][part][6:], both[0][part][6:], atol=1e-4)
