from __future__ import annotations

import pytest

from client.driving import driven, follows
from server.protocol import ComponentPatch, ControlsPatch

SOURCES = {
    "mouth": ["voice", "camera", "idle"],
    "pose": ["idle", "camera", "still"],
    "expression": ["idle", "still"],
}


@pytest.mark.parametrize(("speaks", "mouth"), [(True, None), (False, "camera")])
def test_a_camera_moves_what_nothing_else_was_asked_of(speaks: bool, mouth: str | None) -> None:
    controls = driven(ControlsPatch(emotion="happy"), SOURCES, speaks)
    assert controls.pose == ComponentPatch(source="camera")
    assert controls.expression is None, "the server has no such source for it"
    assert (controls.mouth.source if controls.mouth else None) == mouth
    assert controls.emotion == "happy" and follows(controls)


def test_what_was_asked_for_stays() -> None:
    asked = ControlsPatch(pose=ComponentPatch(source="still"), mouth=ComponentPatch(gain=0.5))
    controls = driven(asked, SOURCES, speaks=False)
    assert controls.pose == ComponentPatch(source="still")
    assert controls.mouth == ComponentPatch(source="camera", gain=0.5)


def test_a_server_that_follows_no_camera_is_left_as_it_is() -> None:
    controls = driven(ControlsPatch(), {"mouth": ["voice"], "pose": ["idle"]}, speaks=False)
    assert controls == ControlsPatch() and not follows(controls)
