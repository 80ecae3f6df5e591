"""Sound cards that are not there; tests/e2e/test_devices.py has those of a real sound server."""

from __future__ import annotations

import sys

import pytest

from client.card import Card, Direction
from client.errors import DeviceMissing


def ignore(*_: object) -> None:
    return None


@pytest.mark.parametrize("direction", ["input", "output"])
@pytest.mark.parametrize("device", ["no such card", "99"])
def test_a_card_that_is_not_there_is_named(direction: Direction, device: str) -> None:
    with pytest.raises(DeviceMissing) as missing:
        Card(direction, device, ignore).open()
    assert f"'{device}'" in str(missing.value) and "visavis devices" in str(missing.value)


def test_portaudio_itself_may_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def find_spec(self, name: str, path: object, target: object = None) -> None:
            if name == "sounddevice":
                raise OSError("PortAudio library not found")

    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Broken(), *sys.meta_path])
    with pytest.raises(DeviceMissing, match="apt install libportaudio2"):
        Card("output", "default", ignore).open()
