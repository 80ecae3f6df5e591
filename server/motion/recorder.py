"""Keeps what a session's face does, and makes a motion file of it."""

from __future__ import annotations

import asyncio
import secrets
import shutil
import tempfile
import weakref
from pathlib import Path

from engine.errors import MotionUnreadable, RecordingFailed
from engine.motion_file import SUFFIX, MotionTake
from engine.pipeline import Pipeline
from server.protocol import RecordingMessage
from server.recordings import Recordings


class MotionRecording:
    """A motion file in a private folder; goes with `close`, or when it is forgotten.

    Args:
        take: what it holds.

    Raises:
        MotionUnreadable: nothing.
        RecordingFailed: no file can be written.
    """

    def __init__(self, take: MotionTake) -> None:
        content = take.packed()
        try:
            folder = Path(tempfile.mkdtemp(prefix="visavis-"))
            self._forget = weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
            self.path: Path | None = folder / f"recording{SUFFIX}"
            self.path.write_bytes(content)
        except OSError as error:
            raise RecordingFailed("the motion cannot be written: is the disk full?") from error

    def close(self) -> None:
        """Remove the file."""
        self._forget()


class MotionRecorder:
    """Starts and stops the motion files of one session.

    Args:
        pipeline: whose motion is kept.
        recordings: where they are kept.
        sub: for whom.
    """

    def __init__(self, pipeline: Pipeline, recordings: Recordings, sub: str) -> None:
        self._pipeline, self._recordings, self._sub = pipeline, recordings, sub

    def start(self) -> RecordingMessage:
        """Begin to keep, unless that is being done; what to say of it."""
        self._pipeline.keep()
        return RecordingMessage(kind="motion", state="running")

    async def stop(self) -> RecordingMessage | None:
        """Make the file; what to say of it, None if nothing was being kept."""
        take = self._pipeline.kept()
        if take is None:
            return None
        try:
            recording = await asyncio.to_thread(MotionRecording, take)
        except (MotionUnreadable, RecordingFailed) as error:
            return RecordingMessage(kind="motion", state="failed", message=error.message)
        name = secrets.token_urlsafe(18)
        self._recordings.keep(name, recording, self._sub)
        return RecordingMessage(
            kind="motion",
            state="ready",
            address=f"/v1/recordings/{name}",
            seconds=take.seconds,
        )
