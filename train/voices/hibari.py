"""The neural voice of hibari-tts (Apache-2.0), with the time of each phone.

Its network knows how long each token of its text lasts; an inner tensor of the graph
is made an output to read it. Tokens are phones, stress marks, spaces and punctuation,
and all of them take time, so they are turned to phones by three rules. `timing.py`
measures them: the closures of p b t d k g then start where flite's do.

1. What a token stands for is heard `LEAD` seconds before the token.
2. A stress mark is the first part of the vowel after it.
3. A space is the end of one phone (`SPACE_BEFORE` of it) and the start of the next.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import hibari
import numpy as np
import onnx
import onnxruntime
from hibari import dsp
from numpy.typing import NDArray

from engine.types import Floats
from train.voices.pauses import with_pauses_as_heard
from train.voices.phones import SILENCE, Phone, Utterance, joined

LEAD: Final = 0.045
SPACE_BEFORE: Final = 0.2
_DURATIONS: Final = "/Clip_output_0"
_TOKEN_FRAME: Final = 0.025
_SPACE: Final = " "
_STRESS: Final = "ˈˌ"
"""Primary and secondary; the mark stands before its vowel."""
_PHONES: Final = {
    "A": "ey", "I": "ay", "O": "ow", "Q": "ow", "W": "aw", "Y": "oy", "a": "aa", "i": "iy",
    "u": "uw", "ɑ": "aa", "ɒ": "aa", "æ": "ae", "ɐ": "ax", "ə": "ax", "ɔ": "ao", "ɛ": "eh",
    "ɜ": "er", "ɚ": "er", "ɪ": "ih", "ɨ": "ih", "ᵻ": "ih", "ʊ": "uh", "ʌ": "ah", "ᵊ": "ax",
    "b": "b", "d": "d", "f": "f", "h": "hh", "j": "y", "k": "k", "l": "l", "m": "m", "n": "n",
    "p": "p", "r": "r", "s": "s", "t": "t", "v": "v", "w": "w", "z": "z", "ð": "dh", "ŋ": "ng",
    "ɡ": "g", "ɹ": "r", "ɾ": "d", "T": "d", "ʃ": "sh", "ʒ": "zh", "ʤ": "jh", "ʧ": "ch",
    "ʔ": "t", "θ": "th", "x": "k",
}  # fmt: skip
_JOINED: Final = "ː̃ʰʲ"
"""Marks that belong to the phone before them."""


@dataclass
class _Token:
    """One token of the network's text: a phone's name, a space, a stress mark or a pause."""

    name: str
    start: float
    end: float
    stress: int = 0


class Hibari:
    """An American woman at 24 kHz; `tone` below 1 lowers the pitch but not the formants."""

    voice: Final = "hibari"

    def __init__(self) -> None:
        self._text = hibari.Hibari()
        graph = onnx.load(str(Path(self._text.model_path)))
        graph.graph.output.append(
            onnx.helper.make_tensor_value_info(_DURATIONS, onnx.TensorProto.FLOAT, None)
        )
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            graph.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )

    def speak(self, text: str, speed: float = 1.0, tone: float = 1.0, seed: int = 0) -> Utterance:
        """Say `text`, sentence after sentence; `seed` draws the noise in the voice."""
        random = np.random.default_rng(seed)
        sounds: list[Floats] = []
        phones: list[Phone] = []
        start = 0.0
        for said in self._text.phonemize(text):
            sound, spoken = self._sentence(said, speed, tone, random)
            sounds.append(sound)
            phones += [phone.moved(start) for phone in spoken]
            start += len(sound) / hibari.SAMPLE_RATE
        return Utterance(np.concatenate(sounds), hibari.SAMPLE_RATE, joined(phones))

    def _sentence(
        self, said: str, speed: float, tone: float, random: np.random.Generator
    ) -> tuple[Floats, tuple[Phone, ...]]:
        ids = np.asarray([self._text.ids(said)], np.int64)
        feed = {"ids": ids, "speed": np.asarray([speed], np.float32)}
        *parts, pitch, durations = self._session.run(None, feed)
        sound = dsp.synth(*(part[0] for part in parts), pitch[0] * np.float32(tone), random)
        tokens = ["", *(letter for letter in said if letter in self._text.vocab), ""]
        ends = np.cumsum(durations.ravel()) * _TOKEN_FRAME
        phones = phones_of(tokens, ends)
        return sound, with_pauses_as_heard(phones, sound, hibari.SAMPLE_RATE)


def phones_of(letters: list[str], ends: NDArray[np.float64]) -> tuple[Phone, ...]:
    """Phones from the network's letters and the times at which their tokens end."""
    tokens: list[_Token] = []
    start = 0.0
    for letter, end in zip(letters, ends.tolist(), strict=True):
        if letter in _JOINED and letter and tokens:
            tokens[-1].end = end
        else:
            known = _PHONES.get(letter)
            mark = letter if letter and letter in _STRESS + _SPACE else SILENCE
            tokens.append(_Token(known or mark, start, end))
        start = end
    _share_out(tokens)
    heard = [
        Phone(token.name, max(0.0, token.start - LEAD), token.end - LEAD, token.stress)
        for token in tokens
        if token.name not in _STRESS + _SPACE
    ]
    heard[-1] = replace(heard[-1], end=float(ends[-1]))
    return joined(heard)


def _share_out(tokens: list[_Token]) -> None:
    """Give the time of stress marks and spaces to their neighbours."""
    for before, token, after in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if token.name in _STRESS:
            after.start = token.start
            after.stress = 1 + _STRESS.index(token.name)
        elif token.name == _SPACE:
            split = token.start + SPACE_BEFORE * (token.end - token.start)
            before.end = after.start = split
