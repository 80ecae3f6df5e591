"""What moves the face of a film besides its sound, and where that is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine.errors import DeviceError, MotionUnreadable
from engine.filmed import FilmedDriver
from engine.motion_file import read_motion_file
from engine.pipeline import Pipeline
from engine.studio import Studio
from engine.types import TICKS_PER_SECOND


@dataclass(frozen=True, slots=True)
class Drive:
    """Files by which a face is moved.

    `driver` is a film of a person (source `camera`), `motion` a motion file (source `file`);
    `save` is where a motion file of what the face does is written.
    """

    driver: Path | None = None
    motion: Path | None = None
    save: Path | None = None

    @contextmanager
    def driving(self, studio: Studio, pipeline: Pipeline) -> Iterator[Callable[[float], object]]:
        """Drive a pipeline while the block runs; gives what is called before each tick.

        Raises:
            FilmUnreadable, NoFace, MotionUnreadable: as it says.
            DeviceError: what the face did cannot be written.
        """
        if self.motion is not None:
            pipeline.play(read_motion_file(_content(self.motion), pipeline.names))
        if self.save is not None:
            pipeline.keep()
        if self.driver is None:
            yield lambda seconds: None
        else:
            camera = studio.camera()
            try:
                late = pipeline.delay / TICKS_PER_SECOND
                yield FilmedDriver(self.driver, camera, pipeline.driver, late).show
            finally:
                camera.close()
        if self.save is not None and (take := pipeline.kept()) is not None:
            _write(self.save, take.packed())


UNDRIVEN: Final = Drive()


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise MotionUnreadable("the motion file cannot be read: check its name") from error


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise DeviceError(
            "the motion cannot be written there: choose a folder that exists and may be written"
        ) from error
