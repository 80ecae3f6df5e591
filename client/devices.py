"""Where a caller's voice comes from: a sound file, the microphone, or nowhere.

Every source gives 20-ms slices: int16 [960], 48 kHz mono.
"""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import Any, Final, Protocol, TypeAlias

import av
import numpy as np
from numpy.typing import NDArray

from client.errors import DeviceMissing, FileUnusable

RATE: Final = 48_000
SLICE: Final = 960
WAITING_SLICES: Final = 10
"""Slices that the microphone may be ahead of the network; the oldest go."""
Samples: TypeAlias = NDArray[np.int16]


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
    """The microphone of this machine; a context manager."""

    def __init__(self) -> None:
        self._waiting: deque[Samples] = deque(maxlen=WAITING_SLICES)
        try:
            import sounddevice

            self._stream: Any = sounddevice.InputStream(
                RATE, SLICE, channels=1, dtype="int16", callback=self._hear
            )
        except Exception as error:  # no PortAudio (OSError), no device (PortAudioError)
            raise DeviceMissing(
                "no microphone can be used on this machine (on Debian: apt install "
                "libportaudio2); send a sound file with --file instead"
            ) from error

    def __enter__(self) -> Microphone:
        self._stream.start()
        return self

    def __exit__(self, *failure: object) -> None:
        self._stream.close()

    def slice(self) -> Samples:
        return self._waiting.popleft() if self._waiting else np.zeros(SLICE, np.int16)

    def _hear(self, samples: Samples, frames: int, time: object, status: object) -> None:
        self._waiting.append(samples[:, 0].copy())


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
