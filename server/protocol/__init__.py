"""The wire protocol: every message that a client and the server exchange.

HTTP bodies and data-channel messages are these classes as JSON; unknown fields are
refused. Server, Python client and tests share them; the page speaks the same.

Over the data channel `control` (ordered, reliable, text):
  client to server: ControlMessage, InterruptMessage, QualityMessage, RecordMessage,
    RecordMotionMessage, CalibrateMessage, PingMessage
  server to client: StateMessage, SpeechMessage, StatsMessage, ControlsMessage,
    RecordingMessage, PongMessage, ErrorMessage

Over the data channel `motion` (best unordered, and never sent again), and over the WebSocket
`/v1/sessions/{id}/motion`:
  client to server: MotionMessage, CalibrateMessage
  server to client: ErrorMessage (of the data channel: over `control`)

Over the WebSocket `/v1/sessions/{id}/voice`:
  client to server: HelloMessage first, then PCM as binary messages; EndMessage after an
    utterance, InterruptMessage at any time
  server to client: ReadyMessage, SpeechMessage, ErrorMessage
"""

from __future__ import annotations

from server.protocol.base import (
    Coefficient,
    CoefficientName,
    Gain,
    LookName,
    Message,
    Share,
    SourceName,
)
from server.protocol.channel import (
    ClientMessage,
    ControlMessage,
    ControlsMessage,
    ErrorMessage,
    PingMessage,
    PongMessage,
    QualityMessage,
    RecordingMessage,
    RecordMessage,
    ServerMessage,
    SessionState,
    StateMessage,
)
from server.protocol.controls import (
    ComponentPatch,
    ComponentState,
    Controls,
    ControlsPatch,
    Look,
    LookList,
)
from server.protocol.motion import (
    CalibrateMessage,
    DrivingMessage,
    MotionAccepted,
    MotionMessage,
    RecordMotionMessage,
)
from server.protocol.sessions import (
    AsItIs,
    Background,
    BlurredBackground,
    CoefficientRange,
    ColourBackground,
    ErrorBody,
    Framing,
    Health,
    IceServer,
    PictureBackground,
    Presenter,
    PresenterList,
    Quality,
    SessionCreated,
    SessionDescription,
    SessionRequest,
    Ticket,
)
from server.protocol.stats import CameraStats, QueueStats, StageStats, StatsMessage
from server.protocol.voice import (
    EndMessage,
    HelloMessage,
    InterruptMessage,
    ReadyMessage,
    SpeechAccepted,
    SpeechMessage,
    VoiceMessage,
)

__all__ = [
    "AsItIs",
    "Background",
    "BlurredBackground",
    "CalibrateMessage",
    "CameraStats",
    "ClientMessage",
    "Coefficient",
    "CoefficientName",
    "CoefficientRange",
    "ColourBackground",
    "ComponentPatch",
    "ComponentState",
    "ControlMessage",
    "Controls",
    "ControlsMessage",
    "ControlsPatch",
    "DrivingMessage",
    "EndMessage",
    "ErrorBody",
    "ErrorMessage",
    "Framing",
    "Gain",
    "Health",
    "HelloMessage",
    "IceServer",
    "InterruptMessage",
    "Look",
    "LookList",
    "LookName",
    "Message",
    "MotionAccepted",
    "MotionMessage",
    "PictureBackground",
    "PingMessage",
    "PongMessage",
    "Presenter",
    "PresenterList",
    "Quality",
    "QualityMessage",
    "QueueStats",
    "ReadyMessage",
    "RecordMessage",
    "RecordMotionMessage",
    "RecordingMessage",
    "ServerMessage",
    "SessionCreated",
    "SessionDescription",
    "SessionRequest",
    "SessionState",
    "Share",
    "SourceName",
    "SpeechAccepted",
    "SpeechMessage",
    "StageStats",
    "StateMessage",
    "StatsMessage",
    "Ticket",
    "VoiceMessage",
]
