"""The data channel `control` of a page: what it asks, what it is told."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from server.protocol.base import Message
from server.protocol.controls import Controls, ControlsPatch
from server.protocol.motion import CalibrateMessage, RecordMotionMessage
from server.protocol.sessions import Quality
from server.protocol.stats import StatsMessage
from server.protocol.voice import InterruptMessage, ReadyMessage, SpeechMessage


class ControlMessage(Message):
    """Client: change controls."""

    type: Literal["control"] = "control"
    controls: ControlsPatch


class QualityMessage(Message):
    """Client: how many bits the pictures may take; the network may allow fewer."""

    type: Literal["quality"] = "quality"
    quality: Quality


class RecordMessage(Message):
    """Client: start to keep the call as MP4 on the server, or finish the file."""

    type: Literal["record"] = "record"
    on: bool


class RecordingMessage(Message):
    """Server: what became of a recording."""

    type: Literal["recording"] = "recording"
    kind: Literal["call", "motion"] = "call"
    """An MP4 of the call, or a motion file."""
    state: Literal["running", "ready", "failed"]
    address: str | None = None
    """Where the finished file is fetched from, relative to the server; kept for minutes."""
    seconds: float = 0.0
    message: str | None = None
    """What went wrong, and what to do."""


class PingMessage(Message):
    """Client, every 2 s: I am still here. `time` comes back in the pong."""

    type: Literal["ping"] = "ping"
    time: float


class PongMessage(Message):
    """Server: answer to a ping."""

    type: Literal["pong"] = "pong"
    time: float


class StateMessage(Message):
    """Server: the session's state changed."""

    type: Literal["state"] = "state"
    state: Literal["idle", "speaking", "interrupted", "lost", "draining", "ended"]
    """lost: nothing has come from the page for seconds. draining: the server stops soon."""
    reason: str | None = None


class ControlsMessage(Message):
    """Server: all controls, after a change and once at the start."""

    type: Literal["controls"] = "controls"
    controls: Controls


class ErrorMessage(Message):
    """Server: a message could not be used; the session goes on."""

    type: Literal["error"] = "error"
    code: str
    message: str


class SessionState(Message):
    """Answer of `GET /v1/sessions/{id}`."""

    id: str
    state: Literal["waiting", "connecting", "idle", "speaking", "lost", "ended"]
    """waiting: nobody is connected. lost: nothing comes from who was."""
    seconds: float
    """Since the session was created."""
    controls: Controls
    stats: StatsMessage


ClientMessage = Annotated[
    ControlMessage
    | InterruptMessage
    | QualityMessage
    | RecordMessage
    | RecordMotionMessage
    | CalibrateMessage
    | PingMessage,
    Field(discriminator="type"),
]
ServerMessage = Annotated[
    StateMessage
    | SpeechMessage
    | StatsMessage
    | ControlsMessage
    | RecordingMessage
    | ReadyMessage
    | PongMessage
    | ErrorMessage,
    Field(discriminator="type"),
]
