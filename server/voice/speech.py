"""Sound files to be spoken: decoded one at a time, they wait in line as room becomes free."""

from __future__ import annotations

import asyncio
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from fastapi import APIRouter, Request

from engine.errors import VoiceFull
from engine.types import SOUND_RATE, Samples, Sound
from server import limits
from server.doors.doorkeeper import Granted
from server.http.faults import WrongType
from server.protocol import ErrorBody, SpeechAccepted, SpeechMessage
from server.voice.decoding import decode
from server.voice.speakers import Sessions
from server.voice.stream import VoiceStream

KINDS: Final = ("audio/", "video/mp4", "video/webm", "application/ogg", "application/octet-stream")
"""Content types; what is inside is told from the file itself."""
BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {"audio/*": {"schema": {"type": "string", "format": "binary"}}},
    }
}
REFUSALS: Final[dict[int | str, dict[str, Any]]] = {
    code: {"model": ErrorBody} for code in (404, 408, 409, 413, 415, 422)
}


class SpeechFiles:
    """The files that wait in one session; writer of its voice as long as there are any."""

    def __init__(self, stream: VoiceStream) -> None:
        self._stream = stream
        self._waiting: deque[Samples] = deque()
        self._feeding: asyncio.Task[None] | None = None

    def check(self, samples: int = 0) -> None:
        """Whether a file of so many samples could be put behind the others.

        Raises:
            VoiceFull: too many wait.
            VoiceTaken: somebody speaks over a WebSocket.
            UnknownSession: the session has ended.
        """
        if self._feeding is None:
            self._stream.check()
        seconds = sum(map(len, self._waiting), samples) / SOUND_RATE
        if len(self._waiting) >= limits.SPEECH_FILES or seconds > limits.SPEECH_WAITING_SECONDS:
            raise VoiceFull("enough sound waits to be spoken: send more when some has been played")

    def add(self, samples: Samples) -> SpeechAccepted:
        """Put a file (48 kHz mono) behind the others; raises what `check` raises."""
        self.check(len(samples))
        if self._feeding is None:
            self._stream.hold(self)
            self._feeding = asyncio.create_task(self._feed())
        self._waiting.append(samples)
        return SpeechAccepted(utterance=self._stream.announce(), seconds=len(samples) / SOUND_RATE)

    def told(self, message: SpeechMessage) -> None:
        """Something happened to an utterance: those who are connected are told by the session."""

    def cleared(self) -> None:
        """All sound was dropped: the files, too."""
        self._waiting.clear()
        self._stream.end()

    async def _feed(self) -> None:
        try:
            while self._waiting:
                samples = self._waiting[0]
                await self._stream.write(Sound(samples, SOUND_RATE))
                if self._waiting and self._waiting[0] is samples:  # not interrupted
                    self._waiting.popleft()
                    self._stream.end()
        finally:
            self._feeding = None
            self._stream.release()


class Speech:
    """The address `POST /v1/sessions/{session_id}/speech`."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._decoding = asyncio.Semaphore(1)  # one core at most is taken from the sessions

    def router(self) -> APIRouter:
        """It, to be included in the application."""
        router = APIRouter(responses=REFUSALS)
        path = "/v1/sessions/{session_id}/speech"
        router.post(path, status_code=202, openapi_extra=BODY)(self.speak)
        return router

    async def speak(self, session_id: str, request: Request, grant: Granted) -> SpeechAccepted:
        """Speak a sound file after what waits: WAV, MP3, FLAC, Ogg, Opus, M4A or WebM."""
        stream = self._sessions.find(session_id, grant).voice
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if not kind.startswith(KINDS):
            raise WrongType("send a sound file as audio/... or application/octet-stream")
        _files_of(stream).check()
        samples = await self._decode(await request.body())
        return _files_of(stream).add(samples)

    async def _decode(self, data: bytes) -> Samples:
        """Waits in a thread of its own that ends with it; never on those that encode."""
        async with self._decoding:
            thread = ThreadPoolExecutor(1, "visavis-speech")
            try:
                return await asyncio.get_running_loop().run_in_executor(thread, decode, data)
            finally:
                thread.shutdown(wait=False)


def _files_of(stream: VoiceStream) -> SpeechFiles:
    """Those that wait already, or none: only a stream knows of its files, and goes with them."""
    return stream.writer if isinstance(stream.writer, SpeechFiles) else SpeechFiles(stream)
