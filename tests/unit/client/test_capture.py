from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from client import capture
from client.capture import Capture, fitted, reason
from client.errors import DeviceMissing, FileUnusable
from client.v4l import VideoDevice
from tests.support.videos import greys, write_video


def test_a_film_begins_again_at_its_end(tmp_path: Path) -> None:
    film = Capture(str(write_video(tmp_path / "me.mp4", greys(10), rate=20)))
    shades = []
    for _ in range(25):
        picture = film.read()
        assert picture is not None and picture.shape == (48, 64, 3)
        shades.append(float(picture.mean()))
    film.close()
    np.testing.assert_allclose(shades[:10], shades[10:20], atol=1)
    assert shades[9] > shades[0] + 150 and shades[10] < shades[9]
    assert film.film_rate == 20


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((480, 640), (480, 640)),
        ((1080, 1920), (360, 640)),
        ((1000, 500), (480, 240)),
        ((33, 47), (32, 46)),
    ],
)
def test_pictures_are_small_enough_and_even(
    before: tuple[int, int], after: tuple[int, int]
) -> None:
    pixels = np.zeros((*before, 3), np.uint8)
    assert fitted(pixels).shape == (*after, 3)
    assert (fitted(pixels) is pixels) == (before == after), "nothing is copied for nothing"


@pytest.mark.parametrize("content", [None, b"", b"no film at all"])
def test_a_film_that_cannot_be_read_is_said(
    tmp_path: Path, content: bytes | None, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "me.mp4"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(FileUnusable, match=r"me\.mp4 cannot be opened"):
        Capture(str(path))
    assert "WARN" not in capfd.readouterr().err, "OpenCV says nothing beside it"


def test_a_camera_that_is_not_there_is_said() -> None:
    with pytest.raises(DeviceMissing, match="camera 63"):
        Capture("63")


def test_the_reason_is_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capture, "video_devices", lambda: [VideoDevice(2, "USB", False)])
    there = tmp_path / "video0"
    assert "/dev/video2 (USB)" in reason(str(there), "linux")
    monkeypatch.setattr(capture, "video_devices", list)
    assert "ls /dev/video*" in reason(str(there), "linux")
    there.touch()
    monkeypatch.setattr("os.access", lambda path, mode: False)
    assert "usermod -aG video" in reason(str(there), "linux")
    monkeypatch.setattr("os.access", lambda path, mode: True)
    assert f"fuser {there}" in reason(str(there), "linux")
    assert "privacy" in reason("0", "darwin")
