"""Takes of the shipped presenters, drawn by the mesh itself: small, quick, and known."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from engine import facemesh
from engine.bundle import Bundle
from engine.mesh import FaceModel, Mesh, rotation
from engine.mouth import MouthAtlas
from engine.render import MeshRenderer, resized
from engine.renderers import presenter_portrait
from engine.types import Floats, Motion, Picture, floats
from tests.support.motions import motion
from train.takes import GRID, Take, angles_of
from train.takes import MOUTH as INSIDE
from train.takes import SKIN as FACE

TINT = (90, 20, 140)
"""RGB of every mouth's inside, and of much of its lips: nothing that the mesh would draw."""
MOVES: tuple[Motion, ...] = (
    motion(),
    motion(jawOpen=0.5, mouthLowerDown=0.3),
    motion(jawOpen=0.7, yaw=4.0),
    motion(jawOpen=0.4, mouthFunnel=0.4, pitch=-3.0),
    motion(mouthSmile=0.5, x=0.02),
    motion(eyeBlink=1.0, roll=3.0),
)


def presenter_take(presenter: str, name: str, width: int = 256) -> Take:
    """What the mesh draws of a presenter, but with its mouth in the colour `TINT`."""
    bundle = Bundle.open()
    portrait = presenter_portrait(bundle, presenter)
    model = FaceModel.of(bundle.arrays("mesh"))
    picture, face = resized(portrait, width)
    mesh = Mesh(model, face, width)
    tiles = np.zeros((32, 8 * 32, 4), np.uint8)
    tiles[..., :3], tiles[..., 3] = TINT, 255
    atlas = MouthAtlas(tiles, np.linspace(0, 0.6, 8, dtype=np.float32))
    identity = MeshRenderer(model, atlas).identity(portrait, width)
    shapes = [mesh.shape(move).face for move in MOVES]
    own = rotation(*(float(angle) for angle in face.turn))
    turned = [
        angles_of(floats(rotation(*(float(angle) for angle in move.pose[:3])) @ own))
        for move in MOVES
    ]
    codes = [np.concatenate([move.mouth, move.expression]) for move in MOVES]
    triangles = model.triangles.astype(np.int32)
    shown = np.stack([_shown(points, triangles, width) for points in shapes])
    pictures = np.stack(
        [_tinted(identity.draw(move), shape) for move, shape in zip(MOVES, shapes, strict=True)]
    )
    return Take(
        name=name,
        pictures=pictures,
        coefficients=floats(codes),
        turn=floats(turned),
        points=floats(shapes),
        triangles=triangles,
        vertices=floats(shapes),
        shown=shown,
        region=np.stack([_region(one) for one in pictures]),
    )


def _tinted(picture: Picture, face: Floats) -> Picture:
    lips = face[[*facemesh.LIP_UPPER_OUTER, *facemesh.LIP_LOWER_OUTER[::-1]], :2]
    painted = cv2.fillPoly(picture.copy(), [np.round(lips).astype(np.int32)], TINT)
    return np.asarray(cv2.addWeighted(picture, 0.5, painted, 0.5, 0), np.uint8)


def _shown(points: Floats, triangles: NDArray[np.int32], width: int) -> NDArray[np.int32]:
    numbers = np.full((GRID, GRID), -1, np.int32)
    fixed = np.round((points[:, :2] * GRID / width - 0.5) * 16).astype(np.int32)
    for number in np.argsort(-points[triangles, 2].sum(1)).tolist():
        cv2.fillConvexPoly(numbers, fixed[triangles[number]], (number,), cv2.LINE_8, 4)
    return numbers


def _region(picture: Picture) -> NDArray[np.uint8]:
    small = cv2.resize(picture, (GRID, GRID), interpolation=cv2.INTER_AREA).astype(int)
    purple = (small[..., 2] > small[..., 1] + 80) & (small[..., 0] > small[..., 1])
    return np.where(purple, INSIDE, FACE).astype(np.uint8)
