"""Does a face do what it is told? The tracker's reading of driven pictures against rest."""

from __future__ import annotations

from typing import Final

import numpy as np

from train.judges.contenders import Draw
from train.judges.drives import REST, Drive, motion
from train.judges.reader import Reader

DRIVES: Final[dict[str, Drive]] = {
    "jaw .6": {"jawOpen": 0.6},
    "pucker 1": {"mouthPucker": 1.0},
    "smile .9": {"mouthSmile": 0.9},
    "blink 1": {"eyeBlink": 1.0},
    "brow .8": {"browInnerUp": 0.8},
    "yaw +12": {"yaw": 12.0},
    "yaw -12": {"yaw": -12.0},
    "pitch +8": {"pitch": 8.0},
    "pitch -8": {"pitch": -8.0},
}


def read_back(draw: Draw, reader: Reader) -> dict[str, float]:
    """Change of the driven reading against rest, by drive; without those that were lost."""
    rest = reader(draw(motion({})))
    found: dict[str, float] = {}
    for label, drive in DRIVES.items():
        driven = reader(draw(motion(drive)))
        if rest is not None and driven is not None:
            (name,) = drive
            found[label] = driven.values[name] - rest.values[name]
    if rest is not None:
        found[f"smile at {REST}"] = rest.values["mouthSmile"]
    return found


def medians(people: list[dict[str, float]]) -> dict[str, float]:
    """The median over people of each figure."""
    names = {name: None for one in people for name in one}
    return {name: float(np.median([one[name] for one in people if name in one])) for name in names}
