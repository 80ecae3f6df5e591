"""Where a caller's voice comes from: a sound file, the microphone, or nowhere.

Every source gives 20-ms slices: int16 [960], 48 kHz mono.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, Protocol

import av
import numpy as np

from client.card import DEFAULT, NAMES, Card
from client.elastic import RATE as RATE
from client.elastic import Elastic
from client.elastic import Samples as Samples
from client.errors import FileUnusable

SLICE: Final = 960
WAITING_SECONDS: Final = 0.03
"""Sound of the microphone that is kept in hand: a slice, and one of the card's blocks."""
MOST_SECONDS: Final = 0.2
"""By which the microphone may be ahead of the network; the oldest goes."""


class Voice(Protocol):
    """Gives the next 20 ms whenever it is asked; silence if it has none."""

    def slice(self) -> Samples:
        """Int16 [960]."""
        ...


class SoundFile:
    """A sound file from its start, silence after its end.

    Args:
        path: anything that FFmpeg reads and that has sound in it.
    """

    def __init__(self, path: Path) -> None:
        self._samples = read_sound(path)
        self._at = 0

    @property
    def seconds(self) -> float:
        return len(self._samples) / RATE

    def slice(self) -> Samples:
        piece = self._samples[self._at : self._at + SLICE]
        self._at += SLICE
        return np.pad(piece, (0, SLICE - len(piece)))


class Silence:
    """Nobody speaks."""

    def slice(self) -> Samples:
        return np.zeros(SLICE, np.int16)


class Microphone:
    """A microphone of this machine; a context manager. Silent while it is lost.

    Args:
        device: its number, a part of its name, or `default`.
    """

    name = NAMES["input"]

    def __init__(self, device: str = DEFAULT) -> None:
        self.sound = Elastic(WAITING_SECONDS, MOST_SECONDS)
        """Between the card's clock and the network's."""
        self.card = Card("input", device, self._hear)

    def __enter__(self) -> Microphone:
        self.card.open()
        return self

    def __exit__(self, *failure: object) -> None:
        self.card.close()

    @property
    def trouble(self) -> str | None:
        """What is wrong at the moment, and what to do."""
        return self.card.trouble

    def __str__(self) -> str:
        return f"microphone {self.sound.gaps} gaps"

    def slice(self) -> Samples:
        return self.sound.read(SLICE)

    def _hear(self, samples: Samples, frames: int, time: object, status: object) -> None:
        self.sound.write(samples[:, 0].copy())


def read_sound(path: Path) -> Samples:
    """A whole file as 48 kHz mono, int16 [n]."""
    resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
    pieces: list[Samples] = []
    try:
        with av.open(str(path)) as container:
            for frame in (*container.decode(audio=0), None):
                for part in resampler.resample(frame):
                    pieces.append(part.to_ndarray()[0].astype(np.int16))
    except (av.FFmpegError, OSError, IndexError, ValueError) as error:
        raise FileUnusable(f"{path.name} cannot be read as sound") from error
    if not pieces:
        raise FileUnusable(f"there is no sound in {path.name}")
    return np.concatenate(pieces)
