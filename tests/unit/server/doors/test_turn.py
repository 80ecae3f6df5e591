"""Passwords for TURN: coturn's formula, and for how long."""

from __future__ import annotations

import time

import pytest

from engine.errors import DeviceError
from server import limits
from server.doors.turn import Relays, password

TURN = ("turn:turn.example.org:3478", "turns:turn.example.org:443?transport=tcp")


def test_the_password_is_what_coturn_computes() -> None:
    """printf 1433895918:user | openssl dgst -sha1 -hmac north -binary | base64."""
    assert password("1433895918:user", b"north") == "/gk4t5tUc08OpM3NjrVjHSFVNmY="


def test_what_both_ends_are_told() -> None:
    stun, turn = Relays(("stun:stun.example.org",), TURN, b"north").ice_servers("bob")
    assert (stun.urls, stun.username) == (["stun:stun.example.org"], None)
    assert turn.urls == list(TURN)
    until, _, who = (turn.username or "").partition(":")
    assert who == "bob" and abs(int(until) - time.time() - limits.TURN_SECONDS) <= 2
    assert turn.credential == password(turn.username or "", b"north")


def test_none_are_told_by_default() -> None:
    assert Relays().ice_servers("bob") == []


@pytest.mark.parametrize("seconds", [0, -1, limits.TURN_LONGEST_SECONDS + 1])
def test_passwords_last_an_hour_at_most(seconds: int) -> None:
    with pytest.raises(DeviceError, match="last up to"):
        Relays((), TURN, b"north", seconds)
    Relays((), TURN, b"north", limits.TURN_LONGEST_SECONDS)


def test_turn_needs_a_secret() -> None:
    with pytest.raises(DeviceError, match="--turn-secret-file"):
        Relays((), TURN)


@pytest.mark.parametrize(
    "address", ["", "turn.example.org", "stun:x", "http://x", "turn:x;y", "turn:x>; rel=y", "turn:"]
)
def test_addresses_are_looked_at(address: str) -> None:
    """They go into a header of WHIP."""
    with pytest.raises(DeviceError, match="no address"):
        Relays((), (address,), b"north")
