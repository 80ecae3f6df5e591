"""Sentences to be spoken: a small grammar over `words.py`, and some that are kept apart.

Half of the sentences follow the grammar; the other half are strings of words out of
the dictionary, which make no sense but bring every sequence of sounds that English
has. The sentences of `HELD_OUT` are written by hand and follow neither; no network is
trained on them.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import hibari
import numpy as np

from train.voices import words

HELD_OUT: Final = (
    "Please pass the pepper and put the big map back on top of the cupboard.",
    "When the sunlight strikes raindrops in the air, they act as a prism and form a rainbow.",
    "Hello, and thank you for calling; my name is Amy, how may I help you today?",
    "Five boxes of liquor jugs were packed by Max and Eve before lunch.",
    "The museum opens at nine, but the best time to visit is late in the afternoon.",
    "Imagine a portrait that listens to you, and moves its lips to every word you say.",
    "We were away a year ago, and we are happy to be back among our friends.",
    "Bring a bottle of water, a map, and a pair of comfortable boots for the climb.",
    "The judge enjoyed both the orange juice and the fresh vegetables from the village.",
    "Could you tell me whether the evening train to Boston stops here?",
    "Nothing is better than a warm bath after a long walk through the snow.",
    "She usually measures the flour twice, which is why her bread never fails.",
    "Why should I believe you? You promised the same thing in February.",
    "A mosquito buzzed above the pillow, and nobody in the room could sleep.",
    "To be or not to be, that is the question many people remember from school.",
    "In the beginning there was only a small workshop behind the railway bridge.",
    "You can change the settings at any moment, and the picture will follow at once.",
    "Thirty thousand thoughtful voters stood in line, although the weather was dreadful.",
    "My brother plays the trombone, my sister the piano, and I play the fool.",
    "Welcome to the show, everybody, it is good to see so many familiar faces.",
)


class Grammar:
    """Draws sentences at random."""

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed)

    def sentence(self) -> str:
        """One sentence, from a word or two to about fifteen."""
        pick = self._pick
        forms = (
            lambda: f"{pick(words.PEOPLE)} {pick(words.PAST)} {pick(words.THINGS)} {self._end()}.",
            lambda: f"{pick(words.OPENINGS)}, {self._plain()}.",
            lambda: f"{self._plain()}, {pick(words.REASONS)}.",
            lambda: f"{pick(words.THINGS)} {self._end()} was {pick(words.QUALITIES)}.",
            lambda: f"Did {pick(words.PEOPLE)} {pick(words.BASE)} {pick(words.THINGS)}?",
            lambda: f"Why don't we {pick(words.BASE)} {pick(words.THINGS)} {self._end()}?",
            lambda: f"{pick(words.ANSWERS)}. {pick(words.PEOPLE)} is {pick(words.FEELINGS)}.",
            lambda: f"{pick(words.ANSWERS)}!",
            lambda: f"Please {pick(words.BASE)} {self._count()} and {pick(words.THINGS)}.",
            lambda: f"There were {self._count()} {pick(words.PLACES)}, and {self._count()} more.",
            lambda: f"I am {pick(words.FEELINGS)}, but {pick(words.PEOPLE)} is not.",
            lambda: f"{pick(words.PEOPLE)} and {pick(words.PEOPLE)} {pick(words.PAST)} it all.",
        )
        said = forms[self._random.integers(len(forms))]().strip()
        return said[0].upper() + said[1:]

    def _pick(self, choices: tuple[str, ...]) -> str:
        return choices[self._random.integers(len(choices))]

    def _end(self) -> str:
        ends = (words.PLACES, words.TIMES)
        return self._pick(ends[self._random.integers(2)])

    def _plain(self) -> str:
        subject, verb = self._pick(words.PEOPLE), self._pick(words.PAST)
        return f"{subject} {verb} {self._pick(words.THINGS)}"

    def _count(self) -> str:
        return f"{self._pick(words.NUMBERS)} {self._pick(words.COUNTED)}"


_GLUE: Final = tuple(
    "the a and of with to for but my you we was is on or, at from no so as".split()
)


class Strings:
    """Draws strings of words out of a dictionary, with small words between them."""

    def __init__(self, dictionary: Sequence[str], seed: int) -> None:
        self._dictionary = dictionary
        self._random = np.random.default_rng(seed)

    def sentence(self) -> str:
        """Three to seven words; commas here and there."""
        said: list[str] = []
        for _ in range(self._random.integers(3, 8)):
            said.append(self._dictionary[int(self._random.integers(len(self._dictionary)))])
            if self._random.random() < 0.12:
                said[-1] += ","
            if self._random.random() < 0.5:
                said.append(_GLUE[self._random.integers(len(_GLUE))])
        line = " ".join(said).rstrip(",")
        return line[0].upper() + line[1:] + "."


def dictionary() -> list[str]:
    """The everyday-sized words of hibari's dictionary, in the order of the alphabet."""
    path = Path(hibari.__file__).parent / "assets" / "lexicon_us_gold.json.gz"
    words_known = json.loads(gzip.decompress(path.read_bytes()))
    plain = (word for word in words_known if word.isascii() and word.isalpha() and word.islower())
    return sorted(word for word in plain if 3 <= len(word) <= 11)


def sentences(count: int, seed: int) -> list[str]:
    """`count` different sentences to train on."""
    sources = (Grammar(seed), Strings(dictionary(), seed))
    found: dict[str, None] = {}
    while len(found) < count:
        found.setdefault(sources[len(found) % 2].sentence())
    return list(found)
