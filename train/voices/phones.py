"""Phones with their times, and one alphabet for all voices.

The alphabet is ARPAbet in lower case as flite prints it: 39 sounds, `ax` for the
neutral vowel and `pau` for silence.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from engine.types import Floats

SILENCE: Final = "pau"
BILABIALS: Final = frozenset({"p", "b", "m"})
STOPS: Final = frozenset({"p", "b", "t", "d", "k", "g"})
VOWELS: Final = frozenset(
    {"aa", "ae", "ah", "ao", "aw", "ax", "ay", "eh", "er", "ey", "ih", "iy", "ow", "oy", "uh", "uw"}
)
CONSONANTS: Final = STOPS | frozenset(
    "ch dh f hh jh l m n ng r s sh th v w y z zh".split()  # fmt: skip
)
ALPHABET: Final = VOWELS | CONSONANTS | {SILENCE}
ORDER: Final = tuple(sorted(ALPHABET))
"""The alphabet with a number for each phone."""


@dataclass(frozen=True, slots=True)
class Phone:
    """One sound of speech; `start` and `end` in seconds.

    `stress` is that of a vowel's syllable in the word: 0 none, 1 primary, 2 secondary.
    """

    name: str
    start: float
    end: float
    stress: int = 0

    def moved(self, by: float = 0.0, speed: float = 1.0) -> Phone:
        """The same phone in sound that plays `speed` times faster and starts `by` seconds later."""
        return replace(self, start=self.start / speed + by, end=self.end / speed + by)


@dataclass(frozen=True, slots=True)
class Utterance:
    """Something said: float32 [n] in -1..1 at `rate` Hz, and the phones in order of time."""

    sound: Floats
    rate: int
    phones: tuple[Phone, ...]

    @property
    def seconds(self) -> float:
        """How long it takes."""
        return len(self.sound) / self.rate


def joined(phones: Iterable[Phone]) -> tuple[Phone, ...]:
    """Neighbouring silences joined to one, phones without any duration left out."""
    result: list[Phone] = []
    for phone in phones:
        if phone.end <= phone.start:
            continue
        if result and phone.name == result[-1].name == SILENCE:
            result[-1] = Phone(SILENCE, result[-1].start, phone.end)
        else:
            result.append(phone)
    return tuple(result)
