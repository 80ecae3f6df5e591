"""How good the judge of lip-sync is, and what it says of a network's mouths."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.types import TICKS_PER_SECOND, Floats
from train.voices.synced import SyncJudge

WINDOW: Final = 4 * TICKS_PER_SECOND
"""Ticks that are judged at a time."""
SHIFTS: Final = (-3, -1, 0, 1, 3)


@dataclass(frozen=True, slots=True)
class SyncFigures:
    """What was measured on one voice, in windows of four seconds."""

    found: float
    """Share of windows in which a shift is found within a tick."""
    together: float
    """Share of windows that are said to belong together, shifted or not."""
    strangers: float
    """The same share for the lips of other moments: those that are wrongly accepted."""
    confidence: float
    """Median confidence of true windows."""


def sync_judged(judge: SyncJudge, mel: Floats, lips: Floats) -> SyncFigures:
    """Figures for a stretch of speech and its lips: [ticks, 4, 64] and [ticks, 2]."""
    starts = range(max(map(abs, SHIFTS)), len(lips) - WINDOW - max(SHIFTS), WINDOW // 2)
    true = [
        (shift, judge(mel[s : s + WINDOW], lips[s - shift : s - shift + WINDOW]))
        for s in starts
        for shift in SHIFTS
    ]
    far = len(lips) // 2
    away = np.roll(lips, far, axis=0)
    strange = [judge(mel[s : s + WINDOW], away[s : s + WINDOW]) for s in starts]
    return SyncFigures(
        found=float(np.mean([abs(verdict.offset - shift) <= 1 for shift, verdict in true])),
        together=float(np.mean([verdict.together for _, verdict in true])),
        strangers=float(np.mean([verdict.together for verdict in strange])),
        confidence=float(np.median([verdict.confidence for _, verdict in true])),
    )
