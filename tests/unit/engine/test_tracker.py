from __future__ import annotations

import numpy as np
import pytest

from engine.bundle import Bundle
from engine.errors import BundleError, TrackerMissing
from engine.mesh import rotation
from engine.studio import Studio
from engine.tracker import FaceTracker
from engine.types import floats
from engine.watch import turn_of
from tests.support.motions import motion


def test_a_turn_is_read_back_from_its_matrix() -> None:
    yaw, pitch, roll = np.radians([20.0, -8.0, 5.0])
    about_y = [[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]]
    about_x = [[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]]
    about_z = [[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]]
    matrix = np.eye(4)
    matrix[:3, :3] = 2.5 * np.array(about_y) @ np.array(about_x) @ np.array(about_z)
    np.testing.assert_allclose(turn_of(floats(matrix)), [20.0, -8.0, 5.0], atol=1e-4)


def test_no_turn_is_no_rotation() -> None:
    np.testing.assert_allclose(rotation(0, 0, 0), np.eye(3))


def test_what_the_mesh_is_told_is_what_the_tracker_reads(bundle: Bundle, studio: Studio) -> None:
    """The signs of pose and coefficients agree between the two, or nothing can drive us."""
    tracker = FaceTracker(bundle.asset("tracker"), 1)
    identity = studio.presenter("nora", 512)

    def turn(**values: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        (face,) = tracker(identity.draw(motion(**values)))
        return face.turn

    rest = turn()
    assert turn(yaw=12.0)[0] - rest[0] == pytest.approx(9, abs=4)
    assert turn(pitch=8.0)[1] - rest[1] == pytest.approx(6, abs=4)
    assert turn(roll=8.0)[2] - rest[2] == pytest.approx(8, abs=3)
    tracker.close()


def test_a_damaged_model_is_refused(bundle: Bundle) -> None:
    model = bundle.asset("tracker")
    with pytest.raises(BundleError, match="no model that MediaPipe reads"):
        FaceTracker(model[:1_000] + b"\xff" * 2_000 + model[3_000:])


def test_an_empty_picture_has_no_face(bundle: Bundle) -> None:
    tracker = FaceTracker(bundle.asset("tracker"))
    assert tracker(np.zeros((200, 300, 3), np.uint8)) == []
    tracker.close()


def test_a_model_that_cannot_be_opened_is_said() -> None:
    with pytest.raises(TrackerMissing, match="presenters can"):
        FaceTracker(b"no model")
