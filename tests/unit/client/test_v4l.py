from __future__ import annotations

from pathlib import Path

import pytest

from client import listing
from client.listing import listed
from client.v4l import VideoDevice, video_devices

WEBCAM = VideoDevice(0, "Integrated Camera", False)
LOOPBACK = VideoDevice(10, "Visavis", True)


@pytest.fixture
def kernel(tmp_path: Path) -> Path:
    """What Linux shows of a webcam (with its second device, for data) and of v4l2loopback."""
    shown = tmp_path / "class" / "video4linux"
    shown.mkdir(parents=True)
    for path, index, name in (
        ("pci0000:00/usb1/video4linux/video0", "0", "Integrated Camera"),
        ("pci0000:00/usb1/video4linux/video1", "1", "Integrated Camera"),
        ("virtual/video4linux/video10", "0", "Visavis"),
    ):
        device = tmp_path / "devices" / path
        device.mkdir(parents=True)
        (device / "index").write_text(f"{index}\n")
        (device / "name").write_text(f"{name}\n")
        (shown / device.name).symlink_to(device)
    (shown / "v4l-subdev0").mkdir()
    return shown


def test_devices_are_told_apart(kernel: Path) -> None:
    assert video_devices(kernel) == [WEBCAM, LOOPBACK]
    assert LOOPBACK.path == "/dev/video10"


def test_a_machine_without_any(tmp_path: Path) -> None:
    assert video_devices(tmp_path / "nothing") == []


def test_each_kind_is_listed_with_what_to_choose(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "video_devices", lambda: [WEBCAM, LOOPBACK])
    monkeypatch.setattr("sys.platform", "linux")
    found = {it.kind: it for it in listed()}
    assert found["camera"].choice == "--camera 0" and found["camera"].note == "/dev/video0"
    assert found["virtual camera"].choice == "--virtual-camera /dev/video10"


def test_a_kind_without_any_says_what_helps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "video_devices", list)
    monkeypatch.setattr("sys.platform", "linux")
    found = {it.kind: it for it in listed()}
    assert "modprobe v4l2loopback exclusive_caps=1" in found["virtual camera"].note
    assert "/dev/video" in found["camera"].note
    monkeypatch.setattr("sys.platform", "darwin")
    found = {it.kind: it for it in listed()}
    assert "OBS" in found["virtual camera"].note and "--camera 0" in found["camera"].note
