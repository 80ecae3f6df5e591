"""How calls end: in any state, at any moment, as often as wanted, with nothing left behind."""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiortc import RTCConfiguration, RTCIceServer, RTCPeerConnection, RTCSessionDescription

from server import aiortc_compat as compat
from tests.support.calls import Call, Packets, call, connection, film, hum
from tests.support.leaks import nothing_left, until


@pytest.fixture(autouse=True)
async def clean() -> AsyncIterator[None]:
    async with nothing_left():
        yield


def _files() -> int:
    return len(os.listdir("/proc/self/fd"))


async def test_a_connection_is_closed_in_any_state() -> None:
    with compat.adjusted("127.0.0.1"):
        fresh = connection()
        await compat.close(fresh, 2)
        await compat.close(fresh, 2)
        offering = connection()
        offering.createDataChannel("control")
        offering.addTransceiver("audio")
        await offering.setLocalDescription()
        await compat.close(offering, 2)


@pytest.mark.parametrize("times", [2, 50])
async def test_a_call_is_closed_once_however_often(times: int) -> None:
    files = _files()
    async with call([Packets("audio", hum(), 0.01), Packets("video", film(), 0.01)]) as it:
        it.caller.createDataChannel("control")
        before = time.monotonic()
        await asyncio.gather(*(compat.close(it.callee, 2) for _ in range(times)))
        assert time.monotonic() - before < 2
        assert it.callee.connectionState == "closed"
        await compat.close(it.callee, 2)
    assert _files() == files


async def test_a_closing_that_is_given_up_goes_on() -> None:
    async with call([Packets("audio", hum(), 0.01)]) as it:
        impatient = asyncio.create_task(compat.close(it.callee, 2))
        await asyncio.sleep(0)
        impatient.cancel()
        with pytest.raises(asyncio.CancelledError):
            await impatient
        await until(lambda: it.callee.connectionState == "closed")


@pytest.mark.parametrize("steps", [0, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144])
async def test_a_call_is_closed_while_it_connects(steps: int) -> None:
    files = _files()
    with compat.adjusted("127.0.0.1"):
        it = Call()
        it.callee.on("track", it.bind)
        it.caller.addTrack(Packets("audio", hum(), 0.01))
        it.caller.addTrack(Packets("video", film(), 0.01))
        it.caller.createDataChannel("control")
        await it.negotiate()
        for _ in range(steps):
            await asyncio.sleep(0.001)
        before = time.monotonic()
        await compat.close(it.callee, 2)
        assert time.monotonic() - before < 3
        await compat.close(it.caller, 2)
    await until(lambda: _files() == files)


async def test_a_call_is_closed_while_it_gathers() -> None:
    """The sockets of a STUN server that does not answer come after the end."""
    files = _files()
    with compat.adjusted("127.0.0.1"):
        server = RTCIceServer("stun:127.0.0.1:9")
        peer = RTCPeerConnection(RTCConfiguration(iceServers=[server]))
        peer.addTransceiver("audio")
        gathering = asyncio.create_task(peer.setLocalDescription())
        await until(lambda: peer.iceGatheringState == "gathering")
        await compat.close(peer, 1)
        gathering.cancel()
        await asyncio.gather(gathering, return_exceptions=True)
    await until(lambda: _files() == files)


async def test_a_part_that_hangs_does_not_hang_the_end() -> None:
    files = _files()
    async with call([Packets("audio", hum(), 0.01)]) as it:
        parts: Any = it.callee
        for transport in parts._RTCPeerConnection__dtlsTransports:
            transport.stop = asyncio.Event().wait
        before = time.monotonic()
        await asyncio.gather(*(compat.close(it.callee, 0.3) for _ in range(5)))
        assert time.monotonic() - before < 1.5
    await until(lambda: _files() == files)


def _broken(offer: str, chance: random.Random) -> str:
    """An offer with one to four lines missing, doubled or cut."""
    lines = offer.splitlines(keepends=True)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(lines))
        lines[at : at + 1] = chance.choice([[], [lines[at]] * 2, [lines[at][:-4] + "\r\n"]])
    return "".join(lines)


async def test_broken_negotiations_leave_nothing_behind() -> None:
    """`RTCPeerConnection.close()` raises after some of them, and hangs when called again."""
    chance, files = random.Random(7), _files()
    answered = 0
    with compat.adjusted("127.0.0.1"):
        caller = connection()
        caller.createDataChannel("control")
        caller.addTransceiver("audio")
        caller.addTransceiver("video")
        await caller.setLocalDescription()
        for _ in range(250):
            callee = connection()
            callee.addTransceiver("audio")
            try:
                async with asyncio.timeout(2):
                    offer = _broken(caller.localDescription.sdp, chance)
                    await callee.setRemoteDescription(RTCSessionDescription(offer, "offer"))
                    await callee.setLocalDescription()
                    answered += 1
            except Exception:  # noqa: S110 (what broken offers raise is not the point here)
                pass
            async with asyncio.timeout(2):
                await compat.close(callee, 0.5)
        await compat.close(caller, 2)
    assert 50 < answered < 250
    await until(lambda: _files() == files)


async def test_data_channels_end_while_there_is_encryption() -> None:
    """What their timers sent later would raise where nobody sees it but the log."""
    with compat.adjusted("127.0.0.1"):
        it = Call()
        it.caller.createDataChannel("control")
        await it.connect()
        ended: list[tuple[str, str]] = []
        sctp: Any = it.callee.sctp

        def noted(name: str, stop: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
            async def stopped() -> None:
                ended.append((name, sctp.transport.state))
                # What a timer has begun has its turn before anything is shut down.
                turn = f"turn after {name}"
                asyncio.get_running_loop().call_soon(ended.append, (turn, sctp.transport.state))
                await stop()

            return stopped

        sctp.stop = noted("channels", sctp.stop)
        sctp.transport.stop = noted("encryption", sctp.transport.stop)
        await it.close()
    assert ended[:3] == [
        ("channels", "connected"),
        ("turn after channels", "connected"),
        ("channels", "connected"),  # once more, by aiortc itself
    ]
    assert "encryption" in dict(ended)
