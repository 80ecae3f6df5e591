"""What the mesh is told is read back by the face tracker: on a photograph and on presenters."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from engine.arkit import EXPRESSION, MOUTH
from engine.bundle import Bundle
from engine.portrait import make_portrait
from engine.render import Identity
from engine.studio import Studio
from engine.tracker import FaceTracker
from engine.types import Floats, Motion
from tests.support.motions import motion

NAMES = (*MOUTH, *EXPRESSION)
PRESENTERS = ("ada", "amara", "kenji", "nora", "samuel")


@pytest.fixture(scope="module")
def tracker(bundle: Bundle) -> Iterator[FaceTracker]:
    made = FaceTracker(bundle.asset("tracker"), 1)
    yield made
    made.close()


@pytest.fixture(scope="module")
def collins(studio: Studio, astronaut: bytes) -> Identity:
    return studio.portrait(astronaut, 512)


@pytest.fixture(scope="module")
def presenters(studio: Studio) -> list[Identity]:
    return [studio.presenter(name, 512) for name in PRESENTERS]


class Reader:
    """Reads what a face does beyond what it does at rest."""

    def __init__(self, tracker: FaceTracker, identity: Identity) -> None:
        self._tracker, self._identity = tracker, identity
        self._rest = np.zeros(len(NAMES) + 3, np.float32)
        self._rest = self(motion())

    def __call__(self, asked: Motion) -> Floats:
        """Change of the 52 coefficients, then of yaw, pitch, roll in degrees, [55]."""
        (face,) = self._tracker(self._identity.draw(asked))
        return np.concatenate([face.coefficients, face.turn]) - self._rest

    def coefficient(self, name: str, asked: Motion) -> float:
        return float(self(asked)[NAMES.index(name)])


@pytest.mark.parametrize(
    ("name", "asked", "least"),
    [
        ("jawOpen", motion(jawOpen=0.6), 0.35),
        ("mouthPucker", motion(mouthPucker=1.0), 0.6),
        ("mouthSmileLeft", motion(mouthSmile=0.9), 0.7),
        ("mouthSmileRight", motion(mouthSmile=0.9), 0.7),
        ("eyeBlinkLeft", motion(eyeBlink=1.0), 0.55),
        ("browInnerUp", motion(browInnerUp=1.0, browOuterUp=1.0), 0.25),
        ("browOuterUpLeft", motion(browInnerUp=1.0, browOuterUp=1.0), 0.2),
        ("eyeLookOutLeft", motion(eyeLookOutLeft=0.8, eyeLookInRight=0.8), 0.2),
        ("eyeLookOutRight", motion(eyeLookOutRight=0.8, eyeLookInLeft=0.8), 0.2),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_photograph_does_what_it_is_told(
    tracker: FaceTracker, collins: Identity, name: str, asked: Motion, least: float
) -> None:
    assert Reader(tracker, collins).coefficient(name, asked) >= least


def test_the_smile_of_a_photograph_is_gone_at_rest(
    tracker: FaceTracker, collins: Identity, astronaut: bytes
) -> None:
    before = make_portrait(astronaut, tracker).face.coefficients
    (rest,) = tracker(collins.draw(motion()))
    smile = [NAMES.index("mouthSmileLeft"), NAMES.index("mouthSmileRight")]
    assert before[smile].min() > 0.8 and rest.coefficients[smile].max() < 0.15


@pytest.mark.parametrize(
    ("name", "asked", "least"),
    [
        ("jawOpen", motion(jawOpen=0.6), 0.2),
        ("mouthPucker", motion(mouthPucker=1.0), 0.25),
        ("mouthSmileLeft", motion(mouthSmile=0.9), 0.2),
        ("eyeBlinkLeft", motion(eyeBlink=1.0), 0.55),
        ("browInnerUp", motion(browInnerUp=1.0, browOuterUp=1.0), 0.25),
        ("eyeLookOutLeft", motion(eyeLookOutLeft=0.8, eyeLookInRight=0.8), 0.3),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_presenters_do_what_they_are_told(
    tracker: FaceTracker, presenters: list[Identity], name: str, asked: Motion, least: float
) -> None:
    """Less than a photograph by what their calm smile already reads."""
    read = [Reader(tracker, one).coefficient(name, asked) for one in presenters]
    assert np.median(read) >= least


@pytest.mark.parametrize(
    ("asked", "axis", "least"),
    [
        (motion(yaw=12.0), 0, 10.0),
        (motion(yaw=-12.0), 0, 10.0),
        (motion(pitch=10.0), 1, 7.0),
        (motion(pitch=-10.0), 1, 7.0),
        (motion(roll=10.0), 2, 9.0),
    ],
    ids=["right", "left", "down", "up", "roll"],
)
def test_heads_turn_as_far_as_asked(
    tracker: FaceTracker,
    collins: Identity,
    presenters: list[Identity],
    asked: Motion,
    axis: int,
    least: float,
) -> None:
    read = [Reader(tracker, one)(asked)[52 + axis] for one in (collins, *presenters)]
    assert np.abs(np.median(read)) >= least


def test_turning_the_head_opens_no_mouth_and_moves_no_gaze(
    tracker: FaceTracker, presenters: list[Identity]
) -> None:
    watched = [
        NAMES.index(name) for name in ("jawOpen", "mouthFunnel", "mouthPucker", "eyeBlinkLeft")
    ]
    for asked in (motion(yaw=12.0), motion(yaw=-12.0), motion(roll=10.0)):
        read = np.median([Reader(tracker, one)(asked) for one in presenters], axis=0)
        assert np.abs(read[watched]).max() <= 0.05
        looks = [place for place, name in enumerate(NAMES) if name.startswith("eyeLookOut")]
        assert np.abs(read[looks]).max() <= 0.08


def test_speaking_turns_no_head_and_closes_no_eye(
    tracker: FaceTracker, collins: Identity, presenters: list[Identity]
) -> None:
    """Lowered brows are not looked at: the tracker sees them on any calm invented face."""
    still = ("eyeBlink", "browInnerUp", "browOuterUp")
    eyes = [place for place, name in enumerate(NAMES) if name.startswith(still)]
    for asked in (motion(jawOpen=0.6), motion(mouthPucker=1.0)):
        read = np.median([Reader(tracker, one)(asked) for one in (collins, *presenters)], axis=0)
        assert np.abs(read[eyes]).max() <= 0.05
        assert np.abs(read[52:]).max() <= 2.0, "degrees"


def test_no_picture_of_speech_loses_the_face(
    tracker: FaceTracker, studio: Studio, astronaut: bytes
) -> None:
    identity = studio.portrait(astronaut, 256)
    random = np.random.default_rng(1)
    phase = random.uniform(0, 2 * np.pi, 8)
    for tick in range(200):
        jaw, pucker, smile, lid, brow, yaw, pitch, roll = np.sin(
            tick * np.linspace(0.9, 0.1, 8) + phase
        )
        asked = motion(
            jawOpen=0.35 + 0.35 * jaw,
            mouthPucker=max(0.0, 0.8 * pucker),
            mouthSmile=max(0.0, 0.6 * smile),
            eyeBlink=float(tick % 40 < 3) * (0.5 + 0.5 * lid),
            browInnerUp=max(0.0, 0.6 * brow),
            yaw=15 * yaw,
            pitch=8 * pitch,
            roll=8 * roll,
        )
        assert len(tracker(identity.draw(asked))) == 1, f"tick {tick}"
