"""How good mouths are, against the curves that the phones demand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.arkit import MOUTH
from engine.types import TICKS_PER_SECOND, Floats
from train.voices.curves import CLOSED, closure_interval, lip_opening, mouth_curves
from train.voices.phones import BILABIALS, SILENCE, Phone, Utterance

MAIN: Final = (
    "jawOpen", "mouthClose", "mouthFunnel", "mouthPucker", "mouthLowerDownLeft",
    "mouthUpperUpLeft", "mouthStretchLeft", "mouthPressLeft", "mouthRollLower",
)  # fmt: skip


TUCKED: Final = 0.2
APART: Final = 0.08
"""Lip opening of a mouth that is well apart: more than any s or w."""
LIP_TEETH: Final = frozenset({"f", "v"})


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured on one voice."""

    opening: float
    """Correlation of the lip opening with the curve that is wanted."""
    coefficients: dict[str, float]
    """The same for the main coefficients."""
    closed: float
    """Share of p, b and m with closed lips, a tick early or late at most."""
    tucked: float
    """Share of f and v with the lower lip at the teeth, by at least half of what is wanted."""
    mistaken: float
    """How often a minute lips close in speech where they are wanted well apart."""
    rest: float
    """Variance of the lip opening in silence, as a share of that in speech."""
    lag: int
    """Ticks by which the output follows the wanted curve, where they agree best."""


def judged(mouths: Floats, said: Utterance) -> Figures:
    """Figures of mouths [ticks, 28] that were made for an utterance."""
    wanted, _ = mouth_curves(said)
    mouths = mouths[: len(wanted)]
    opening, target = lip_opening(mouths), lip_opening(wanted)
    speech = spoken(said.phones, len(wanted))
    lags = range(-4, 5)
    fits = [correlation(np.roll(opening, -lag), target) for lag in lags]
    index = {name: MOUTH.index(name) for name in MAIN}
    return Figures(
        opening=correlation(opening, target),
        coefficients={n: correlation(mouths[:, i], wanted[:, i]) for n, i in index.items()},
        closed=closed_share(opening, said.phones),
        tucked=tucked_share(mouths[:, MOUTH.index("mouthRollLower")], said.phones),
        mistaken=mistaken_closures(opening, target, speech) * 60.0,
        rest=float(np.var(opening[~speech]) / np.var(opening[speech])),
        lag=lags[int(np.argmax(fits))],
    )


def correlation(one: Floats, other: Floats) -> float:
    """Pearson's."""
    return float(np.corrcoef(one, other)[0, 1])


def closed_share(opening: Floats, phones: tuple[Phone, ...]) -> float:
    """Share of p, b and m during which, give or take a tick, the opening is below `CLOSED`."""
    lowest = []
    for phone in phones:
        if phone.name in BILABIALS:
            start, end = (int(time * TICKS_PER_SECOND) for time in closure_interval(phone))
            lowest.append(opening[max(0, start - 1) : end + 2].min())
    return float(np.mean(np.array(lowest) < CLOSED))


def mistaken_closures(opening: Floats, wanted: Floats, speech: NDArray[np.bool_]) -> float:
    """Times a second that lips close where they should be open, two ticks around included."""
    around = np.lib.stride_tricks.sliding_window_view(np.pad(wanted, 2, mode="edge"), 5)
    wrong = (opening < CLOSED) & (around.min(axis=1) > APART) & speech
    begins = np.sum(wrong[1:] & ~wrong[:-1])
    return float(begins / speech.sum() * TICKS_PER_SECOND)


def tucked_share(rolled: Floats, phones: tuple[Phone, ...]) -> float:
    """Share of f and v during which, give or take a tick, `mouthRollLower` is over `TUCKED`."""
    highest = []
    for phone in phones:
        if phone.name in LIP_TEETH:
            start, end = (int(time * TICKS_PER_SECOND) for time in (phone.start, phone.end))
            highest.append(rolled[max(0, start - 1) : end + 2].max())
    return float(np.mean(np.array(highest) > TUCKED))


def spoken(phones: tuple[Phone, ...], ticks: int) -> NDArray[np.bool_]:
    """Which ticks have speech in them, or 200 ms before or after: there a mouth may move."""
    speech = np.zeros(ticks, np.bool_)
    for phone in phones:
        if phone.name != SILENCE:
            start, end = phone.start - 0.2, phone.end + 0.2
            speech[max(0, int(start * TICKS_PER_SECOND)) : int(end * TICKS_PER_SECOND) + 1] = True
    return speech
