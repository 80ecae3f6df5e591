"""What networks are judged on: the held-out sentences, in quiet, in noise and in company."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from engine.types import HEARING_RATE, Floats
from train.voices.corpus import HELD_OUT
from train.voices.flite import Flite
from train.voices.hibari import Hibari
from train.voices.make import at_hearing_rate, padded
from train.voices.phones import Phone, Utterance
from train.voices.spoil import decibels, level, noise

COMPANY: Final = ("slt", "awb", "kal16")
"""Voices of those who talk in the background."""


def held_out(voice: str, texts: Sequence[str] = HELD_OUT) -> Utterance:
    """The held-out sentences, by one voice."""
    speaker = Hibari() if voice == "hibari" else Flite(voice)
    return joined_up([speaker.speak(text) for text in texts])


def joined_up(said: list[Utterance]) -> Utterance:
    """Utterances one after the other, each with silence around it."""
    parts = [padded(at_hearing_rate(one), 0.8, 0.8) for one in said]
    phones: list[Phone] = []
    start = 0.0
    for part in parts:
        phones += [phone.moved(start) for phone in part.phones]
        start += part.seconds
    return Utterance(np.concatenate([part.sound for part in parts]), HEARING_RATE, tuple(phones))


def noisy(said: Utterance, below: float, seed: int = 0) -> Utterance:
    """The utterance in noise, `below` decibels under the speech."""
    random = np.random.default_rng(seed)
    return _over(said, noise(len(said.sound), random), below)


def in_company(said: Utterance, talk: Floats, below: float) -> Utterance:
    """The utterance with others talking, `below` decibels under the speech."""
    return _over(said, np.resize(talk, len(said.sound)), below)


def talk(voices: Sequence[str] = COMPANY, texts: Sequence[str] = HELD_OUT[::-1]) -> Floats:
    """Several voices at once, each with a text of its own; 16 kHz."""
    said = [held_out(voice, texts[n :: len(voices)]).sound for n, voice in enumerate(voices)]
    length = min(len(sound) for sound in said)
    mixed: Floats = np.sum([sound[:length] / level(sound) for sound in said], axis=0)
    return mixed


def _over(said: Utterance, added: Floats, below: float) -> Utterance:
    factor = np.float32(level(said.sound) * decibels(-below) / level(added))
    return Utterance(said.sound + added * factor, said.rate, said.phones)
