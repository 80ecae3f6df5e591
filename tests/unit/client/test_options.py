from __future__ import annotations

import pytest

from client.options import filled


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("--microphone", "--microphone default"),
        ("--microphone USB", "--microphone USB"),
        ("--microphone --speaker 3", "--microphone default --speaker 3"),
        ("--virtual-camera --size 256", "--virtual-camera default --size 256"),
        ("--virtual-camera=/dev/video9", "--virtual-camera=/dev/video9"),
        ("--speaker http://127.0.0.1:8080", "--speaker default http://127.0.0.1:8080"),
        ("--camera 0 --file speech.wav", "--camera 0 --file speech.wav"),
    ],
)
def test_a_value_may_be_left_out(typed: str, meant: str) -> None:
    assert filled(typed.split()) == meant.split()
