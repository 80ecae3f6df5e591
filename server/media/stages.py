"""The latency budget: where the time goes between a sound's arrival and its picture's departure."""

from __future__ import annotations

from collections import deque
from typing import Final

from server.metrics import Metrics
from server.protocol import StageStats

STAGES: Final = (
    "decoded",
    "taken",
    "features",
    "motion",
    "rendered",
    "marked",
    "due",
    "encoded",
    "handed_over",
)
"""Each lasts from the one before it; the first from the arrival of a sound's packet.

decoded: its packets are in order and decoded. taken: its tick has begun; the look-ahead
of the network is in here. features: a worker has heard it. motion: all sources are mixed.
rendered: the picture is drawn. marked: it has its mark and the encoder's colours. due: its
moment has come. encoded: it is a packet. handed_over: RTP has it.
"""
KEPT: Final = 125
"""Ticks that are remembered: five seconds."""


class Stages:
    """How long each stage of one session took in the last seconds.

    Args:
        metrics: of the server; gets every duration too.
    """

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._lasted = {name: deque[float](maxlen=KEPT) for name in STAGES}

    def note(self, stage: str, seconds: float) -> None:
        """`stage` took so long this time (what seems negative took nothing)."""
        seconds = max(0.0, seconds)
        self._lasted[stage].append(seconds)
        self._metrics.stages.labels(stage).observe(seconds)

    def last(self, stage: str) -> float:
        """How long it took the last time, in seconds; 0 before the first."""
        lasted = self._lasted[stage]
        return lasted[-1] if lasted else 0.0

    def stats(self) -> dict[str, StageStats]:
        """Median and 95th percentile of every stage that there was, in their order."""
        return {
            name: StageStats(
                p50_ms=1000 * percentile(lasted, 50), p95_ms=1000 * percentile(lasted, 95)
            )
            for name, lasted in self._lasted.items()
            if lasted
        }


def percentile(values: deque[float], share: int) -> float:
    """The value below which `share` of 100 lie (nearest rank); 0 if there are none."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, len(ranked) * share // 100)] if ranked else 0.0
