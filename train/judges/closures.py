"""Do lips close for p, b and m, and part for vowels? Driven by the phones of held-out speech."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.types import TICKS_PER_SECOND, Component, Floats, Motion
from train.judges.contenders import Draw
from train.judges.drives import motion
from train.judges.reader import Reader
from train.voices.curves import closure_interval, lip_opening, mouth_curves
from train.voices.phones import BILABIALS, Utterance

TOUCH: Final = 0.015
"""Eye distances by which lips may seem farther apart than at rest: about 1.3 mm, or 1 pixel."""
PARTED: Final = 0.03
"""Eye distances by which they must at least be farther apart than at rest."""
VOWEL: Final = 0.25
"""Lip opening that a vowel's mouth must have to be asked for."""
MOST: Final = 12
"""Cases of each kind."""


@dataclass(frozen=True, slots=True)
class Cases:
    """Mouths [n, 28] that close the lips, and mouths that part them."""

    closed: Floats
    parted: Floats


def cases(said: Utterance) -> Cases:
    """The mouths of the p, b and m, and of the widest vowels, of an utterance."""
    mouths, _ = mouth_curves(said)
    opening = lip_opening(mouths)
    closed = []
    for phone in said.phones:
        if phone.name in BILABIALS:
            start, end = (int(time * TICKS_PER_SECOND) for time in closure_interval(phone))
            closed.append(start + int(np.argmin(opening[start : end + 1])))
    parted = np.flatnonzero(opening > VOWEL)
    return Cases(mouths[_some(np.array(closed, int))], mouths[_some(parted)])


def shares(draw: Draw, reader: Reader, asked: Cases) -> tuple[float, float] | None:
    """Share of closures that are closed, and of vowels that are open; none without a rest."""
    rest = reader(draw(motion({})))
    if rest is None:
        return None
    closed, parted = (
        [reading.gap - rest.gap for mouth in mouths if (reading := reader(draw(_with(mouth))))]
        for mouths in (asked.closed, asked.parted)
    )
    if not closed or not parted:
        return None
    return float(np.mean(np.array(closed) <= TOUCH)), float(np.mean(np.array(parted) >= PARTED))


def _with(mouth: Floats) -> Motion:
    still = motion({})
    return Motion.of({**{part: still[part] for part in Component}, Component.MOUTH: mouth})


def _some(places: NDArray[np.int_]) -> NDArray[np.int_]:
    """At most `MOST` of them, evenly."""
    if len(places) <= MOST:
        return places
    chosen: NDArray[np.int_] = places[np.linspace(0, len(places) - 1, MOST).round().astype(int)]
    return chosen
