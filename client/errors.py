"""What can go wrong for a caller.

ClientError
├── CallRefused     the server refused something; `code` is the server's
├── CallLost        no connection came about, or it broke
├── DeviceMissing   no such microphone, speaker, camera or virtual camera, or it cannot be used
└── FileUnusable    a file that cannot be read or written
"""

from __future__ import annotations


class ClientError(Exception):
    """Root of the tree; the message says what to do."""


class CallRefused(ClientError):
    """The server's answer to a request was a refusal."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class CallLost(ClientError):
    """The server cannot be reached, or the connection with it broke."""


class DeviceMissing(ClientError):
    """A microphone, speaker, camera or virtual camera is not there, or cannot be opened."""


class FileUnusable(ClientError):
    """A file cannot be read as sound, or not be written."""


def gone(what: str) -> str:
    """What to say of a device that is lost while a call goes on."""
    return f"{what} is gone: the call goes on without it, and takes it again when it is back"
