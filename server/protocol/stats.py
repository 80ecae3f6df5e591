"""How a session goes, in figures."""

from __future__ import annotations

from typing import Literal

from server.protocol.base import Message


class StageStats(Message):
    """Time that one stage takes, over the last seconds."""

    p50_ms: float
    p95_ms: float


class QueueStats(Message):
    """A bounded queue."""

    depth: int
    capacity: int
    dropped: int
    """Ever thrown away because it was full."""


class CameraStats(Message):
    """How a driver is followed."""

    state: Literal["absent", "learning", "following", "lost"]
    """learning: the driver's face at rest, in the first second. lost: no face is seen."""
    tracker: Literal["page", "server"] | None
    """Who reads the camera's pictures; the page's readings come as MotionMessage."""
    rate: float
    """Readings in the last second."""
    quality: float
    """Share of them in which a face was seen."""
    latency_ms: float
    """95th percentile: picture (or reading) in to the picture that shows it handed to RTP."""
    late: int
    """Readings that came after newer ones had been used."""
    dropped: int
    """Pictures for which no worker had time."""


class StatsMessage(Message):
    """Server, every second: how the session goes."""

    type: Literal["stats"] = "stats"
    pictures: int
    repeated: int
    """Pictures shown twice because the next was late."""
    dropped_ms: float
    """Sound that was dropped because it came faster than it is played."""
    latency_ms: float
    """95th percentile: sound in to its picture handed to RTP, over the last seconds."""
    render_ms: float
    """Median time to make a picture."""
    stages: dict[str, StageStats] = {}
    """Where the time goes, in the order of the way from sound to picture."""
    queues: dict[str, QueueStats] = {}
    bitrate: int = 0
    """Of the pictures, bits a second."""
    codec: str | None = None
    viewers: int = 0
    """Everybody who is sent this session, the page included."""
    lost: int = 0
    """Packets of the microphone that never came."""
    camera: CameraStats | None = None
    """None before a driver was there."""
