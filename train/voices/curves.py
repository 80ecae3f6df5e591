"""Mouth curves from phones: co-articulation, closed lips, 25 mouths a second.

Every phone pulls the mouth towards its target with a dominance that is full in the
phone's middle and falls off exponentially around it; the mouth is the average that
the dominances weigh (Cohen & Massaro, "Modeling coarticulation in synthetic visual
speech", 1993). Fast phones are undershot and neighbours blend without further rules.
Rounding starts earlier than it ends, and the jaw is slower than the lips.

The closures of p, b and m are laid over it: there `mouthClose` equals `jawOpen`, which
makes ARKit's lips meet, and the coefficients that part the lips are zero.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.arkit import MOUTH
from engine.types import TICKS_PER_SECOND, Floats
from train.voices.phones import BILABIALS, SILENCE, VOWELS, Phone, Utterance
from train.voices.targets import JAW, ROUND, TARGETS, Strength, Target, shape

CLOSED: Final = 0.03
"""Lip opening below which lips count as closed: about a millimetre on an adult's face."""
_CLOSING: Final = 0.07
_OPENING: Final = 0.06
_SHORTEST_CLOSURE: Final = 0.05
"""Longer than a tick, so that every p, b and m has a picture with closed lips."""
_CLOSURE = shape(mouthPress=0.35, mouthRollLower=0.22, mouthRollUpper=0.18)
_FALL_BEFORE: Final = Strength(0.055, 0.04, 0.07)
_FALL_AFTER: Final = Strength(0.055, 0.04, 0.05)
"""Seconds in which a dominance falls to 1/e."""
_REST_AFTER: Final = 0.1
_PART_BEFORE: Final = 0.09
"""The mouth rests this long after speech ends, and parts this long before it starts."""

GAP = (
    shape(jawOpen=1.0, jawForward=0.041, mouthFunnel=0.41, mouthShrugUpper=0.126)
    + shape(mouthLowerDown=0.057, mouthUpperUp=0.07)
    - shape(mouthClose=1.0, mouthShrugLower=0.148, mouthRollLower=0.097, mouthRollUpper=0.099)
    - shape(mouthPress=0.042, mouthSmile=0.047, mouthPucker=0.027)
)


def lip_gap(mouth: Floats) -> Floats:
    """Signed distance of the lips, [...]: what would be left if lips could pass each other.

    The weights are how far each of the CC0 MakeHuman face units parts the inner lips at
    the middle, as a share of what `jawOpen` at 1 does. Both sides are given their own.

    Args:
        mouth: float32 [..., 28], in the order of `engine.arkit.MOUTH`.
    """
    gap: Floats = mouth @ GAP
    return gap


def lip_opening(mouth: Floats) -> Floats:
    """How far the lips are apart, [...] : 0 closed, 1 the gap of `jawOpen` at 1.

    Usual vowels of speech have 0.2 to 0.5.
    """
    return np.maximum(lip_gap(mouth), np.float32(0.0))


def tick_centres(seconds: float) -> NDArray[np.float64]:
    """The times of the pictures, seconds, of sound that lasts `seconds`; whole ticks only."""
    return (np.arange(int(seconds * TICKS_PER_SECOND + 1e-6)) + 0.5) / TICKS_PER_SECOND


def mouth_curves(said: Utterance) -> tuple[Floats, Floats]:
    """The mouth of an utterance.

    Returns:
        float32 [ticks, 28] in 0..1, and float32 [ticks] in 0..1: how far a p, b or m
        closes the lips.
    """
    times = tick_centres(said.seconds)
    mouths = _blended(said, times)
    closure = _closures(said.phones, times)
    parting = [index for index, name in enumerate(MOUTH) if GAP[index] > 0 and name != "jawOpen"]
    mouths[:, parting] *= 1.0 - closure[:, None]
    mouths = np.maximum(mouths, closure[:, None] * _CLOSURE)
    close, jaw = MOUTH.index("mouthClose"), MOUTH.index("jawOpen")
    mouths[:, close] = np.maximum(mouths[:, close], closure * mouths[:, jaw])
    return np.clip(mouths, 0.0, 1.0), closure


def _blended(said: Utterance, times: NDArray[np.float64]) -> Floats:
    """Targets averaged by their dominances, [ticks, 28]."""
    total = np.zeros((len(times), len(MOUTH)))
    weight = np.full_like(total, 1e-9)
    loudness = _loudness(said)
    for phone, loud in zip(said.phones, loudness, strict=True):
        for target in TARGETS[phone.name]:
            dominance = _dominance(phone, target, times)
            weight += dominance
            total += dominance * (target.mouth * loud)
    return (total / weight).astype(np.float32)


def _dominance(phone: Phone, target: Target, times: NDArray[np.float64]) -> NDArray[np.float64]:
    """How strongly a target pulls each coefficient at each time, [ticks, 28]."""
    start, end, power = _core(phone, target)
    before = np.maximum(start - times, 0.0)[:, None]
    after = np.maximum(times - end, 0.0)[:, None]
    fall_before, fall_after = _by_coefficient(_FALL_BEFORE), _by_coefficient(_FALL_AFTER)
    strength = _by_coefficient(target.strength) * power
    pull: NDArray[np.float64] = strength * np.exp(-before / fall_before - after / fall_after)
    return pull


def _core(phone: Phone, target: Target) -> tuple[float, float, float]:
    """Where a target is fully wanted, and how much of its strength it has."""
    length = phone.end - phone.start
    if phone.name == SILENCE:
        start, end = phone.start + _REST_AFTER, phone.end - _PART_BEFORE
        if start < end:
            return start, end, 1.0
        middle = (phone.start + phone.end) / 2.0
        return middle, middle, length / (_REST_AFTER + _PART_BEFORE)
    share = 0.5 if len(TARGETS[phone.name]) == 1 else 0.25
    middle = phone.start + target.at * length
    return middle - share * length / 2.0, middle + share * length / 2.0, 1.0


def _by_coefficient(value: Strength) -> NDArray[np.float64]:
    """Values of jaw, lips and rounding laid out for the 28 coefficients."""
    groups = [value.jaw if n in JAW else value.round if n in ROUND else value.lips for n in MOUTH]
    return np.array(groups, np.float64)


def _loudness(said: Utterance) -> list[float]:
    """How wide each phone opens: louder vowels wider, by 3 % a decibel around the usual."""
    levels = [_level(said, phone) if phone.name in VOWELS else None for phone in said.phones]
    known = [level for level in levels if level is not None]
    usual = float(np.median(known)) if known else 0.0
    return [
        1.0 if level is None else float(np.clip(1.0 + 0.03 * (level - usual), 0.7, 1.2))
        for level in levels
    ]


def _level(said: Utterance, phone: Phone) -> float:
    """Decibels of a phone's sound."""
    part = said.sound[int(phone.start * said.rate) : int(phone.end * said.rate)]
    return (
        10.0 * float(np.log10(np.mean(part.astype(np.float64) ** 2) + 1e-7)) if len(part) else 0.0
    )


def closure_interval(phone: Phone) -> tuple[float, float]:
    """When the lips of a p, b or m touch: until the burst, and at least for a picture."""
    end = phone.end if phone.name == "m" else phone.end - 0.025
    start = phone.start
    missing = _SHORTEST_CLOSURE - (end - start)
    if missing > 0:
        start, end = start - missing * 0.3, end + missing * 0.7
    return start, end


def _closures(phones: tuple[Phone, ...], times: NDArray[np.float64]) -> Floats:
    """How far p, b and m close the lips, [ticks] in 0..1."""
    closure = np.zeros(len(times), np.float64)
    for phone in phones:
        if phone.name not in BILABIALS:
            continue
        start, end = closure_interval(phone)
        far = np.maximum((start - times) / _CLOSING, (times - end) / _OPENING)
        closure = np.maximum(closure, 0.5 + 0.5 * np.cos(np.pi * np.clip(far, 0.0, 1.0)))
    return closure.astype(np.float32)
