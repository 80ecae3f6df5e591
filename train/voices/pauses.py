"""Pauses moved to where the sound is really silent.

A neural voice counts the silence around a pause partly to the phones beside it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.types import Floats
from train.voices.phones import SILENCE, STOPS, Phone, joined

_FRAMES: Final = 100
"""Frames a second in which the level is measured."""
_QUIET_DB: Final = -36.0
"""Level below the loudest frame that counts as silence."""
_SHORTEST: Final = 0.05
_SUSPICIOUS: Final = 0.2
"""A phone that lasts longer, seconds, may end in a pause that nobody wrote."""
_INAUDIBLE: Final = STOPS | {"f", "th", "hh", "ch", "jh"}
"""Phones that begin in silence, or nearly: where they start cannot be heard."""


def with_pauses_as_heard(phones: tuple[Phone, ...], sound: Floats, rate: int) -> tuple[Phone, ...]:
    """The same phones, with pauses that begin and end where the sound does."""
    quiet = _quiet(sound, rate)
    line = list(_with_candidates(phones))
    for index, pause in enumerate(line):
        if pause.name != SILENCE:
            continue
        before = line[index - 1] if index > 0 else None
        after = line[index + 1] if index + 1 < len(line) else None
        start = 0.0 if before is None else before.start + 0.04
        end = len(sound) / rate if after is None else after.end - 0.03
        if pause.start == pause.end:
            end = pause.end  # a candidate: only inside the phone that is so long
        start, end = _longest_run(quiet, start, end) or (pause.start, pause.end)
        if after is not None and after.name in _INAUDIBLE:
            end = min(end, max(after.start, start))
        line[index] = Phone(SILENCE, start, end)
        if before is not None:
            line[index - 1] = replace(before, end=start)
        if after is not None:
            line[index + 1] = replace(after, start=end)
    return joined(line)


def _quiet(sound: Floats, rate: int) -> NDArray[np.bool_]:
    hop = rate // _FRAMES
    frames = sound[: len(sound) // hop * hop].reshape(-1, hop)
    level = 10.0 * np.log10((frames.astype(np.float64) ** 2).mean(axis=1) + 1e-9)
    result: NDArray[np.bool_] = level < level.max() + _QUIET_DB
    return result


def _with_candidates(phones: tuple[Phone, ...]) -> tuple[Phone, ...]:
    """An empty pause after each phone that is suspiciously long."""
    line: list[Phone] = []
    for index, phone in enumerate(phones):
        line.append(phone)
        followed = index + 1 < len(phones) and phones[index + 1].name != SILENCE
        if followed and phone.name != SILENCE and phone.end - phone.start > _SUSPICIOUS:
            line.append(Phone(SILENCE, phone.end, phone.end))
    return tuple(line)


def _longest_run(quiet: NDArray[np.bool_], start: float, end: float) -> tuple[float, float] | None:
    """The longest silence between two times, seconds; None where none is long enough."""
    first = round(start * _FRAMES)
    part = quiet[first : max(first, round(end * _FRAMES))]
    edges = np.flatnonzero(np.diff(np.concatenate([[False], part, [False]]).astype(np.int8)))
    runs = edges.reshape(-1, 2)
    if len(runs) == 0:
        return None
    begin, stop = runs[np.argmax(runs[:, 1] - runs[:, 0])].tolist()
    if stop - begin < _SHORTEST * _FRAMES:
        return None
    return (first + begin) / _FRAMES, (first + stop) / _FRAMES
