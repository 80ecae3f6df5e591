"""What speech does beside its sounds: stressed syllables, ends of phrases, pauses.

Heads, brows and lids go with these rather than with phones (`engine/emphasis.py` says
how, and after whom). The synthesiser knows the times exactly; how strong an accent is, is
measured in the sound: stressed vowels that are higher, louder and longer than their
neighbours are accents (Terken, "Fundamental frequency and perceived prominence of
accented syllables", 1991; Kochanski et al., "Loudness predicts prominence", 2005).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.types import Floats
from train.voices.curves import tick_centres
from train.voices.phones import SILENCE, VOWELS, Phone, Utterance, joined
from train.voices.pitch import FRAMES, pitch

KINDS: Final = ("stress", "pause")
"""In the order of the network's output."""
_IN_WORD: Final = (0.0, 1.0, 0.45)
"""Weight of a vowel without stress, with primary and with secondary stress."""
_USUAL: Final = 0.5
_BY_PITCH, _BY_LOUDNESS, _BY_LENGTH = 0.06, 0.03, 0.2
"""What a semitone, a decibel and a doubled length add to an accent's strength."""
_LAST: Final = 1.25
"""The last accent before a pause is the strongest to the ear."""
_NEIGHBOURS: Final = 1.0
"""Seconds around a vowel that it is compared with: pitch and loudness fall over a phrase."""
_ONSET, _HELD, _FALL = 0.09, 0.12, 0.1
"""Seconds: the accent rises before its vowel, with the syllable's consonants; is held; falls."""
_SHORTEST_PAUSE: Final = 0.15
_ENDING: Final = 0.26
"""Seconds before a pause in which speech slows and falls, so that its end can be heard."""


def prosody_curves(said: Utterance) -> Floats:
    """Stress and pause of an utterance at 16 kHz, float32 [ticks, 2] in 0..1.

    Stress rises with each accented syllable; pause is 1 where nobody speaks and comes up
    in the last quarter of a second of a phrase.
    """
    times = tick_centres(said.seconds)
    tones = pitch(said.sound)
    phones = joined(said.phones)
    pauses = [p for p in phones if p.name == SILENCE and p.end - p.start >= _SHORTEST_PAUSE]
    curves = (
        _stress(said, tones, pauses, times),
        _highest((_pause(pause, times) for pause in pauses), times),
    )
    return np.clip(np.stack(curves, axis=1), 0.0, 1.0).astype(np.float32)


def accents(said: Utterance, tones: Floats, pauses: list[Phone]) -> list[tuple[Phone, float]]:
    """The stressed vowels and how strong they are, 0..1."""
    vowels = [phone for phone in said.phones if phone.name in VOWELS]
    if not vowels:
        return []
    level = np.array([_tone(tones, vowel) for vowel in vowels])
    loud = np.array([_decibels(said, vowel) for vowel in vowels])
    long = np.log2([vowel.end - vowel.start for vowel in vowels])
    strength = (
        _USUAL
        + _BY_PITCH * _over_neighbours(level, vowels)
        + _BY_LOUDNESS * _over_neighbours(loud, vowels)
        + _BY_LENGTH * (long - np.median(long))
    )
    strength *= np.array([_IN_WORD[vowel.stress] for vowel in vowels])
    for last in _last_stressed(vowels, pauses):
        strength[last] *= _LAST
    kept = zip(vowels, np.clip(strength, 0.0, 1.0).tolist(), strict=True)
    return [(vowel, how) for vowel, how in kept if vowel.stress]


def _stress(
    said: Utterance, tones: Floats, pauses: list[Phone], times: NDArray[np.float64]
) -> NDArray[np.float64]:
    """A bump for each accent, as high as it is strong."""
    bumps = (
        how * _bump(times, vowel.start - _ONSET, vowel.start, vowel.start + _HELD, _FALL)
        for vowel, how in accents(said, tones, pauses)
    )
    return _highest(bumps, times)


def _pause(pause: Phone, times: NDArray[np.float64]) -> NDArray[np.float64]:
    """From the last quarter of a second before it to its end."""
    begin = pause.start - _ENDING if pause.start > 0.0 else -1.0
    return _bump(times, begin, max(pause.start, begin), pause.end - 0.02, 0.04)


def _bump(
    times: NDArray[np.float64], begin: float, full: float, hold: float, fall: float
) -> NDArray[np.float64]:
    """0 until `begin`, 1 from `full` until `hold`, 0 again `fall` seconds later; smooth."""
    up = np.clip((times - begin) / max(full - begin, 1e-6), 0.0, 1.0)
    down = np.clip((hold + fall - times) / fall, 0.0, 1.0)
    smooth: NDArray[np.float64] = 0.5 - 0.5 * np.cos(np.pi * np.minimum(up, down))
    return smooth


def _highest(
    curves: Iterable[NDArray[np.float64]], times: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The highest of some curves at each time; 0 of none."""
    highest: NDArray[np.float64] = np.max([np.zeros_like(times), *curves], axis=0)
    return highest


def _last_stressed(vowels: list[Phone], pauses: list[Phone]) -> list[int]:
    """The last vowel with primary stress before each pause, by number."""
    chosen = []
    for pause in pauses:
        before = [n for n, v in enumerate(vowels) if v.stress == 1 and v.end <= pause.start + 0.01]
        chosen += before[-1:]
    return sorted(set(chosen))


def _over_neighbours(values: NDArray[np.float64], vowels: list[Phone]) -> NDArray[np.float64]:
    """Each value over the mean of those of the vowels within a second, 0 where unknown."""
    middles = np.array([(vowel.start + vowel.end) / 2.0 for vowel in vowels])
    near = np.abs(middles[:, None] - middles) < _NEIGHBOURS
    known = near & np.isfinite(values)
    mean = (known * np.nan_to_num(values)).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    over: NDArray[np.float64] = np.nan_to_num(values - mean)
    return over


def _tone(tones: Floats, vowel: Phone) -> float:
    """The highest tone of a vowel, semitones; not a number where it is unvoiced."""
    part = tones[round(vowel.start * FRAMES) : round(vowel.end * FRAMES) + 1]
    part = part[np.isfinite(part)]
    return float(np.percentile(part, 90)) if len(part) else float("nan")


def _decibels(said: Utterance, vowel: Phone) -> float:
    part = said.sound[round(vowel.start * said.rate) : round(vowel.end * said.rate)]
    return 10.0 * float(np.log10(np.mean(np.append(part, 0.0).astype(np.float64) ** 2) + 1e-7))
