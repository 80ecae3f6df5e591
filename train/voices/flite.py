"""Four English voices of the program flite, which prints when each phone ends.

flite is BSD-licensed and runs as a program of its own (Debian: `apt install flite`).
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path
from typing import Final

from train.voices.phones import ALPHABET, Phone, Utterance, joined
from train.voices.sound import read_wav
from train.voices.stress import Stresses

VOICES: Final = ("slt", "awb", "kal16", "rms")
_ELSEWHERE: Final = {"hv": "hh", "axr": "er", "el": "l", "em": "m", "en": "n", "dx": "d"}


_USUAL_PITCH: Final = {"kal16": 95.0}
"""Hz, of the voice whose pitch is set and not shifted."""


class Flite:
    """One voice of flite at 16 kHz; `tone` below 1 lowers the pitch but not the formants."""

    def __init__(self, voice: str, stresses: Stresses | None = None) -> None:
        self.voice = voice
        self._stresses = stresses or Stresses()

    def speak(self, text: str, speed: float = 1.0, tone: float = 1.0) -> Utterance:
        """Say `text`; `speed` above 1 is faster at the same pitch."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "said.wav"
            stretch = f"duration_stretch={1.0 / speed:.3f}"
            command = ["flite", "-voice", self.voice, "-psdur", "--setf", stretch]
            command += ["--setf", self._pitched(tone)] if tone != 1.0 else []
            said = subprocess.run(
                [*command, "-t", text, "-o", str(path)], check=True, capture_output=True, text=True
            )
            sound, rate = read_wav(path)
        phones = self._stresses.given_to(joined(_phones(said.stdout)), text)
        return Utterance(sound, rate, phones)

    def _pitched(self, tone: float) -> str:
        """flite's setting for a pitch `tone` times the usual."""
        if self.voice in _USUAL_PITCH:
            return f"int_f0_target_mean={tone * _USUAL_PITCH[self.voice]:.1f}"
        return f"f0_shift={tone:.3f}"


def _phones(printed: str) -> list[Phone]:
    """flite prints `name:end` in seconds, one phone after the other."""
    phones: list[Phone] = []
    start = 0.0
    for item in printed.split():
        name, _, end = item.partition(":")
        name = _ELSEWHERE.get(name, name)
        if name not in ALPHABET:
            raise ValueError(f"flite said a phone that is not in our alphabet: {name}")
        phones.append(Phone(name, start, float(end)))
        start = float(end)
    return phones
