"""Which syllables of a text are stressed, out of hibari's dictionary, for voices that do not say.

A voice may pronounce a word in its own way, so the two strings of phones are laid
beside each other, and each vowel takes the stress of the vowel that it falls upon.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from typing import Final

import hibari
import numpy as np

from train.voices.hibari import phones_of
from train.voices.phones import SILENCE, VOWELS, Phone

_REDUCED: Final = {"ax": "V", "ah": "V", "ih": "V"}
"""Vowels that one dictionary writes for the other's."""


class Stresses:
    """Reads a text as hibari would speak it."""

    def __init__(self) -> None:
        self._text = hibari.Hibari()

    def given_to(self, phones: Sequence[Phone], text: str) -> tuple[Phone, ...]:
        """The phones of `text` with the stress of their syllables."""
        said = [phone for sentence in self._text.phonemize(text) for phone in _read(sentence)]
        result = list(phones)
        places = [n for n, phone in enumerate(result) if phone.name != SILENCE]
        spoken = [result[n] for n in places]
        match = SequenceMatcher(None, _plain(said), _plain(spoken), autojunk=False)
        for _, first, last, start, end in match.get_opcodes():
            vowels = [phone for phone in said[first:last] if phone.name in VOWELS]
            own = [n for n in places[start:end] if result[n].name in VOWELS]
            for phone, place in zip(vowels, own, strict=False):
                result[place] = replace(result[place], stress=phone.stress)
        return tuple(result)


def _read(sentence: str) -> list[Phone]:
    letters = ["", *sentence, ""]
    phones = phones_of(letters, np.arange(1.0, len(letters) + 1.0))
    return [phone for phone in phones if phone.name != SILENCE]


def _plain(phones: Sequence[Phone]) -> list[str]:
    """Names to compare."""
    return [_REDUCED.get(phone.name, phone.name) for phone in phones]
