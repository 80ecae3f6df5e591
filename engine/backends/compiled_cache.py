"""A private folder of what was compiled for this machine; never shared, never shipped.

Compiled engines are code for a GPU, and what deserialises them trusts them: nothing is handed
out that is not to the byte what was put in under the same key, by the same user.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

BOUND: Final = 4 << 30
"""Bytes; EDTalk's graphs take about 0.3 GB for each GPU and version of TensorRT."""
PRIVATE: Final = 0o700
OTHERS_MAY_WRITE: Final = 0o022
DIGEST: Final = hashlib.sha256().digest_size


class CompiledCache:
    """Content by key. What cannot be kept is only compiled again, so that no disk is an error.

    A file is the SHA-256 of its key and content, then the content.

    Args:
        folder: its own; made when it is needed.
        bound: bytes in it; the one that was not used for longest goes first.
    """

    def __init__(self, folder: Path, bound: int = BOUND) -> None:
        self._folder, self._bound = folder, bound

    def get(self, key: str) -> bytes | None:
        """What was put in under this key; None if nothing was, or it is not that any more."""
        path = self._path(key)
        try:
            if not _ours(self._folder) or not _ours(path):
                return None
            stored = path.read_bytes()
        except OSError:
            return None
        content = stored[DIGEST:]
        if not hmac.compare_digest(stored[:DIGEST], _digest(key, content)):
            self.drop(key)
            return None
        with contextlib.suppress(OSError):
            os.utime(path)  # used just now
        return content

    def put(self, key: str, content: bytes) -> None:
        """Keep content under a key; whole or not at all, whoever else does so at the time."""
        if DIGEST + len(content) > self._bound:
            return
        with contextlib.suppress(OSError):
            self._folder.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
            if not _ours(self._folder):
                return
            file, name = tempfile.mkstemp(dir=self._folder)  # for its owner's eyes only
            try:
                with os.fdopen(file, "wb") as made:
                    made.write(_digest(key, content))
                    made.write(content)
                Path(name).replace(self._path(key))
            finally:
                Path(name).unlink(missing_ok=True)
            self._shrink()

    def drop(self, key: str) -> None:
        """Forget what is kept under this key."""
        with contextlib.suppress(OSError):
            self._path(key).unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        return self._folder / hashlib.sha256(key.encode()).hexdigest()

    def _shrink(self) -> None:
        """Drop the oldest files, also what a killed process left, until the rest fits."""
        left = self._bound
        for path, size in self._newest_first():
            left -= size
            if left < 0:
                path.unlink(missing_ok=True)

    def _newest_first(self) -> Iterator[tuple[Path, int]]:
        found = [(entry.stat(), Path(entry)) for entry in os.scandir(self._folder)]
        for status, path in sorted(found, key=lambda it: it[0].st_mtime_ns, reverse=True):
            yield path, status.st_size


def _digest(key: str, content: bytes) -> bytes:
    return hashlib.sha256(hashlib.sha256(key.encode()).digest() + content).digest()


def _ours(path: Path) -> bool:
    """Whether it is a folder or file of this user's that nobody else can write to."""
    status = path.lstat()
    kind = stat.S_ISDIR(status.st_mode) or stat.S_ISREG(status.st_mode)
    return kind and status.st_uid == os.geteuid() and not status.st_mode & OTHERS_MAY_WRITE
