"""Which of the engine's backgrounds a request asks for."""

from __future__ import annotations

from engine.background import AsItIs, Background, Blurred, Coloured, Pictured
from engine.errors import RequestRefused
from server import protocol


def asked_background(request: protocol.SessionRequest, picture: bytes | None) -> Background:
    """The background of a request, whose picture came as a file.

    Raises:
        RequestRefused: it asks for a picture and there is none, or there is one that it does
            not ask for.
    """
    if picture is not None and not isinstance(request.background, protocol.PictureBackground):
        raise RequestRefused('background: a file came with it; say {"type": "picture"}')
    match request.background:
        case protocol.AsItIs():
            return AsItIs()
        case protocol.BlurredBackground():
            return Blurred()
        case protocol.ColourBackground(colour=colour):
            return Coloured.parse(colour)
        case protocol.PictureBackground():
            if picture is None:
                raise RequestRefused("background: a file is expected in this form field")
            return Pictured(picture)
