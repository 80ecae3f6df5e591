from __future__ import annotations

import logging
from pathlib import Path

import pytest

from engine.errors import DeviceError
from server.doors.secret import VARIABLE, read_secret

LONG = "s" * 32


def written(folder: Path, text: str, mode: int = 0o600) -> Path:
    file = folder / "secret"
    file.write_text(text)
    file.chmod(mode)
    return file


def test_a_file_comes_before_the_environment(tmp_path: Path) -> None:
    assert read_secret(written(tmp_path, LONG + "\n"), {VARIABLE: "e" * 40}) == LONG.encode()
    assert read_secret(None, {VARIABLE: "e" * 40}) == b"e" * 40
    assert read_secret(None, {}) is None


@pytest.mark.parametrize("text", ["", "s" * 31, " " * 40])
def test_a_short_one_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(DeviceError, match="openssl rand"):
        read_secret(written(tmp_path, text), {})
    with pytest.raises(DeviceError, match="32 bytes"):
        read_secret(None, {VARIABLE: "short"})


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match="cannot be read from secret"):
        read_secret(tmp_path / "secret", {})


def test_others_who_can_read_it_are_spoken_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        read_secret(written(tmp_path, LONG), {})
        assert not caplog.records
        read_secret(written(tmp_path, LONG, 0o644), {})
    assert "chmod 600" in caplog.text and LONG not in caplog.text


@pytest.mark.parametrize("mode", [0o620, 0o602])
def test_others_who_can_change_it_are_not_accepted(tmp_path: Path, mode: int) -> None:
    with pytest.raises(DeviceError, match="others can change"):
        read_secret(written(tmp_path, LONG, mode), {})
