"""PCM as it comes in bytes: cut anywhere, 16-bit or float, one channel or two."""

from __future__ import annotations

import numpy as np

from engine.types import Sound
from server.protocol import HelloMessage


class Pcm:
    """Bytes to samples; what is left of a cut frame waits for the rest of it.

    Args:
        hello: says how the bytes are to be read.
    """

    def __init__(self, hello: HelloMessage) -> None:
        self._rate, self._channels = hello.rate, hello.channels
        self._kind = np.dtype("<f4" if hello.format == "f32le" else "<i2")
        self._frame = self._kind.itemsize * hello.channels
        self._rest = b""

    def __call__(self, data: bytes) -> Sound:
        """All whole frames, int16 [n] or [n, 2].

        Floats beyond full scale are held to it; what is no number is silence.
        """
        data = self._rest + data
        whole = len(data) - len(data) % self._frame
        self._rest = data[whole:]
        samples = np.frombuffer(data[:whole], self._kind)
        if self._kind.kind == "f":
            heard = np.nan_to_num(samples, nan=0.0, posinf=1.0, neginf=-1.0)
            samples = (heard.clip(-1.0, 1.0) * 32_767).round()
        samples = samples.astype(np.int16)
        return Sound(samples.reshape(-1, 2) if self._channels == 2 else samples, self._rate)

    def end(self) -> None:
        """A frame that was cut by the end of its utterance will not be completed."""
        self._rest = b""
