"""HTTP: who there is, opening a session and connecting with it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from server.protocol.base import Message
from server.protocol.controls import Controls, ControlsPatch

Quality = Literal["low", "medium", "high"]
"""Ceiling of the pictures' bit rate: 0.4, 1 and 2.5 Mbit/s; 2.8 times that at 1080p."""
Framing = Literal["face", "whole"]
"""face: the square around the face, of `size` pixels. whole: the whole portrait, reduced to
1920 x 1080 or 1080 x 1920 pixels if it has more."""


class Presenter(Message):
    """An invented person that ships with the bundle."""

    id: str
    name: str
    picture: str
    """Address of the portrait (JPEG, 512 px), relative to the server."""


class CoefficientRange(Message):
    """One number of a face's motion, and its limits."""

    name: str
    low: float
    high: float


class PresenterList(Message):
    """Answer of `GET /v1/presenters`: who there is, and what can be asked of them."""

    presenters: list[Presenter]
    emotions: list[str]
    sizes: list[int]
    sources: dict[str, list[str]]
    """Sources by component, the default first."""
    coefficients: dict[str, list[CoefficientRange]]
    """By component, in the order of `MotionMessage.vector`: mouth, expression, pose."""
    trackers: list[Literal["page", "server"]]
    """Who can read a driver's face for the source `camera`. page: whoever has a tracker of
    ARKit's coefficients sends what it reads (`MotionMessage.driver`). server: the camera's
    pictures are sent."""


class AsItIs(Message):
    """Background: the portrait's own."""

    type: Literal["as_is"] = "as_is"


class BlurredBackground(Message):
    """Background: the portrait's own, out of focus."""

    type: Literal["blur"] = "blur"


class ColourBackground(Message):
    """Background: one colour."""

    type: Literal["colour"] = "colour"
    colour: Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]
    """#rrggbb."""


class PictureBackground(Message):
    """Background: the picture in the form field `background`, cut to cover."""

    type: Literal["picture"] = "picture"


Background = Annotated[
    AsItIs | BlurredBackground | ColourBackground | PictureBackground, Field(discriminator="type")
]


class SessionRequest(Message):
    """Body of `POST /v1/sessions`; with files it is the form field `settings`.

    The files are `portrait`, in place of a presenter, and `background`.
    """

    presenter: Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,64}$")] | None = None
    size: Literal[256, 512] = 512
    """Width and height of a face alone, in pixels. In a whole picture the face has as many as it
    has there, at the most about twice as many."""
    framing: Framing = "face"
    background: Background = AsItIs()
    """What is behind the person; told by the portrait's transparency if it has any."""
    controls: ControlsPatch = ControlsPatch()
    quality: Quality = "high"
    seed: Annotated[int, Field(ge=0, lt=2**31)] | None = None
    """Seed of blinks and small motions; random when left out."""


class IceServer(Message):
    """A STUN or TURN server, in the shape that `RTCPeerConnection` takes."""

    urls: list[str]
    username: str | None = None
    credential: str | None = None


class SessionCreated(Message):
    """Answer of `POST /v1/sessions`."""

    id: str
    presenter: str | None
    size: int
    width: int
    """Of the pictures, in pixels."""
    height: int
    """Of the pictures, in pixels."""
    controls: Controls
    ice_servers: list[IceServer]
    voice: str
    """Address of the WebSocket that takes speech, relative to the server."""
    motion: str
    """Address of the WebSocket that takes motion, relative to the server."""
    whip: str
    """Address that takes a microphone and a camera from OBS, FFmpeg or a browser."""
    whep: str
    """Address that gives picture and sound to any player."""
    ai_generated: Literal[True] = True
    """The pictures of this session are made by a machine; show that to people."""


class SessionDescription(Message):
    """Offer and answer of `POST /v1/sessions/{id}/offer`."""

    type: Literal["offer", "answer"]
    sdp: Annotated[str, Field(max_length=65_536)]


class Ticket(Message):
    """Answer of `POST /v1/tickets`: opens one WebSocket as `?ticket=`, once."""

    ticket: str
    seconds: int
    """Until it is worthless."""


class ErrorBody(Message):
    """Body of every 4xx and 5xx answer."""

    code: str
    message: str


class Health(Message):
    """Answer of `GET /health` and `GET /ready`."""

    status: Literal["ok"] = "ok"
    sessions: int
    """Places that are taken."""
    capacity: int
    """Places that there are."""
