"""Sound files that are sent to be spoken: accepted, in line, interrupted, refused."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator

import httpx
import pytest

from engine.errors import UnknownSession, VoiceFull, VoiceTaken
from engine.types import SOUND_RATE, SOUND_TICK
from server import limits
from server.http.faults import Faults
from server.metrics import Metrics
from server.protocol import SpeechMessage
from server.voice.speech import Speech, SpeechFiles
from server.voice.stream import VoiceStream
from tests.support.soundfiles import empty_wav, encoded
from tests.support.speech import tone
from tests.support.voices import Speaker, application, counting, idle

SPEECH = "/v1/sessions/it/speech"
FLAC = {"content-type": "audio/flac"}


class Somebody:
    """Another writer."""

    def told(self, message: SpeechMessage) -> None: ...

    def cleared(self) -> None: ...


@pytest.fixture
async def it() -> Speaker:
    return Speaker()


@pytest.fixture
async def http(it: Speaker) -> AsyncIterator[httpx.AsyncClient]:
    app = application(Speech(it).router())
    Faults(Metrics()).install(app)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        yield http
    it.voice.close("the test is over")
    await idle()


async def play_all(it: Speaker) -> None:
    """Play; whoever feeds gets its turn after each tick."""
    while True:
        await idle(3)
        if not all(it.play()):
            return


@pytest.mark.parametrize("kind", ["audio/flac", "application/octet-stream", "Audio/X-Flac; a=b"])
async def test_a_file_is_spoken(it: Speaker, http: httpx.AsyncClient, kind: str) -> None:
    data = encoded(tone(0.8), SOUND_RATE, "flac", "flac")
    answer = await http.post(SPEECH, content=data, headers={"content-type": kind})
    assert answer.status_code == 202 and answer.json() == {"utterance": 1, "seconds": 0.8}
    await play_all(it)
    assert it.events == [("started", 1, 0.0), ("ended", 1, 800.0)]
    assert (it.played == tone(0.8)).all()


@pytest.mark.parametrize(
    ("body", "kind", "status", "code"),
    [
        (b"no sound", "audio/wav", 415, "sound_unreadable"),
        (b"", "audio/wav", 415, "sound_unreadable"),
        (b"{}", "application/json", 415, "request_refused"),
        (b"x", "", 415, "request_refused"),
        (
            encoded(tone(121, rate=8_000), 8_000, "flac", "flac"),
            "audio/flac",
            413,
            "sound_too_long",
        ),
        (empty_wav(), "audio/wav", 422, "sound_empty"),
    ],
)
async def test_what_cannot_be_spoken_is_refused(
    it: Speaker, http: httpx.AsyncClient, body: bytes, kind: str, status: int, code: str
) -> None:
    refused = await http.post(SPEECH, content=body, headers={"content-type": kind})
    assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert it.play() == [False] and it.events == []


async def test_there_is_no_such_session(http: httpx.AsyncClient) -> None:
    refused = await http.post("/v1/sessions/other/speech", content=b"x", headers=FLAC)
    assert (refused.status_code, refused.json()["code"]) == (404, "unknown_session")


async def test_while_somebody_speaks_over_a_socket_it_is_refused_before_it_is_decoded(
    it: Speaker, http: httpx.AsyncClient
) -> None:
    it.voice.hold(Somebody())
    refused = await http.post(SPEECH, content=b"not even sound", headers=FLAC)
    assert (refused.status_code, refused.json()["code"]) == (409, "voice_taken")


async def test_files_wait_in_line_and_each_tells_its_end(it: Speaker) -> None:
    files = SpeechFiles(it.voice)
    for number in range(3):
        samples = counting(7 * SOUND_RATE, number * 7 * SOUND_RATE)
        assert files.add(samples).utterance == number + 1
    await play_all(it)
    assert (it.played[: 21 * SOUND_RATE] == counting(21 * SOUND_RATE)).all()
    assert it.events[1::2] == [("ended", number, 7_000.0) for number in (1, 2, 3)]
    it.voice.hold(Somebody())  # the files have let go


async def test_an_interruption_drops_all_files_and_the_next_is_spoken(it: Speaker) -> None:
    files = SpeechFiles(it.voice)
    for _ in range(3):
        files.add(counting(7 * SOUND_RATE))
    await idle()
    it.play(10)
    it.interrupt()
    assert it.events == [
        ("started", 1, 0.0),
        ("interrupted", 1, 400.0),
        ("interrupted", 2, 0.0),
        ("interrupted", 3, 0.0),
    ]
    files.add(counting(SOUND_TICK))
    await play_all(it)
    assert it.events[-1] == ("ended", 4, 40.0)
    assert (it.played[-SOUND_TICK:] == counting(SOUND_TICK)).all()


async def test_only_so_much_may_wait(it: Speaker, monkeypatch: pytest.MonkeyPatch) -> None:
    files = SpeechFiles(it.voice)
    long = counting(limits.SPEECH_SECONDS * SOUND_RATE)
    files.add(long)
    files.add(long)
    with pytest.raises(VoiceFull):
        files.add(counting(SOUND_TICK))
    it.interrupt()
    monkeypatch.setattr(limits, "SPEECH_FILES", 2)
    files.add(counting(SOUND_TICK))
    files.add(counting(SOUND_TICK))
    with pytest.raises(VoiceFull):
        files.add(counting(SOUND_TICK))
    it.voice.close("over")
    await idle()


async def test_a_file_too_many_leaves_no_utterance_behind(it: Speaker) -> None:
    it.voice.hold(Somebody())
    with pytest.raises(VoiceTaken):
        SpeechFiles(it.voice).add(counting(SOUND_TICK))
    it.voice.release()
    SpeechFiles(it.voice).add(counting(SOUND_TICK))
    await play_all(it)
    assert it.events[-1] == ("ended", 1, 40.0)


async def test_when_the_session_ends_nothing_is_left(it: Speaker) -> None:
    before = asyncio.all_tasks()
    files = SpeechFiles(it.voice)
    files.add(counting(20 * SOUND_RATE))
    await idle()
    it.voice.close("its page left")
    await idle()
    assert asyncio.all_tasks() == before
    assert it.events == [("interrupted", 1, 0.0)]
    with pytest.raises(UnknownSession):
        files.add(counting(SOUND_TICK))


@pytest.mark.parametrize("body", [encoded(tone(0.2), SOUND_RATE, "flac", "flac"), b"no sound"])
async def test_a_voice_that_was_spoken_through_goes_with_its_session(
    it: Speaker, http: httpx.AsyncClient, body: bytes
) -> None:
    await http.post(SPEECH, content=body, headers=FLAC)
    await play_all(it)
    gone = weakref.ref(it.voice)
    it.voice.close("the session is over")
    it.voice = VoiceStream(it.clock)
    await idle()
    gc.collect()
    assert gone() is None
