"""Films of people who speak held-out sentences, to be looked at and listened to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from engine.film import Film, frames
from engine.render import Identity
from engine.studio import Studio
from engine.types import SOUND_RATE, Samples
from train.voices.phones import Utterance
from train.voices.sound import resampled

SECONDS: Final = 20


def draw_film(path: Path, studio: Studio, identity: Identity, said: Utterance, seed: int) -> None:
    """Write an MP4 of the first `SECONDS` of an utterance."""
    sound = resampled(said.sound, said.rate, SOUND_RATE)[: SECONDS * SOUND_RATE]
    spoken = (sound * 32_767).clip(-32_768, 32_767).astype("int16")
    pipeline = studio.pipeline(identity, seed=seed, limit=SOUND_RATE, jitter=0)
    with Film(path, identity.width, identity.height) as film:
        for frame in frames(pipeline, _pieces(spoken)):
            film.add(frame)


def _pieces(sound: Samples) -> Iterator[Samples]:
    for start in range(0, len(sound), SOUND_RATE):
        yield sound[start : start + SOUND_RATE]
