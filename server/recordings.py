"""Recordings of calls: made while the call goes on, kept for a while for who made them."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from engine.clock import Clock
from engine.errors import RecordingFailed, UnknownRecording
from server import limits
from server.media.broadcast import Broadcast
from server.media.recording import Recording
from server.protocol import RecordingMessage


class Finished(Protocol):
    """Something that was recorded, in a file."""

    @property
    def path(self) -> Path | None:
        """The file; None if there is none."""

    def close(self) -> None:
        """Remove it."""


@dataclass(frozen=True, slots=True)
class _Kept:
    recording: Finished
    sub: str
    """Whose it is."""
    until: float
    """By the clock."""


class Recordings:
    """Finished recordings of one server, by names that cannot be guessed.

    Args:
        clock: tells when they are forgotten.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: dict[str, _Kept] = {}

    def keep(self, name: str, recording: Finished, sub: str) -> None:
        """Keep a finished one; the oldest goes when there are too many."""
        until = self._clock.now() + limits.RECORDING_KEPT_SECONDS
        self._kept[name] = _Kept(recording, sub, until)
        if len(self._kept) > limits.RECORDINGS_KEPT:
            self._forget(next(iter(self._kept)))

    def find(self, name: str, sub: str) -> Path:
        """The file of that name.

        Raises:
            UnknownRecording: it is not finished, or forgotten, or never was, or another's.
        """
        kept = self._kept.get(name)
        path = kept.recording.path if kept is not None and kept.sub == sub else None
        if path is None:
            raise UnknownRecording("no such recording: it is not finished, or is not kept any more")
        return path

    def sweep(self) -> None:
        """Forget those whose time is over."""
        now = self._clock.now()
        for name, kept in list(self._kept.items()):
            if now > kept.until:
                self._forget(name)

    def close(self) -> None:
        """Forget all."""
        for name in list(self._kept):
            self._forget(name)

    def _forget(self, name: str) -> None:
        self._kept.pop(name).recording.close()


class Recorder:
    """Starts and stops the recordings of one session.

    Args:
        broadcast: what is recorded.
        recordings: where they are kept.
        sub: for whom.
    """

    def __init__(self, broadcast: Broadcast, recordings: Recordings, sub: str) -> None:
        self._broadcast, self._recordings, self._sub = broadcast, recordings, sub
        self._recording: Recording | None = None
        self._name = ""

    @property
    def running(self) -> bool:
        """Whether one is being made."""
        return self._recording is not None

    @property
    def failed(self) -> bool:
        """Whether the one that is being made has come to its end by itself."""
        return self._recording is not None and not self._recording.running

    def start(self) -> RecordingMessage:
        """Begin a recording, unless one is being made; what to say of it.

        Raises:
            RecordingFailed: no file can be written.
        """
        if self._recording is None:
            recording = Recording(lambda: self._broadcast.request_keyframe("H264"))
            recording.start()
            self._broadcast.join(recording)
            self._recording, self._name = recording, secrets.token_urlsafe(18)
        return self._told("running", self._recording)

    async def stop(self) -> RecordingMessage | None:
        """Finish the file; what to say of it, None if none was being made."""
        recording, self._recording = self._recording, None
        if recording is None:
            return None
        self._broadcast.leave(recording)
        await asyncio.to_thread(recording.stop)
        error = recording.error
        if recording.path is None:
            recording.close()
            error = error or RecordingFailed("nothing was recorded: no picture came in that time")
            return RecordingMessage(state="failed", message=error.message)
        self._recordings.keep(self._name, recording, self._sub)
        message = None if error is None else error.message
        return self._told("ready", recording).model_copy(update={"message": message})

    def _told(self, state: str, recording: Recording) -> RecordingMessage:
        return RecordingMessage.model_validate(
            {
                "state": state,
                "address": f"/v1/recordings/{self._name}",
                "seconds": recording.seconds,
            }
        )
