"""What is counted about the server, for Prometheus."""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

LATENCY_BUCKETS: Final = (0.08, 0.1, 0.12, 0.14, 0.16, 0.18, 0.2, 0.25, 0.3, 0.5, 1.0)
RENDER_BUCKETS: Final = (0.002, 0.004, 0.006, 0.008, 0.01, 0.015, 0.02, 0.03, 0.04, 0.08, 0.2)
STAGE_BUCKETS: Final = (0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256)
LAG_BUCKETS: Final = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5)


class Metrics:
    """Counters of one server, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.sessions = self._gauge("visavis_sessions", "Sessions that are open")
        self.created = self._counter("visavis_sessions_created", "Sessions ever opened")
        self.pictures = self._counter("visavis_pictures", "Pictures handed to RTP")
        self.repeated = self._counter("visavis_pictures_repeated", "Shown again: the next was late")
        self.skipped = self._counter("visavis_ticks_skipped", "Ticks that got no picture")
        self.refused = self._counter("visavis_jobs_refused", "Pictures no worker had room for")
        self.failed = self._counter("visavis_pictures_failed", "Pictures whose drawing failed")
        self.stalls = self._counter("visavis_stalls", "Schedules started anew after a standstill")
        self.dropped = self._counter("visavis_dropped_sound_seconds", "Sound that came too fast")
        self.unsent = self._counter("visavis_messages_unsent", "Messages a slow page did not get")
        self.lost = self._counter("visavis_packets_lost", "Packets of sound that never came")
        self.camera = self._counter("visavis_camera_pictures", "Pictures of cameras")
        self.motions = self._counter("visavis_motion_messages", "Messages with motion")
        self.keyframes = self._counter("visavis_keyframes", "Whole pictures that were encoded")
        self.unencoded = self._counter("visavis_encodings_failed", "Failures of encoders")
        self.viewers = self._gauge("visavis_viewers", "Connections that are sent pictures")
        self.latency = self._histogram(
            "visavis_latency_seconds", "Sound in to its picture handed to RTP", LATENCY_BUCKETS
        )
        self.render = self._histogram(
            "visavis_render_seconds", "Time to draw a picture", RENDER_BUCKETS
        )
        self.tracking = self._histogram(
            "visavis_tracking_seconds", "Time to read a camera's picture", RENDER_BUCKETS
        )
        self.following = self._histogram(
            "visavis_following_seconds",
            "A driver's picture, or reading, in to the picture that shows it handed to RTP",
            LATENCY_BUCKETS,
        )
        self.lag = self._histogram(
            "visavis_loop_lag_seconds", "How late the event loop wakes", LAG_BUCKETS
        )
        self.stages = Histogram(
            "visavis_stage_seconds",
            "Time of one stage on the way from sound to picture",
            ["stage"],
            buckets=STAGE_BUCKETS,
            registry=self.registry,
        )
        self.depths = Gauge(
            "visavis_queue_depth",
            "Waiting in a queue, all sessions",
            ["queue"],
            registry=self.registry,
        )
        self.drops = Counter(
            "visavis_queue_dropped",
            "Thrown away by a full queue",
            ["queue"],
            registry=self.registry,
        )
        self.errors = Counter(
            "visavis_errors", "Refusals and failures", ["code"], registry=self.registry
        )

    def text(self) -> bytes:
        """Everything in Prometheus' text format."""
        return generate_latest(self.registry)

    def _counter(self, name: str, what: str) -> Counter:
        return Counter(name, what, registry=self.registry)

    def _gauge(self, name: str, what: str) -> Gauge:
        return Gauge(name, what, registry=self.registry)

    def _histogram(self, name: str, what: str, buckets: tuple[float, ...]) -> Histogram:
        return Histogram(name, what, buckets=buckets, registry=self.registry)
