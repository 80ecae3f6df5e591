"""How well accents and pauses are heard: figures against what the synthesiser knows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.emphasis import ACCENT
from engine.listen import Speech
from engine.types import TICKS_PER_SECOND, Floats, floats
from train.voices.phones import Utterance
from train.voices.prosody import prosody_curves

STRONG: Final = 0.45
"""Wanted stress from which an accent is one that has to be noticed."""
NEAR: Final = 2
"""Ticks that an accent may be noticed early or late; by chance a fifth would be."""
_LONG: Final = 0.35
"""Seconds that a pause lasts at least whose beginning is looked for."""


@dataclass(frozen=True, slots=True)
class ProsodyFigures:
    """What was measured on one voice."""

    stress: float
    """Correlation with the stress that is wanted."""
    noticed: float
    """Share of the strong accents that the engine would notice, at most `NEAR` ticks off."""
    made_up: float
    """Share of what it would notice where there is no stress at all."""
    pause: float
    """Share of ticks at which speech and pause are told apart, both kinds counting the same."""
    ends: float
    """Median of the seconds by which the end of a phrase is noticed late."""


def prosody_judged(heard: list[Speech], said: Utterance) -> ProsodyFigures | None:
    """Figures of what was heard in an utterance; None if the network tells no prosody.

    Args:
        heard: tick by tick.
        said: what was said, with its sound clean: it is measured to know what was wanted.
    """
    told = [speech.prosody for speech in heard]
    if None in told:
        return None
    wanted = prosody_curves(said)
    stress = floats([p.stress for p in told if p is not None])[: len(wanted)]
    pause = floats([p.pause for p in told if p is not None])[: len(wanted)]
    asked, found = _begins(wanted[:, 0], STRONG), _begins(stress, ACCENT)
    silent = wanted[:, 1] > 0.5
    right = [np.mean((pause > 0.5)[silent]), np.mean((pause <= 0.5)[~silent])]
    return ProsodyFigures(
        stress=float(np.corrcoef(stress, wanted[:, 0])[0, 1]),
        noticed=_share_near(asked, found),
        made_up=1.0 - _share_near(found, np.flatnonzero(wanted[:, 0] > 0.15)),
        pause=float(np.mean(right)),
        ends=_lateness(pause, wanted[:, 1]),
    )


def _begins(curve: Floats, over: float) -> NDArray[np.int64]:
    """Where a curve comes up over a value."""
    return np.flatnonzero((curve[1:] > over) & (curve[:-1] <= over)) + 1


def _share_near(asked: NDArray[np.int64], found: NDArray[np.int64]) -> float:
    """Share of `asked` with one of `found` at most `NEAR` ticks away."""
    if len(asked) == 0 or len(found) == 0:
        return 0.0
    return float(np.mean(np.abs(asked[:, None] - found).min(axis=1) <= NEAR))


def _lateness(pause: Floats, wanted: Floats) -> float:
    """Seconds between the wanted end of a phrase and when it is noticed, if within half a second.

    The wanted curve passes a half about an eighth of a second before the last sound ends.
    """
    found = _begins(pause, 0.5)
    late = []
    for end in _begins(wanted, 0.5):
        if (wanted[end : end + int(_LONG * TICKS_PER_SECOND)] > 0.5).all() and len(found):
            nearest = found[np.argmin(np.abs(found - end))] - end
            if abs(nearest) <= TICKS_PER_SECOND // 2:
                late.append(nearest / TICKS_PER_SECOND)
    return float(np.median(late)) if late else float("nan")
