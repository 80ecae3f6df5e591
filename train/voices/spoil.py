"""What happens to sound on its way: rooms, noise, loudness, telephones, codecs.

And what is heard where nobody speaks. All sound is float32 mono at 16 kHz, 1 = full scale.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.random import Generator

from engine.types import HEARING_RATE, Floats
from train.voices.sound import decoded, encoded, resampled

_CODECS: Final = (
    ("libopus", "ogg", 16_000, (6_000, 8_000, 12_000, 20_000)),
    ("libopus", "ogg", 8_000, (6_000, 12_000)),
    ("pcm_mulaw", "wav", 8_000, (None,)),
    ("pcm_alaw", "wav", 8_000, (None,)),
    ("libmp3lame", "mp3", 16_000, (16_000, 32_000)),
)
"""Codec, container, rate, and bits a second to choose from."""


def decibels(value: float) -> float:
    """The factor of an amplitude."""
    return float(10.0 ** (value / 20.0))


def level(sound: Floats) -> float:
    """Root of the mean square."""
    return float(np.sqrt(np.mean(sound.astype(np.float64) ** 2) + 1e-12))


def noise(length: int, random: Generator) -> Floats:
    """Noise of a random colour with a level of 1: from hiss to rumble, sometimes with hum."""
    spectrum = np.fft.rfft(random.standard_normal(length))
    frequency = np.fft.rfftfreq(length, 1.0 / HEARING_RATE)
    spectrum *= (np.maximum(frequency, 30.0) / 30.0) ** -random.uniform(0.0, 1.0)
    result = np.fft.irfft(spectrum, length)
    result /= level(result.astype(np.float32))
    if random.random() < 0.3:
        base, times = random.choice([50.0, 60.0, 120.0]), np.arange(length) / HEARING_RATE
        for harmonic in range(1, 6):
            result += random.uniform(0, 1.0) * np.sin(2 * np.pi * base * harmonic * times)
    if random.random() < 0.4:  # comes and goes, like traffic
        knots = random.uniform(0.2, 1.0, max(2, length // HEARING_RATE + 1))
        result *= np.interp(np.arange(length), np.linspace(0, length, len(knots)), knots)
    scaled: Floats = (result / level(result.astype(np.float32))).astype(np.float32)
    return scaled


def echoed(sound: Floats, random: Generator) -> Floats:
    """As in a room whose echo takes 0.1 to 0.6 s to die away by 60 dB."""
    seconds = random.uniform(0.1, 0.6)
    times = np.arange(int(seconds * HEARING_RATE)) / HEARING_RATE
    tail = random.standard_normal(len(times)) * 10.0 ** (-3.0 * times / seconds)
    tail *= random.uniform(0.2, 0.8) / np.sqrt(np.sum(tail**2))
    tail[0] = 1.0
    size = len(sound) + len(tail)
    wet = np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(tail, size), size)
    result: Floats = wet[: len(sound)].astype(np.float32)
    return result


def transmitted(sound: Floats, random: Generator) -> Floats:
    """Through a random codec and back."""
    codec, container, rate, choices = _CODECS[random.integers(len(_CODECS))]
    bits = choices[random.integers(len(choices))]
    data = encoded(resampled(sound, HEARING_RATE, rate), rate, codec, container, bits)
    back = decoded(data, HEARING_RATE)[: len(sound)]
    return np.pad(back, (0, len(sound) - len(back)))


def spoiled(sound: Floats, random: Generator) -> Floats:
    """Sound as it may arrive; a quarter of the time nothing is done but to its loudness."""
    if random.random() < 0.75:
        if random.random() < 0.35:
            sound = echoed(sound, random)
        if random.random() < 0.6:
            below = decibels(-random.uniform(6.0, 35.0))
            sound = sound + noise(len(sound), random) * np.float32(level(sound) * below)
        if random.random() < 0.4:
            sound = transmitted(sound, random)
    wanted = decibels(random.uniform(-36.0, -14.0))
    result: Floats = np.clip(sound * np.float32(wanted / level(sound)), -1.0, 1.0)
    return result


def quiet(seconds: float, random: Generator) -> Floats:
    """Nobody speaks: silence, noise, hum, breaths, clicks."""
    length = int(seconds * HEARING_RATE)
    sound = np.zeros(length, np.float32)
    if random.random() < 0.75:
        sound += noise(length, random) * np.float32(decibels(random.uniform(-75.0, -22.0)))
    if random.random() < 0.4:
        for _ in range(int(seconds / 2.0)):
            _add(sound, _breath(random), random)
    if random.random() < 0.4:
        for _ in range(int(seconds * random.uniform(0.5, 4.0))):
            _add(sound, _click(random), random)
    return np.clip(sound, -1.0, 1.0)


def _add(sound: Floats, piece: Floats, random: Generator) -> None:
    """Mix `piece` into `sound` somewhere."""
    start = int(random.integers(max(1, len(sound) - len(piece))))
    stop = min(len(sound), start + len(piece))
    sound[start:stop] += piece[: stop - start]


def _breath(random: Generator) -> Floats:
    """A breath: hiss that swells and fades."""
    length = int(random.uniform(0.3, 0.9) * HEARING_RATE)
    hiss = np.convolve(random.standard_normal(length), np.hanning(5) / 2.0, "same")
    loud = decibels(random.uniform(-55.0, -32.0))
    result: Floats = (hiss * np.hanning(length) * loud).astype(np.float32)
    return result


def _click(random: Generator) -> Floats:
    """A key, a switch, a cup on a table."""
    length = int(random.uniform(0.004, 0.06) * HEARING_RATE)
    fade = np.exp(-np.arange(length) / (length * random.uniform(0.05, 0.3)))
    tone = np.sin(2 * np.pi * random.uniform(150.0, 4000.0) * np.arange(length) / HEARING_RATE)
    mixed = random.standard_normal(length) * random.random() + tone * random.random()
    result: Floats = (mixed * fade * decibels(random.uniform(-45.0, -12.0))).astype(np.float32)
    return result
