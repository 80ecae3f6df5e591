"""Speaking from a program: to the real address of a voice, on this machine's loopback."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path

import numpy as np
import pytest
from fastapi import Response

from client.errors import CallLost, CallRefused, FileUnusable
from client.sources import Source, from_file, from_pipe
from client.speak import addresses, speak
from engine import controls as engine
from engine.types import SOUND_RATE
from server import limits
from server.controls import described
from server.metrics import Metrics
from server.protocol import HelloMessage, SessionCreated, SpeechMessage
from server.voice.socket import router
from tests.support.leaks import until
from tests.support.speech import tone, write_wav
from tests.support.voices import Speaker, application, counting, listening, playing

HELLO = HelloMessage(rate=SOUND_RATE)


class Place:
    """Where one can speak."""

    def __init__(self, url: str, speaker: Speaker) -> None:
        self.url, self.speaker = url, speaker


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    speaker = Speaker()
    app = application(router(speaker, speaker.clock, Metrics()))

    @app.get("/v1/sessions/elsewhere/voice")
    async def elsewhere() -> Response:
        return Response("<html>", 200)

    async with listening(app) as url:
        yield Place(url, speaker)


def of(samples: np.ndarray[tuple[int], np.dtype[np.int16]], hello: HelloMessage = HELLO) -> Source:
    async def pieces() -> AsyncGenerator[bytes, None]:
        for at in range(0, len(samples), 1_000):
            yield samples[at : at + 1_000].tobytes()

    return Source(hello, pieces())


async def test_a_sentence_is_spoken_to_its_end(place: Place) -> None:
    samples, heard = counting(SOUND_RATE // 2), list[SpeechMessage]()
    async with playing(place.speaker, 4.0):
        last = await speak(place.url, "it", of(samples), on_event=heard.append)
    assert (last.event, last.utterance, last.position_ms) == ("ended", 1, 500.0)
    assert [message.event for message in heard] == ["started", "ended"]
    assert (place.speaker.played[: len(samples)] == samples).all()


async def test_it_is_sent_no_further_ahead_than_there_is_room(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server could take five seconds and more; it says that it wants a fifth of one."""
    monkeypatch.setattr(limits, "VOICE_SECONDS", 0.2)
    depths: list[int] = []
    voice = place.speaker.voice

    async def watch() -> None:
        while True:
            depths.append(voice.queue.depth)
            await asyncio.sleep(0.01)

    watching = asyncio.create_task(watch())
    async with playing(place.speaker):
        last = await speak(place.url, "it", of(counting(SOUND_RATE)))
    watching.cancel()
    assert last.event == "ended" and voice.underruns == 0
    assert 100 < max(depths) <= 300


async def test_to_be_cancelled_is_to_interrupt(place: Place) -> None:
    heard: list[SpeechMessage] = []
    async with playing(place.speaker):
        speaking = asyncio.create_task(
            speak(place.url, "it", of(counting(60 * SOUND_RATE)), on_event=heard.append)
        )
        await until(lambda: bool(heard))
        speaking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await speaking
        assert heard[-1].event == "interrupted" and place.speaker.voice.queue.depth == 0


async def test_somebody_else_interrupts(place: Place) -> None:
    heard: list[SpeechMessage] = []
    async with playing(place.speaker):
        speaking = asyncio.create_task(
            speak(place.url, "it", of(counting(60 * SOUND_RATE)), on_event=heard.append)
        )
        await until(lambda: bool(heard))
        place.speaker.interrupt()
        last = await speaking
    assert last.event == "interrupted" and last.position_ms < 3_000


async def test_refusals_are_told_with_their_code(place: Place) -> None:
    with pytest.raises(CallRefused, match="no such session") as refused:
        await speak(place.url, "other", of(counting(10)))
    assert refused.value.code == "unknown_session"
    async with playing(place.speaker):
        first = asyncio.create_task(speak(place.url, "it", of(counting(SOUND_RATE))))
        await until(lambda: place.speaker.voice.playing)
        with pytest.raises(CallRefused) as refused:
            await speak(place.url, "it", of(counting(10)))
        assert refused.value.code == "voice_taken"
        await first


async def test_a_session_that_ends_is_told_with_its_reason(place: Place) -> None:
    async with playing(place.speaker):
        speaking = asyncio.create_task(speak(place.url, "it", of(counting(9 * SOUND_RATE))))
        await until(lambda: place.speaker.voice.playing)
        place.speaker.voice.close("its page left")
        assert (await speaking).event == "interrupted"
    with pytest.raises(CallRefused, match="has ended"):
        await speak(place.url, "it", of(counting(10)))


async def test_no_sound_is_a_mistake(place: Place) -> None:
    with pytest.raises(FileUnusable, match="no sound"):
        await speak(place.url, "it", of(counting(0)))


async def test_no_server_and_no_voice(place: Place) -> None:
    with pytest.raises(CallLost, match="is it running"):
        await speak("http://127.0.0.1:9", "it", of(counting(10)))
    with pytest.raises((CallLost, CallRefused)):
        await speak(place.url + "/nowhere", "it", of(counting(10)))


async def test_a_pipe_is_read_as_it_is_written(place: Place) -> None:
    reading, writing = os.pipe()
    sound = tone(0.3, rate=24_000)
    async with playing(place.speaker):
        speaking = asyncio.create_task(
            speak(place.url, "it", from_pipe(reading, HelloMessage(rate=24_000)))
        )
        for part in (sound[:3_600], sound[3_600:]):
            os.write(writing, part.tobytes())
            await asyncio.sleep(0.02)
        await until(lambda: place.speaker.voice.playing)
        assert not speaking.done()
        os.close(writing)
        last = await speaking
    os.close(reading)
    assert (last.event, last.position_ms) == ("ended", 300.0)


async def test_a_file_of_any_kind(place: Place, tmp_path: Path) -> None:
    source = from_file(write_wav(tmp_path / "it.wav", tone(0.25, rate=8_000), 8_000))
    async with playing(place.speaker, 4.0):
        last = await speak(place.url, "it", source)
    assert last.position_ms == pytest.approx(250, abs=1)
    with pytest.raises(FileUnusable):
        from_file(tmp_path / "nothing.wav")


def test_where_a_session_is_found() -> None:
    session = SessionCreated(
        id="x",
        presenter="ada",
        size=512,
        controls=described(engine.Controls()),
        ice_servers=[],
        voice="/v1/sessions/x/voice",
        motion="/v1/sessions/x/motion",
        whip="/whip/x",
        whep="/whep/x",
    )
    assert addresses("https://faces.example/a/", session) == {
        "voice": "wss://faces.example/a/v1/sessions/x/voice",
        "whip": "https://faces.example/a/whip/x",
        "whep": "https://faces.example/a/whep/x",
    }
