"""Makes a film of ten minutes and says how much memory was needed for one, and for all.

    python -m tests.support.long_film SHORT.mp4 LONG.mp4

The pictures are those of a short film, forwards and backwards; nothing is drawn over them, and
nothing listens, because both take time and keep nothing of what was before.
"""

from __future__ import annotations

import resource
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from engine.bundle import Bundle
from engine.controls import Controls
from engine.film import Film, frames
from engine.footage import Footage
from engine.listen import Speech
from engine.pipeline import Pipeline
from engine.soundtrack import silence
from engine.types import SOUND_RATE, TICKS_PER_SECOND, Component, Floats, Motion, Picture
from engine.watch import Watcher

MINUTE = 1500
LENGTH = 10 * MINUTE


class Shown:
    """An avatar whose pictures are a film's."""

    def __init__(self, film: Path) -> None:
        self._pictures = iter(Footage(film))
        first = next(iter(Footage(film)))
        self.height, self.width = first.shape[:2]
        self.own: Mapping[Component, Floats] = {}

    def draw(self, motion: Motion) -> Picture:
        return next(self._pictures)


class Deaf:
    """Hears nothing."""

    def __init__(self, mouth: int) -> None:
        self._speech = Speech(np.zeros(mouth, np.float32), None)

    def hear(self, heard: Floats) -> Speech:
        return self._speech

    def finish(self) -> list[Speech]:
        return []

    def reset(self) -> None:
        pass


def most() -> int:
    """Memory that this process has needed at the most, in KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main(short: Path, long: Path) -> None:
    """Make it, and print both figures."""
    manifest = Bundle.open().manifest
    shown = Shown(short)
    ears = Deaf(manifest.components[Component.MOUTH].size)
    watcher = Watcher({part: spec.names for part, spec in manifest.components.items()})
    pipeline = Pipeline(
        manifest, shown, ears, watcher, seed=0, controls=Controls(), limit=SOUND_RATE, jitter=0
    )
    with Film(long, shown.width, shown.height) as film:
        for count, frame in enumerate(frames(pipeline, silence(LENGTH / TICKS_PER_SECOND))):
            film.add(frame)
            if count == MINUTE:
                print(most())
    print(most())


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:3]))
