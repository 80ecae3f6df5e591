"""What the mouth does for each phone: targets in ARKit coefficients, and how strongly.

The shapes are of our own making, after the usual descriptions in phonetics: jaw height
follows vowel height, lips round for w, oo, r and sh, spread for ee and s, the lower
lip meets the teeth for f and v. p, b and m are made by `curves.py`, which closes the
lips exactly.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np

from engine.arkit import MOUTH
from engine.types import Floats
from train.voices.phones import SILENCE


def shape(**coefficients: float) -> Floats:
    """A mouth, float32 [28]; a name without its side means both sides."""
    mouth = np.zeros(len(MOUTH), np.float32)
    for name, value in coefficients.items():
        sides = [name] if name in MOUTH else [f"{name}Left", f"{name}Right"]
        mouth[[MOUTH.index(side) for side in sides]] = value
    return mouth


@dataclass(frozen=True, slots=True)
class Strength:
    """How much a phone insists on its jaw, its lips and its rounding."""

    jaw: float
    lips: float
    round: float


@dataclass(frozen=True, slots=True)
class Target:
    """A mouth that is wanted `at` a share of the phone's duration."""

    mouth: Floats
    strength: Strength
    at: float = 0.5


JAW: Final = tuple(name for name in MOUTH if name.startswith("jaw"))
ROUND: Final = ("mouthFunnel", "mouthPucker")

_AA = shape(jawOpen=0.48, mouthLowerDown=0.15, mouthUpperUp=0.08)
_AO = shape(jawOpen=0.38, mouthFunnel=0.35, mouthPucker=0.15)
_EH = shape(jawOpen=0.32, mouthLowerDown=0.2, mouthUpperUp=0.12, mouthStretch=0.15)
_IH = shape(
    jawOpen=0.17, mouthLowerDown=0.22, mouthUpperUp=0.12, mouthStretch=0.18, mouthSmile=0.08
)
_UH = shape(jawOpen=0.18, mouthFunnel=0.28, mouthPucker=0.3)
_UW = shape(jawOpen=0.1, mouthFunnel=0.25, mouthPucker=0.65)
_OH = shape(jawOpen=0.32, mouthFunnel=0.42, mouthPucker=0.25)
_SH = shape(jawOpen=0.06, jawForward=0.1, mouthFunnel=0.42, mouthPucker=0.25, mouthLowerDown=0.1)
_SS = shape(jawOpen=0.04, mouthLowerDown=0.28, mouthUpperUp=0.14, mouthStretch=0.22)
_FF = shape(jawOpen=0.07, mouthRollLower=0.45, mouthUpperUp=0.25, mouthShrugLower=0.08)
_TH = shape(jawOpen=0.13, mouthLowerDown=0.22, mouthUpperUp=0.08, tongueOut=0.12)
_TT = shape(jawOpen=0.1, mouthLowerDown=0.2, mouthUpperUp=0.08, mouthStretch=0.05)
_KK = shape(jawOpen=0.15, mouthLowerDown=0.12, mouthUpperUp=0.05)
_PP = shape(jawOpen=0.07)

_VOWEL = Strength(1.0, 1.0, 0.5)
_ROUND_VOWEL = Strength(1.0, 1.0, 1.3)
_NEUTRAL = Strength(0.6, 0.5, 0.25)
_TONGUE = Strength(0.5, 0.35, 0.15)
_THROAT = Strength(0.3, 0.2, 0.1)
_TEETH = Strength(1.6, 0.9, 0.4)
_LIPS = Strength(0.9, 1.0, 0.4)
_LIP_TEETH = Strength(1.3, 2.2, 0.5)
_ROUND = Strength(1.0, 1.2, 1.8)


def _glide(start: Floats, end: Floats, strength: Strength) -> tuple[Target, ...]:
    """A diphthong: from one vowel to another."""
    return (Target(start, strength, 0.3), Target(end, strength, 0.85))


def _same(names: str, mouth: Floats, strength: Strength) -> dict[str, tuple[Target, ...]]:
    return {name: (Target(mouth, strength),) for name in names.split()}


_AE = shape(jawOpen=0.42, mouthLowerDown=0.25, mouthUpperUp=0.15, mouthStretch=0.2)
_AH = shape(jawOpen=0.32, mouthLowerDown=0.14, mouthUpperUp=0.06)
_AX = shape(jawOpen=0.2, mouthLowerDown=0.12, mouthUpperUp=0.05)
_ER = shape(jawOpen=0.17, mouthFunnel=0.28, mouthPucker=0.25)
_IY = shape(
    jawOpen=0.12, mouthLowerDown=0.26, mouthUpperUp=0.16, mouthStretch=0.28, mouthSmile=0.22
)
_RR = shape(jawOpen=0.12, mouthFunnel=0.28, mouthPucker=0.35)
_WW = shape(jawOpen=0.06, mouthFunnel=0.18, mouthPucker=0.75)
_LL = shape(jawOpen=0.16, mouthLowerDown=0.16, mouthUpperUp=0.06)

TARGETS: Final[Mapping[str, tuple[Target, ...]]] = MappingProxyType(
    {
        SILENCE: (Target(shape(), Strength(0.9, 0.9, 0.9)),),
        **_same("aa", _AA, _VOWEL),
        **_same("ae", _AE, _VOWEL),
        **_same("ah", _AH, _VOWEL),
        **_same("ao", _AO, _ROUND_VOWEL),
        **_same("ax", _AX, _NEUTRAL),
        **_same("eh", _EH, _VOWEL),
        **_same("er", _ER, Strength(0.9, 0.9, 1.1)),
        **_same("ih", _IH, Strength(0.9, 0.9, 0.5)),
        **_same("iy", _IY, _VOWEL),
        **_same("uh", _UH, _ROUND_VOWEL),
        **_same("uw", _UW, _ROUND_VOWEL),
        "aw": _glide(_AA, _UW, _ROUND_VOWEL),
        "ay": _glide(_AA, _IH, _VOWEL),
        "ey": _glide(_EH, _IY, _VOWEL),
        "ow": _glide(_OH, _UW, _ROUND_VOWEL),
        "oy": _glide(_AO, _IH, _ROUND_VOWEL),
        **_same("p b m", _PP, _LIPS),
        **_same("f v", _FF, _LIP_TEETH),
        **_same("th dh", _TH, Strength(1.0, 0.9, 0.3)),
        **_same("t d n", _TT, _TONGUE),
        **_same("l", _LL, _TONGUE),
        **_same("s z", _SS, _TEETH),
        **_same("sh zh ch jh", _SH, Strength(1.5, 1.0, 1.6)),
        **_same("k g ng hh", _KK, _THROAT),
        **_same("r", _RR, Strength(0.8, 0.8, 1.2)),
        **_same("w", _WW, _ROUND),
        **_same("y", _IY, Strength(0.8, 0.9, 0.4)),
    }
)
"""The targets of every phone, in order of time."""
