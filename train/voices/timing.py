"""Are the phones where they are heard? Stops tell: their closures are silent.

    python -m train.voices.timing

prints, for each voice, when the closures of p b t d k g begin and end in the sound,
against the times of the phones. flite knows its times exactly; a neural voice is right
when its numbers look like flite's.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import typer

from engine.types import Floats
from train.voices.corpus import HELD_OUT
from train.voices.flite import VOICES, Flite
from train.voices.hibari import Hibari
from train.voices.make import Voice, at_hearing_rate
from train.voices.phones import SILENCE, STOPS, Utterance

_FRAMES: Final = 200
"""Frames a second."""
_AROUND: Final = 0.06
_CLEAR: Final = 3.0
"""Logarithms of power by which a closure is quieter than what is around it."""


def closures(said: Utterance) -> Floats:
    """Begin and end of each clear closure, seconds later than its phone's, [closures, 2].

    A stop counts when the 120 ms around it hold a dip that lies wholly inside them.
    """
    loud = _loudness(said)
    found = []
    for before, phone in zip(said.phones, said.phones[1:], strict=False):
        if phone.name not in STOPS or before.name == SILENCE:
            continue
        first = max(0, round((phone.start - _AROUND) * _FRAMES))
        part = loud[first : round((phone.end + _AROUND) * _FRAMES)]
        lowest = int(np.argmin(part))
        quiet = part < part.min() + 0.35 * np.ptp(part)
        left = lowest - int(np.argmin(quiet[lowest::-1])) + 1
        right = lowest + int(np.argmin(quiet[lowest:]))
        if np.ptp(part) < _CLEAR or quiet[: lowest + 1].all() or quiet[lowest:].all():
            continue
        begin, end = (first + left) / _FRAMES, (first + right) / _FRAMES
        found.append((begin - phone.start, end - phone.end))
    return np.array(found, np.float32).reshape(-1, 2)


def _loudness(said: Utterance) -> Floats:
    """Logarithm of the power above 400 Hz, where a closure has none; 10 ms windows."""
    sound = at_hearing_rate(said).sound
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(sound, 80), 160)[::80]
    power = np.abs(np.fft.rfft(windows * np.hanning(160), 512)) ** 2
    loud: Floats = np.log(power[:, 13:].sum(axis=1) + 1e-4).astype(np.float32)
    return loud


def main() -> None:
    """Print quartiles in milliseconds."""
    typer.echo("| voice | closures | begins late by (quartiles) | ends late by (quartiles) |")
    typer.echo("| --- | --- | --- | --- |")
    voices: list[Voice] = [Hibari(), *(Flite(name) for name in VOICES)]
    for voice in voices:
        found = np.concatenate([closures(voice.speak(text)) for text in HELD_OUT]) * 1000.0
        begins, ends = np.percentile(found, [25, 50, 75], axis=0).T.round().astype(int).tolist()
        typer.echo(f"| {voice.voice} | {len(found)} | {begins} ms | {ends} ms |")


if __name__ == "__main__":
    typer.run(main)
