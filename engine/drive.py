"""What moves the face of a film besides its sound, and where that is kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from engine.controls import Controls
from engine.driver import Driver
from engine.errors import ControlError, DeviceError
from engine.filmed import FilmedDriver
from engine.guides import Guide, Held, Played
from engine.material import Kind, kind_of
from engine.motion_file import read_motion_file
from engine.pipeline import Pipeline
from engine.render import Identity
from engine.studio import Studio
from engine.target import check_target
from engine.types import Component, Floats, Motion


@dataclass(frozen=True, slots=True)
class Drive:
    """Files by which a face is moved, where its source is `file`.

    `guides` are films, pictures and motion files, by the component that each of them moves;
    `save` is where a motion file of what the face does is written.
    """

    guides: Mapping[Component, Path] = field(default_factory=dict)
    save: Path | None = None

    @contextmanager
    def driving(self, studio: Studio, identity: Identity, pipeline: Pipeline) -> Iterator[None]:
        """Drive a pipeline while the block runs.

        Raises:
            ControlError, FilmUnreadable, PortraitError, MotionUnreadable: as it says.
            DeviceError: what the face did cannot be written.
        """
        if self.save is not None:
            check_target(self.save, "the motion")
        with ExitStack() as stack:
            guides = {
                path: _guide(path, studio, identity, pipeline.controls, stack)
                for path in dict.fromkeys(self.guides.values())
            }
            for part, path in self.guides.items():
                pipeline.lead(part, guides[path])
            if self.save is not None:
                pipeline.keep()
            yield
        if self.save is not None and (take := pipeline.kept()) is not None:
            _write(self.save, take.packed(pipeline.delay))


UNDRIVEN: Final = Drive()


def _guide(
    path: Path, studio: Studio, identity: Identity, controls: Controls, stack: ExitStack
) -> Guide:
    kind = kind_of(path)
    if kind is Kind.MOTION:
        return Played(read_motion_file(path.read_bytes(), studio.names))
    if kind is Kind.PICTURE:
        return Held(_copied(studio.doing(path.read_bytes()), identity.own, studio))
    if kind is Kind.SOUND:
        raise ControlError("sound moves mouths alone: give a film, a picture or a motion file")
    camera = studio.camera()
    stack.callback(camera.close)
    driver = Driver(studio.watcher())
    driver.settle(controls.steadiness, controls.mirror)
    return FilmedDriver(path, camera, driver)


def _copied(
    theirs: Mapping[Component, Floats], own: Mapping[Component, Floats], studio: Studio
) -> Motion:
    """The motion by which a portrait does what a face does.

    Mouths are absolute, the rest is counted from what the portrait does already.
    """
    wanted: dict[Component, Floats] = {}
    for part, names in studio.names.items():
        step = theirs.get(part, np.zeros(len(names), np.float32))
        known = part is not Component.MOUTH and part in own
        wanted[part] = step - own[part] if known else step
    return Motion.of(wanted)


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise DeviceError(
            "the motion cannot be written there: choose a folder that exists and may be written"
        ) from error
