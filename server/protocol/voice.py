"""Voices that come over a WebSocket or as a file."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from server.protocol.base import Message


class HelloMessage(Message):
    """Client, first on the voice WebSocket: how its PCM is to be read."""

    type: Literal["hello"] = "hello"
    rate: Annotated[int, Field(ge=8_000, le=96_000)]
    channels: Literal[1, 2] = 1
    format: Literal["s16le", "f32le"] = "s16le"


class ReadyMessage(Message):
    """Server, answer to a hello: send sound now, as fast as you like."""

    type: Literal["ready"] = "ready"
    buffer_ms: int
    """Sound that is taken ahead of its time; then the WebSocket takes no more until
    some has been played."""


class EndMessage(Message):
    """Client: the utterance is complete; `ended` follows when it has been played."""

    type: Literal["end"] = "end"


class InterruptMessage(Message):
    """Client: drop all sound that has not been played, close the mouth."""

    type: Literal["interrupt"] = "interrupt"


class SpeechMessage(Message):
    """Server: what has truly been played of a voice stream or a sound file."""

    type: Literal["speech"] = "speech"
    event: Literal["started", "ended", "interrupted"]
    utterance: int
    """Counts from 1 in a session."""
    position_ms: float
    """Sound of this utterance that has been handed over to RTP."""


class SpeechAccepted(Message):
    """Answer of `POST /v1/sessions/{id}/speech`: it will be spoken after what waits."""

    utterance: int
    seconds: float


VoiceMessage = Annotated[HelloMessage | EndMessage | InterruptMessage, Field(discriminator="type")]
