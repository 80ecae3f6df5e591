"""Which addresses of a caller are tried, and that no packet goes to the others."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress

import pytest
from aiortc import RTCPeerConnection, RTCSessionDescription

from server import limits
from server.doors.candidates import usable, usable_candidate

PUBLIC = ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
PRIVATE = [
    "127.0.0.1", "127.255.0.1", "10.0.0.1", "172.16.9.9", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "192.0.2.1", "198.18.0.1", "240.0.0.1", "::1", "fe80::1", "fd00::1",
    "fec0::1", "2001:db8::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:a9fe:a9fe",
    "64:ff9b::7f00:1", "2002:7f00:1::1", "2002:a00:1::1", "::127.0.0.1", "::10.0.0.1",
]  # fmt: skip
NOBODY = [
    "0.0.0.0", "::", "224.0.0.1", "239.255.255.250", "255.255.255.255", "ff02::1",  # noqa: S104
    "::ffff:0.0.0.0", "::ffff:224.0.0.251", "64:ff9b::ffff:ffff",
]  # fmt: skip
NAMES = [
    "a1b2.local", "localhost", "example.org", "127.1", "2130706433", "0x7f.1", "", "8.8.8.8.",
    "127.0.0.1%lo", "[::1]", "8.8.8.8:53", "０.0.0.0", "1.1.1.1/32",
]  # fmt: skip


def candidate(address: str, port: int = 5000, protocol: str = "udp", kind: str = "host") -> str:
    return f"a=candidate:1 1 {protocol} 2130706431 {address} {port} typ {kind}"


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_tried(address: str) -> None:
    assert usable_candidate(candidate(address), private=False)
    assert usable_candidate(candidate(address).removeprefix("a="), private=False)


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_only_at_home(address: str) -> None:
    assert not usable_candidate(candidate(address), private=False)
    assert usable_candidate(candidate(address), private=True)


@pytest.mark.parametrize("address", NOBODY + NAMES)
def test_these_are_never_tried(address: str) -> None:
    for private in (False, True):
        assert not usable_candidate(candidate(address), private)


@pytest.mark.parametrize("line", ["", "a=candidate:", "candidate:1 1 udp 1 8.8.8.8", "a=mid:0"])
def test_what_is_no_candidate(line: str) -> None:
    assert not usable_candidate(line, private=True)


def test_tcp_is_not_spoken() -> None:
    assert not usable_candidate(candidate("8.8.8.8", protocol="tcp"), private=True)
    assert usable_candidate(candidate("8.8.8.8", protocol="UDP"), private=True)


def test_the_rest_of_an_offer_stays() -> None:
    sdp = "v=0\r\nm=audio 9 X 0\r\n{}\r\na=mid:0\r\n"
    assert usable(sdp.format(candidate("8.8.8.8")), False) == sdp.format(candidate("8.8.8.8"))
    assert usable(sdp.format(candidate("10.0.0.1")), False) == "v=0\r\nm=audio 9 X 0\r\na=mid:0\r\n"


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\x0b", "\x0c", "\x1c", "\x85", "\u2028"])
def test_nothing_hides_behind_a_line_end(end: str) -> None:
    """The parser splits at all of these."""
    offer = f"v=0\r\na=mid:0{end}{candidate('127.0.0.1')}{end}a=x\r\n"
    assert "candidate" not in usable(offer, private=False)


@pytest.mark.parametrize(("count", "kept"), [(19, 19), (20, 20), (21, 20), (50, 20)])
def test_so_many_are_tried(count: int, kept: int) -> None:
    lines = [candidate("10.0.0.1"), *(candidate("8.8.8.8", 5000 + it) for it in range(count))]
    found = usable("\r\n".join(lines), private=False)
    assert found.count("a=candidate") == kept <= limits.CANDIDATES_TRIED


async def bytes_drawn(private: bool) -> int:
    """By an offer that names a UDP socket of this machine, as somebody who probes would."""
    caller, callee = RTCPeerConnection(), RTCPeerConnection()
    caller.addTransceiver("audio")
    await caller.setLocalDescription()
    offer = caller.localDescription.sdp
    target = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    target.bind(("127.0.0.1", 0))
    target.setblocking(False)
    lines = [it for it in offer.splitlines() if not it.startswith("a=candidate")]
    at = next(number for number, it in enumerate(lines) if it.startswith("a=end-of-cand"))
    lines.insert(at, candidate("127.0.0.1", target.getsockname()[1]))
    try:
        probing = usable("\r\n".join(lines), private)
        await callee.setRemoteDescription(RTCSessionDescription(probing, "offer"))
        await callee.setLocalDescription()
        with suppress(TimeoutError):
            async with asyncio.timeout(1.5):
                return len(await asyncio.get_running_loop().sock_recv(target, 2048))
        return 0
    finally:
        await caller.close()
        await callee.close()
        target.close()


async def test_a_port_of_this_machine_draws_no_packet() -> None:
    assert await bytes_drawn(private=True) > 0, "the probe works"
    assert await bytes_drawn(private=False) == 0
