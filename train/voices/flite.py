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

VOICES: Final = ("slt", "awb", "kal16", "rms")
_ELSEWHERE: Final = {"hv": "hh", "axr": "er", "el": "l", "em": "m", "en": "n", "dx": "d"}


class Flite:
    """One voice of flite at 16 kHz."""

    def __init__(self, voice: str) -> None:
        self.voice = voice

    def speak(self, text: str, speed: float = 1.0) -> Utterance:
        """Say `text`; `speed` above 1 is faster at the same pitch."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "said.wav"
            stretch = f"duration_stretch={1.0 / speed:.3f}"
            command = ["flite", "-voice", self.voice, "-psdur", "--setf", stretch]
            said = subprocess.run(
                [*command, "-t", text, "-o", str(path)], check=True, capture_output=True, text=True
            )
            sound, rate = read_wav(path)
        return Utterance(sound, rate, joined(_phones(said.stdout)))


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
