"""Sound for tests: tones, silence, and noise, from fixed seeds."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np

from engine.types import SOUND_RATE, Floats, Samples, floats


def tone(
    seconds: float, hertz: float = 220.0, level: float = 0.3, rate: int = SOUND_RATE
) -> Samples:
    """A buzz with overtones, so that it resembles a voice; int16 [n]."""
    time = np.arange(round(seconds * rate)) / rate
    wave = sum(np.sin(2 * np.pi * hertz * n * time) / n for n in range(1, 8))
    return np.asarray(wave / 2.0 * level * 32_767, np.int16)


def silence(seconds: float, rate: int = SOUND_RATE) -> Samples:
    """Digital silence; int16 [n]."""
    return np.zeros(round(seconds * rate), np.int16)


def noise(seconds: float, level: float, rate: int = SOUND_RATE, seed: int = 0) -> Samples:
    """White noise of an effective `level`; int16 [n]."""
    random = np.random.default_rng(seed)
    return np.asarray(
        random.normal(0.0, level * 32_767, round(seconds * rate)).clip(-32_768, 32_767), np.int16
    )


def heard(samples: Samples) -> Floats:
    """int16 samples as the networks hear them: float32 in -1..1."""
    return floats(samples) / np.float32(32_768)


def write_wav(path: Path, samples: Samples, rate: int, channels: int = 1) -> Path:
    """Write int16 samples as a WAV file, the same in all channels; returns `path`."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.repeat(samples[:, None], channels, axis=1).tobytes())
    return path
