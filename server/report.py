"""What is told about one session: to its page each second, and to whoever watches the server."""

from __future__ import annotations

import statistics
from collections import Counter
from dataclasses import dataclass

import av
from prometheus_client import Gauge

from server import limits
from server.media.beat import Beat
from server.media.broadcast import Broadcast
from server.media.peers import Peers
from server.media.stages import percentile
from server.metrics import Metrics
from server.motion.driving import Driving
from server.protocol import QueueStats, StatsMessage
from server.voice.stream import VoiceStream


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything in a session that has something to tell."""

    beat: Beat[av.VideoFrame]
    broadcast: Broadcast
    peers: Peers
    voice: VoiceStream
    driving: Driving


def stats(parts: Parts) -> StatsMessage:
    """Figures of the last seconds."""
    beat, broadcast, peers = parts.beat, parts.broadcast, parts.peers
    page = peers.page
    return StatsMessage(
        pictures=beat.pictures,
        repeated=beat.repeated,
        dropped_ms=beat.dropped_ms,
        latency_ms=1000 * percentile(beat.latencies, 95),
        render_ms=1000 * statistics.median(beat.renders) if beat.renders else 0.0,
        stages=beat.stages.stats(),
        queues=queues(parts),
        bitrate=broadcast.bitrate,
        codec=page.codec if page is not None else next(iter(broadcast.codecs), None),
        viewers=watching(peers),
        lost=sum(peer.lost for peer in peers),
        camera=parts.driving.stats,
    )


def queues(parts: Parts) -> dict[str, QueueStats]:
    """Everything that can pile up in a session."""
    beat, peers = parts.beat, parts.peers
    return {
        "microphone": beat.microphone,
        "voice": parts.voice.queue,
        "ticks": QueueStats(
            depth=beat.waiting, capacity=limits.WAITING_TICKS, dropped=beat.skipped
        ),
        "pictures": QueueStats(
            depth=max((peer.waiting for peer in peers), default=0),
            capacity=limits.QUEUED_PICTURES,
            dropped=sum(peer.dropped for peer in peers),
        ),
        "camera": parts.driving.queue,
    }


def watching(peers: Peers) -> int:
    """Connections that are sent pictures."""
    return sum(peer.role.sees and peer.connected and not peer.closed for peer in peers)


class Counted:
    """Adds a session's own counts to the server's, each once.

    Args:
        metrics: of the server.
    """

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._before: Counter[str] = Counter()
        self._levels: Counter[str] = Counter()

    def __call__(self, parts: Parts) -> None:
        """Take what is new since the last call."""
        metrics, broadcast, peers = self._metrics, parts.broadcast, parts.peers
        metrics.lost.inc(self._new("lost", sum(peer.lost for peer in peers)))
        metrics.keyframes.inc(self._new("keyframes", broadcast.counts.keyframes))
        metrics.unencoded.inc(self._new("failures", broadcast.counts.failures))
        self._level(metrics.viewers, "viewers", watching(peers))
        for name, queue in queues(parts).items():
            metrics.drops.labels(name).inc(self._new(f"dropped {name}", queue.dropped))
            self._level(metrics.depths.labels(name), name, queue.depth)

    def end(self) -> None:
        """The session is over: nothing of it waits any more."""
        metrics = self._metrics
        for name in tuple(self._levels):
            gauge = metrics.viewers if name == "viewers" else metrics.depths.labels(name)
            self._level(gauge, name, 0)

    def _new(self, name: str, count: int) -> int:
        new = max(0, count - self._before[name])
        self._before[name] = count
        return new

    def _level(self, gauge: Gauge, name: str, level: int) -> None:
        """The server's level is the sum of its sessions'."""
        gauge.inc(level - self._levels[name])
        self._levels[name] = level
