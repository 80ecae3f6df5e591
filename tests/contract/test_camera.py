"""What a capture does: a film, and this machine's camera where it has one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from client.capture import HEIGHT, WIDTH, Capture
from client.errors import DeviceMissing
from tests.support.videos import greys, write_video


@pytest.fixture(params=["film", "camera"])
def capture(request: pytest.FixtureRequest, tmp_path: Path) -> Capture:
    if request.param == "film":
        return Capture(str(write_video(tmp_path / "me.mp4", greys(5))))
    try:
        return Capture("0")
    except DeviceMissing as error:
        pytest.skip(str(error))


def test_pictures_are_bgr_even_and_no_larger_than_is_sent(capture: Capture) -> None:
    for _ in range(8):
        picture = capture.read()
        assert picture is not None and picture.dtype == np.uint8
        height, width, colours = picture.shape
        assert height <= HEIGHT and width <= WIDTH and colours == 3
        assert height % 2 == width % 2 == 0
    capture.close()
    assert capture.read() is None, "after its end there is nothing more"
