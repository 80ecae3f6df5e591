"""Records a session: a viewer that writes what it gets into a file, in a thread of its own."""

from __future__ import annotations

import errno
import logging
import shutil
import tempfile
import threading
import weakref
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from queue import Full, Queue
from typing import Final

from engine.errors import RecordingFailed
from server import limits
from server.media.encoder import Codec, PicturePacket, SoundPacket
from server.media.mp4 import Mp4File, salvage

log = logging.getLogger(__name__)
NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Recording:
    """One MP4 of H.264 and Opus, from the first keyframe on; the session never waits for it.

    The file lies in a private folder and goes with `close`, or when the recording is
    forgotten. A disk that is full ends it: `error` says so, and what was written stays.

    Args:
        ask_keyframe: called from `picture` while one is missing because the disk was slow.
        folder: where the private folder is made; the system's for temporary files if left out.

    Raises:
        RecordingFailed: no file can be written there.
    """

    codec: Codec | None = "H264"
    leads = False

    def __init__(self, ask_keyframe: Callable[[], None], folder: Path | None = None) -> None:
        self._ask_keyframe = ask_keyframe
        try:
            self._folder = Path(tempfile.mkdtemp(prefix="visavis-", dir=folder))
        except OSError as error:
            raise _failure(error) from error
        self._forget = weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        self._queue: Queue[Callable[[], None] | None] = Queue(limits.QUEUED_RECORDING)
        self._early: deque[SoundPacket] = deque(maxlen=limits.QUEUED_SLICES)
        self._file: Mp4File | None = None
        self._thread = threading.Thread(target=self._write, name="visavis-recording", daemon=True)
        self._path = self._folder / "recording.mp4"
        self._begun = self._jammed = self._full = False
        self.dropped = 0
        """Packets that the disk was too slow for, or that could not be shown without them."""
        self.error: RecordingFailed | None = None
        """Why it ended before it was stopped."""

    @property
    def path(self) -> Path | None:
        """The file, once it has a picture; None if there is none to keep."""
        return self._path if self._path.exists() else None

    @property
    def seconds(self) -> float:
        """How long it plays."""
        return self._file.seconds if self._file is not None else 0.0

    @property
    def running(self) -> bool:
        """Whether it still records; not any more after `stop`, an error, or at a limit."""
        return self._thread.is_alive() and not self._full

    def start(self) -> None:
        """Begin; once. What it gets before is dropped."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the file; blocks while it is written. Nothing happens a second time.

        A disk that hangs is given up after `limits.RECORDING_CLOSE_SECONDS`.
        """
        if not self._thread.is_alive():
            return
        with suppress(Full):
            self._queue.put(None, timeout=limits.RECORDING_CLOSE_SECONDS)
            self._thread.join(limits.RECORDING_CLOSE_SECONDS)
        self._full = True

    def close(self) -> None:
        """Stop, and remove the file."""
        self.stop()
        self._forget()

    def estimate(self) -> int | None:
        """A disk takes everything."""
        return None

    def picture(self, packet: PicturePacket) -> None:
        """Record a picture."""
        if not self.running:
            return
        if packet.is_keyframe:
            self._begun, self._jammed = True, False
        if not self._begun:
            return
        if self._jammed:
            self.dropped += 1
            self._ask_keyframe()
        else:
            self._jammed = not self._put(lambda: self._write_picture(packet))

    def sound(self, packet: SoundPacket) -> None:
        """Record 20 ms of sound."""
        if self.running:
            self._put(lambda: self._write_sound(packet))

    def _put(self, work: Callable[[], None]) -> bool:
        try:
            self._queue.put_nowait(work)
        except Full:
            self.dropped += 1
            return False
        return True

    def _write(self) -> None:
        """The thread: until stopped, a limit is reached, or the disk fails."""
        try:
            while not self._full and (work := self._queue.get()) is not None:
                work()
            if self._file is not None:
                self._file.close()
        except Exception as error:  # whatever it is, the session goes on
            self._fail(error)

    def _write_picture(self, packet: PicturePacket) -> None:
        if self._file is None:
            self._file = Mp4File(self._path, packet)
        self._file.picture(packet)
        while self._early:
            self._file.sound(self._early.popleft())
        self._full = (
            self._file.seconds >= limits.RECORDING_SECONDS
            or self._file.size >= limits.RECORDING_BYTES
        )

    def _write_sound(self, packet: SoundPacket) -> None:
        """A tick's first slice may come before its picture, which may be the first."""
        if self._file is None:
            self._early.append(packet)
        else:
            self._file.sound(packet)

    def _fail(self, error: Exception) -> None:
        """Say why, keep what plays."""
        log.error("a recording failed", exc_info=error)
        self.error = _failure(error)
        with suppress(Exception):
            if self._file is not None:
                self._file.close()
        with suppress(OSError):
            if not salvage(self._path):
                self._path.unlink()


def _failure(error: Exception) -> RecordingFailed:
    if isinstance(error, OSError) and error.errno in NO_ROOM:
        return RecordingFailed("the disk is full: the recording has ended, make room for another")
    return RecordingFailed("the recording cannot be written and has ended: see the server's log")
