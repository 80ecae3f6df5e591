"""What a server must have before others reach it."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import DeviceError
from server.doors.listening import Tls, is_beyond
from tests.support.certificate import certificate

LOCAL = ["127.0.0.1", "127.0.0.53", "::1", "localhost"]
OTHERS = ["0.0.0.0", "::", "192.0.2.1", "example.com", "::ffff:127.0.0.1"]  # noqa: S104


@pytest.mark.parametrize("host", LOCAL)
def test_this_machine_needs_nothing(host: str) -> None:
    for secret in (False, True):
        for tls in (False, True):
            assert not is_beyond(host, secret=secret, tls=tls, behind_proxy=False)


@pytest.mark.parametrize("host", OTHERS)
@pytest.mark.parametrize(
    ("secret", "tls", "behind_proxy", "wanted"),
    [
        (False, False, False, "--secret-file"),
        (False, True, False, "--secret-file"),
        (False, False, True, "--secret-file"),
        (False, True, True, "--secret-file"),
        (True, False, False, "--tls-cert"),
        (True, True, False, None),
        (True, False, True, None),
        (True, True, True, None),
    ],
)
def test_others_need_a_secret_and_encryption(
    host: str, secret: bool, tls: bool, behind_proxy: bool, wanted: str | None
) -> None:
    if wanted is None:
        assert is_beyond(host, secret=secret, tls=tls, behind_proxy=behind_proxy)
        return
    with pytest.raises(DeviceError, match=wanted):
        is_beyond(host, secret=secret, tls=tls, behind_proxy=behind_proxy)


@pytest.mark.parametrize("host", LOCAL)
def test_a_proxy_brings_others_to_this_machine(host: str) -> None:
    with pytest.raises(DeviceError, match="through the proxy.*--secret-file"):
        is_beyond(host, secret=False, tls=False, behind_proxy=True)
    assert is_beyond(host, secret=True, tls=False, behind_proxy=True)


def test_a_certificate_and_its_key(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path / "a")
    _, other = certificate(tmp_path / "b")
    Tls(cert, key)
    for wrong in (Tls, lambda c, k: Tls(k, c), lambda c, k: Tls(c, tmp_path / "nothing")):
        with pytest.raises(DeviceError, match="certificate"):
            wrong(cert, other)
