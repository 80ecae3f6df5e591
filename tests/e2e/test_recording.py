"""A call is recorded on the server, and fetched."""

from __future__ import annotations

import io
from pathlib import Path

import av
import numpy as np
import pytest

from client.call import connected
from client.devices import SoundFile
from engine.studio import Studio
from server.protocol import (
    ErrorMessage,
    RecordingMessage,
    RecordMessage,
    ServerMessage,
    SessionRequest,
)
from tests.support.leaks import until
from tests.support.serving import serving

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("clean")]
ADA = SessionRequest(presenter="ada", size=256)
SPEECH = Path(__file__).parents[1] / "data" / "speech" / "hibari.wav"


class Told:
    """What the server said about recordings."""

    def __init__(self) -> None:
        self.messages: list[RecordingMessage] = []
        self.errors: list[ErrorMessage] = []

    def __call__(self, message: ServerMessage) -> None:
        if isinstance(message, RecordingMessage):
            self.messages.append(message)
        elif isinstance(message, ErrorMessage):
            self.errors.append(message)

    @property
    def states(self) -> list[str]:
        return [it.state for it in self.messages]


async def test_a_call_is_recorded_and_fetched_after_its_end(studio: Studio) -> None:
    told, seen = Told(), list[float]()
    async with serving(studio) as server:
        async with connected(server.url, SoundFile(SPEECH), ADA) as talk:
            talk.on_message, talk.on_picture = told, lambda _, at: seen.append(at)
            await until(lambda: len(seen) > 5)
            talk.send(RecordMessage(on=True))
            talk.send(RecordMessage(on=True))
            await until(lambda: told.states == ["running", "running"])
            before = len(seen)
            await until(lambda: len(seen) > before + 50, 6)
            talk.send(RecordMessage(on=False))
            await until(lambda: told.states[-1] == "ready")
        address = told.messages[-1].address
        assert address is not None and {it.address for it in told.messages} == {address}
        answer = await server.http.get(address)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "video/mp4")
        assert (await server.http.get("/v1/recordings/another")).status_code == 404
    with av.open(io.BytesIO(answer.content), "r") as film:
        pictures = [(it.pts, it.width) for it in film.decode(video=0)]
        film.seek(0)
        loudness = max(np.abs(it.to_ndarray()).max() for it in film.decode(audio=0))
    assert len(pictures) == pytest.approx(25 * told.messages[-1].seconds, abs=3)
    assert len(pictures) > 20 and {width for _, width in pictures} == {256}
    assert loudness > 0.05


async def test_the_end_of_a_call_finishes_its_recording(studio: Studio) -> None:
    told = Told()
    async with serving(studio) as server:
        async with connected(server.url, SoundFile(SPEECH), ADA) as talk:
            talk.on_message = told
            talk.send(RecordMessage(on=True))
            await until(lambda: told.states == ["running"])
            await until(lambda: talk.report().pictures > 15)
            await server.http.delete(f"/v1/sessions/{talk.session.id}")
        assert told.states == ["running", "ready"]
        address = told.messages[0].address
        assert address is not None
        answer = await server.http.get(address)
    with av.open(io.BytesIO(answer.content), "r") as film:
        assert len(list(film.decode(video=0))) > 5


async def test_a_server_without_h264_says_that_it_cannot_record(studio: Studio) -> None:
    told = Told()
    async with (
        serving(studio, vp8_only=True) as server,
        connected(server.url, SoundFile(SPEECH), ADA) as talk,
    ):
        talk.on_message = told
        await until(lambda: talk.stats is not None)
        assert talk.stats is not None and talk.stats.codec == "VP8"
        talk.send(RecordMessage(on=True))
        await until(lambda: bool(told.errors))
    assert told.errors[0].code == "recording_failed"
    assert not told.messages
