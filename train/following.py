"""Judges how faces are followed: films of people whose motion is known, driven against read.

    python -m train.following --clips data/clips

The product's own tracker, watcher and stream follow each `NAME.mp4`, as in a call of 25
pictures a second; what they say is compared with `NAME.motion.npz` (see train.people.clip).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final

import av
import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from engine.driver import Driver
from engine.motion_file import SUFFIX, read_motion_file
from engine.studio import Studio
from engine.types import TICKS_PER_SECOND, Component, Floats, Motion, Picture, floats

JUDGED: Final = (
    (Component.MOUTH, "jawOpen"),
    (Component.MOUTH, "mouthSmileLeft"),
    (Component.EXPRESSION, "eyeBlinkLeft"),
    (Component.EXPRESSION, "browInnerUp"),
    (Component.POSE, "yaw"),
    (Component.POSE, "pitch"),
)
LATEST: Final = 5
"""Ticks by which what is read may be late."""
LEARNT_SECONDS: Final = 1.6
"""By then the follower knows the person's rest, and has come softly."""


def pictures_of(path: Path) -> Iterator[Picture]:
    """The pictures of a film, RGB."""
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            yield np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)


def followed(studio: Studio, path: Path) -> list[Motion]:
    """What a film's person is read to do, a motion for each of its pictures."""
    camera, driver = studio.camera(), Driver(studio.watcher())
    motions = []
    for place, picture in enumerate(pictures_of(path)):
        time = place / TICKS_PER_SECOND
        driver.see(camera(picture, time), time, time)
        motions.append(driver.at(time).motion)
    camera.close()
    return motions


def compared(studio: Studio, path: Path) -> dict[str, tuple[float, int]]:
    """Driven against read after the first seconds, by coefficient: the best correlation, and by
    how many ticks what was read is late then."""
    content = path.with_name(path.stem + SUFFIX).read_bytes()
    truth, read = read_motion_file(content, studio.names), followed(studio, path)
    begin = round(LEARNT_SECONDS * TICKS_PER_SECOND)
    found = {}
    for part, name in JUDGED:
        place = studio.names[part].index(name)
        driven = truth.values[part][begin : len(read), place]
        found[name] = _alike(driven, floats([motion[part][place] for motion in read[begin:]]))
    return found


def _alike(driven: Floats, read: Floats) -> tuple[float, int]:
    return max(
        (float(np.corrcoef(driven[: len(driven) - late], read[late:])[0, 1]), late)
        for late in range(LATEST + 1)
    )


def main(
    clips: Annotated[Path, typer.Option(exists=True, help="Folder of films.")] = Path("data/clips"),
) -> None:
    """Follow the people of some films, and say how well."""
    studio, table = Studio.open(), Table("person", *(name for _, name in JUDGED))
    found = []
    for path in sorted(clips.glob("*.mp4")):
        found.append(compared(studio, path))
        table.add_row(path.stem, *(f"{value:.2f} +{late}" for value, late in found[-1].values()))
    if found:
        medians = np.median([list(it.values()) for it in found], axis=0)
        table.add_row("median", *(f"{value:.2f} +{late:g}" for value, late in medians))
    studio.close()
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
