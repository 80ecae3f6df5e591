"""Does a component move only itself? Each is driven over its range, the others are read."""

from __future__ import annotations

from typing import Final

import numpy as np

from engine.mesh import Mesh
from engine.types import Component, Floats, floats
from train.judges import landmarks
from train.judges.contenders import Draw
from train.judges.drives import Drive, motion
from train.judges.reader import Reader, head_turn

DRIVES: Final[dict[Component, tuple[Drive, ...]]] = {
    Component.MOUTH: (
        {"jawOpen": 0.6}, {"mouthPucker": 1.0}, {"mouthSmile": 0.9}, {"mouthFunnel": 0.8},
    ),
    Component.EXPRESSION: ({"eyeBlink": 1.0}, {"browInnerUp": 1.0}, {"browDown": 1.0}),
    Component.POSE: tuple(
        {name: sign * most}
        for name, most in {"yaw": 12.0, "pitch": 8.0, "roll": 8.0}.items()
        for sign in (-1, 1)
    ),
}  # fmt: skip
READ: Final[dict[Component, tuple[str, ...]]] = {
    Component.MOUTH: ("jawOpen", "mouthPucker", "mouthSmile"),
    Component.EXPRESSION: ("eyeBlink", "browInnerUp", "browDown"),
    Component.POSE: ("yaw", "pitch", "roll"),
}
READABLE: Final = 0.15
UPPER_FACE: Final = (*landmarks.EYES, 105, 107, 334, 336)
"""Points of eyes and brows."""
ALL: Final = tuple(name for names in READ.values() for name in names)


def changes(draw: Draw, reader: Reader) -> Floats | None:
    """How the readings `ALL` change against rest, [drives, readings]; none if a face was lost."""
    rest = reader(draw(motion({})))
    rows = []
    for drive in (drive for drives in DRIVES.values() for drive in drives):
        driven = reader(draw(motion(drive)))
        if rest is None or driven is None:
            return None
        turned = dict(zip(READ[Component.POSE], head_turn(rest.points, driven.points), strict=True))
        rows.append(
            [float(turned[n]) if n in turned else driven.values[n] - rest.values[n] for n in ALL]
        )
    return floats(rows)


def leaks(people: list[Floats]) -> dict[str, float]:
    """For each driven component, the greatest change of another's reading; medians over people.

    Once as a share of the scale: 1 for coefficients, the degrees that are driven for turns.
    Once as a share of what the reading changes when its own component is driven, which is
    stricter, over readings that change by `READABLE` of the scale then.
    """
    middle = np.median(np.stack(people), axis=0) / _scales()
    drivers = [component for component, drives in DRIVES.items() for _ in drives]
    owners = [component for component, names in READ.items() for _ in names]
    found: dict[str, float] = {}
    for component in DRIVES:
        of_scale, of_own = [0.0], [0.0]
        for column, owner in enumerate(owners):
            if owner is component:
                continue
            own = middle[[row for row, it in enumerate(drivers) if it is owner], column]
            extent = max(0.0, float(own.max())) - min(0.0, float(own.min()))
            rows = [row for row, it in enumerate(drivers) if it is component]
            change = float(np.abs(middle[rows, column]).max())
            of_scale.append(change)
            if extent >= READABLE:
                of_own.append(change / extent)
        found[f"{component.value} moves others, of scale"] = max(of_scale)
        found[f"{component.value} moves others, of reading"] = max(of_own)
    return found


def geometric(mesh: Mesh) -> dict[str, float]:
    """The same asked of the mesh's points, without the tracker's part in it.

    How far each component moves the points that are another's, as a share of the most that
    their own moves them; for turns, of the degrees that are driven.
    """
    moved = {it: [_own_changes(mesh, drive) for drive in drives] for it, drives in DRIVES.items()}
    own = {
        Component.MOUTH: max(mouth for mouth, _, _ in moved[Component.MOUTH]),
        Component.EXPRESSION: max(eyes for _, eyes, _ in moved[Component.EXPRESSION]),
    }
    degrees = floats(_scales()[-len(READ[Component.POSE]) :])
    found = {}
    for component, changes_made in moved.items():
        shares = [0.0]
        for mouth, eyes, turned in changes_made:
            if component is not Component.MOUTH:
                shares.append(mouth / own[Component.MOUTH])
            if component is not Component.EXPRESSION:
                shares.append(eyes / own[Component.EXPRESSION])
            shares.append(float((np.abs(turned) / degrees).max()))
        found[f"{component.value} moves others, mesh's own"] = max(shares)
    return found


def _own_changes(mesh: Mesh, drive: Drive) -> tuple[float, float, Floats]:
    """What a drive does before the head is turned: to mouth, eyes and brows, and the turn."""
    rest, driven = (mesh.shape(motion(it)).still for it in ({}, drive))
    apart = np.linalg.norm(driven - rest, axis=1)
    mouth, eyes = (float(apart[list(area)].max()) for area in (landmarks.MOUTH, UPPER_FACE))
    return mouth, eyes, head_turn(rest, driven)


def _scales() -> Floats:
    """The extent that each reading of `ALL` could have."""
    degrees = {
        name: abs(value) for drive in DRIVES[Component.POSE] for name, value in drive.items()
    }
    return floats([2 * degrees[name] if name in degrees else 1.0 for name in ALL])
