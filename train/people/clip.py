"""Films an invented person who does something known, as a webcam would see it.

    python -m train.people.clip --makehuman PATH --tracker engine/builtin/face_landmarker.task \\
        --out data/clips --person 900001

Writes `invented-NUMBER.mp4` and `invented-NUMBER.motion.npz`, what the person does, 0 = the
person's own calm face. What follows faces is judged with it: see `train.following`.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Annotated, Final

import av
import numpy as np
import typer
from rich.progress import track

from engine.arkit import EXPRESSION, MOUTH, POSE
from engine.motion_file import SUFFIX, MotionTake
from engine.types import TICKS_PER_SECOND, Component, Floats, Motion, Picture, floats
from train.people.booth import Booth
from train.people.crowd import name_of, random_person
from train.people.figure import Figure
from train.people.head import read_anatomy
from train.people.landmarks import known_place
from train.people.sitting import View
from train.people.staging import random_staging
from train.people.wardrobe import Wardrobe

CALM_SECONDS: Final = 1.4
"""At the start, in which a follower learns the person's rest."""
NAMES: Final = (*MOUTH, *EXPRESSION)
MOVES: Final = {
    "jawOpen": (0.7, 0.9),
    "mouthSmile": (0.85, 0.35),
    "brow": (0.9, 0.4),
    "yaw": (13.0, 0.23),
    "pitch": (8.0, 0.31),
}
"""How far, and how often a second; raised brows are three coefficients."""
BLINK_SECONDS: Final = 2.2
BLINK: Final = (0.5, 1.0, 1.0, 0.8, 0.4, 0.1)
"""Closure of the lids tick by tick."""
BROWS: Final = ("browInnerUp", "browOuterUpLeft", "browOuterUpRight")


def acting(ticks: int, seed: int) -> list[Motion]:
    """What an actor of that seed does, everything at once and nothing together."""
    rng = np.random.default_rng([seed, 0xAC7])
    values = {name: _wave(ticks, hertz, rng) for name, (_, hertz) in MOVES.items()}
    far = {name: size for name, (size, _) in MOVES.items()}
    moves = np.zeros((ticks, len(NAMES) + len(POSE)), np.float32)
    row = (*NAMES, *POSE)
    for name in ("jawOpen", "mouthSmileLeft", "mouthSmileRight"):
        key = name.removesuffix("Left").removesuffix("Right")
        moves[:, row.index(name)] = far[key] * (0.5 + 0.5 * values[key])
    for name in BROWS:
        moves[:, row.index(name)] = far["brow"] * (0.5 + 0.5 * values["brow"])
    for name in ("yaw", "pitch"):
        moves[:, row.index(name)] = far[name] * values[name]
    start = np.clip((np.arange(ticks) / TICKS_PER_SECOND - CALM_SECONDS) / 0.4, 0, 1)
    moves *= floats(start)[:, None]
    for name in ("eyeBlinkLeft", "eyeBlinkRight"):
        moves[:, row.index(name)] = _blinks(ticks)
    return [_motion(move) for move in moves]


def film(figure: Figure, motions: list[Motion], seed: int, size: int) -> list[Picture]:
    """The person doing that, before a camera that stays where it is; RGB [size, size, 3]."""
    rng = np.random.default_rng([seed, 0xF11])
    booth = Booth(size)
    staging = random_staging(rng, size, figure.person.backdrop)
    view = View.of(figure, staging, size)
    pictures = []
    with booth.open():
        booth.admit(figure.members)
        for motion in track(motions, description="pictures"):
            code = np.concatenate([motion.mouth, motion.expression])
            booth.place(figure.pose(code, motion.pose[:3], floats([0, 0, 0])))
            pictures.append(booth.picture(view.camera, staging.light, staging.backdrop))
    return pictures


def write_clip(path: Path, pictures: list[Picture]) -> None:
    """An MP4 of H.264, 25 pictures a second."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", TICKS_PER_SECOND, {"crf": "23"})
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        for place, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = place, Fraction(1, TICKS_PER_SECOND)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _wave(ticks: int, hertz: float, rng: np.random.Generator) -> Floats:
    """A sine of slowly changing pace, -1..1."""
    pace = hertz * (1 + 0.3 * np.sin(np.arange(ticks) / TICKS_PER_SECOND + rng.uniform(0, 6)))
    return floats(np.sin(2 * np.pi * np.cumsum(pace) / TICKS_PER_SECOND + rng.uniform(0, 6)))


def _blinks(ticks: int) -> Floats:
    closed = np.zeros(ticks, np.float32)
    every = round(BLINK_SECONDS * TICKS_PER_SECOND)
    for begin in range(every, ticks - len(BLINK), every):
        closed[begin : begin + len(BLINK)] = BLINK
    return closed


def _motion(move: Floats) -> Motion:
    mouth, expression, pose = np.split(move, [len(MOUTH), len(NAMES)])
    return Motion(mouth, pose, expression)


def main(
    makehuman: Annotated[Path, typer.Option(exists=True, help="Folder of MakeHuman's assets.")],
    tracker: Annotated[Path, typer.Option(exists=True, help="MediaPipe's face_landmarker.task.")],
    out: Annotated[Path, typer.Option(help="Folder for the clip.")] = Path("data/clips"),
    person: Annotated[int, typer.Option(min=0, help="Which person.")] = 900_001,
    seconds: Annotated[float, typer.Option(min=2.0, help="Length.")] = 8.0,
    size: Annotated[int, typer.Option(min=64, help="Pixels a side.")] = 256,
) -> None:
    """Film an invented person."""
    out.mkdir(parents=True, exist_ok=True)
    anatomy = read_anatomy()
    place = known_place(out / "place.npz", anatomy, makehuman, tracker.read_bytes())
    figure = Figure(anatomy, Wardrobe(makehuman), place, random_person(person))
    motions = acting(round(seconds * TICKS_PER_SECOND), person)
    write_clip(out / f"{name_of(person)}.mp4", film(figure, motions, person, size))
    names = {Component.MOUTH: MOUTH, Component.EXPRESSION: EXPRESSION, Component.POSE: POSE}
    take = MotionTake(names)
    for motion in motions:
        take.add(motion)
    (out / f"{name_of(person)}{SUFFIX}").write_bytes(take.packed())


if __name__ == "__main__":
    typer.run(main)
