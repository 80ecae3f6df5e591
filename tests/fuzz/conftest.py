from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from aiortc import RTCConfiguration, RTCPeerConnection

from engine.studio import Studio
from tests.support.leaks import nothing_left
from tests.support.serving import opened


@pytest.fixture(scope="package")
def studio() -> Iterator[Studio]:
    with opened() as studio:
        yield studio


@pytest.fixture(autouse=True)
async def clean() -> AsyncIterator[None]:
    async with nothing_left():
        yield


@pytest.fixture
async def offer(clean: None) -> str:
    """What our own client sends."""
    page = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    page.createDataChannel("control")
    page.addTransceiver("audio")
    page.addTransceiver("video", direction="recvonly")
    await page.setLocalDescription()
    sdp: str = page.localDescription.sdp
    await page.close()
    return sdp
