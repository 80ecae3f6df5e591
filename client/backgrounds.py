"""The background that somebody types, as the server wants to be asked for it."""

from __future__ import annotations

import re
from pathlib import Path

from client.errors import FileUnusable
from server.protocol import (
    AsItIs,
    Background,
    BlurredBackground,
    ColourBackground,
    PictureBackground,
)


def named(text: str) -> tuple[Background, Path | None]:
    """`as_is`, `blur`, `#rrggbb` or a picture's file: the message, and the file to send with it.

    Raises:
        FileUnusable: a colour that is none, or no such file.
    """
    if text == "as_is":
        return AsItIs(), None
    if text == "blur":
        return BlurredBackground(), None
    if re.fullmatch(r"#[0-9a-fA-F]{6}", text):
        return ColourBackground(colour=text), None
    path = Path(text)
    if not path.is_file():
        raise FileUnusable(
            f"{path.name} is no background: say as_is, blur, #rrggbb or a picture's file"
        )
    return PictureBackground(), path
