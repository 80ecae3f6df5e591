"""What kind of file somebody gives: told by its content, never by its name."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Final

import av
import av.error

from engine.errors import ControlError
from engine.footage import pictures_of

PICTURES: Final = (b"\x89PNG\r\n", b"\xff\xd8\xff")
"""How PNG and JPEG files begin; WebP has its name after eight bytes."""
ARCHIVE: Final = b"PK\x03\x04"
STILLS: Final = ("_pipe", "image2")
"""How FFmpeg's readers of single pictures are called, which take BMP or TIFF for films."""


class Kind(StrEnum):
    """What is in a file."""

    SOUND = "sound"
    FILM = "film"
    PICTURE = "picture"
    MOTION = "motion"


def kind_of(path: Path) -> Kind:
    """What is in a file.

    Raises:
        ControlError: there is none, or it is of another kind.
    """
    try:
        with path.open("rb") as file:
            head = file.read(12)
        if head.startswith(PICTURES) or (head[:4], head[8:]) == (b"RIFF", b"WEBP"):
            return Kind.PICTURE
        if head.startswith(ARCHIVE):
            return Kind.MOTION
        with av.open(str(path)) as container:
            if container.format.name.endswith(STILLS):
                raise _unknown(path)
            if pictures_of(container) is not None:
                return Kind.FILM
            if container.streams.audio:
                return Kind.SOUND
    except FileNotFoundError as error:
        raise ControlError(f"there is no file '{path.name}' here: check its name") from error
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise _unknown(path) from error
    raise _unknown(path)


def has_sound(path: Path) -> bool:
    """Whether there is sound in a film."""
    try:
        with av.open(str(path)) as container:
            return bool(container.streams.audio)
    except (av.error.FFmpegError, OSError, ValueError):
        return False


def _unknown(path: Path) -> ControlError:
    return ControlError(
        f"'{path.name}' is of no kind that can be used: give a sound file, a film, a picture "
        "(PNG, JPEG, WebP) or a motion file (.motion.npz)"
    )
