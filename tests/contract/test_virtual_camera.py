"""What a virtual camera's device does: the fake of the tests, and pyvirtualcam where it can run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from client.errors import DeviceMissing
from client.virtual_camera import Device, opened
from tests.support.shown import fake


@pytest.fixture(params=["fake", "real"])
def device(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Device]:
    if request.param == "fake":
        fake(tmp_path, monkeypatch)
    try:
        made = opened("default", (256, 256))
    except DeviceMissing as error:
        pytest.skip(str(error))
    yield made
    made.close()


def test_it_has_a_name_by_which_it_is_opened_again(device: Device) -> None:
    name = device.device
    assert name
    device.close()
    again = opened(name, (256, 256))
    assert again.device == name
    again.close()


def test_it_takes_rgb_pictures_of_its_size_and_no_others(device: Device) -> None:
    device.send(np.full((256, 256, 3), 128, np.uint8))
    with pytest.raises(ValueError, match="shape"):
        device.send(np.zeros((128, 256, 3), np.uint8))
    with pytest.raises(TypeError, match="dtype"):
        device.send(np.zeros((256, 256, 3), np.float32))
    device.send(np.zeros((256, 256, 3), np.uint8))


def test_another_name_is_refused(device: Device) -> None:
    with pytest.raises(DeviceMissing, match="/dev/video98"):
        opened("/dev/video98", (256, 256))
