"""A small stand-in for MakeHuman's folder: the base mesh's own helpers, in plain colours.

What people wear fits around helper vertices of the base mesh. Here it is just those.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from engine.facemesh import EYE_LEFT, EYE_RIGHT
from engine.types import Floats, floats
from train.people.head import Anatomy
from train.people.landmarks import Place
from train.people.person import Person

SIDE = 32
HAIR = ("helper-hair",)
BEHIND_FACE = 0.6
"""Depth from which MakeHuman's guide for hair does not hang over the face, decimetres."""


def makehuman_folder(folder: Path, anatomy: Anatomy, person: Person) -> Path:
    """Everything that `person` needs, written under `folder`."""
    worn: dict[str, tuple[str, ...]] = {
        "eyes/high-poly": ("helper-l-eye", "helper-r-eye"),
        f"teeth/{person.teeth}": ("helper-upper-teeth", "helper-lower-teeth"),
        "tongue/tongue01": ("helper-tongue",),
        f"eyelashes/{person.eyelashes}": ("helper-l-eyelashes-1", "helper-r-eyelashes-1"),
        f"eyebrows/{person.brows}": ("joint-l-eye", "joint-r-eye"),
        f"clothes/{person.clothes.name}": ("helper-tights",),
    }
    if person.hair is not None:
        worn[f"hair/{person.hair}"] = HAIR
    for name, groups in worn.items():
        _write_worn(folder / name, anatomy, groups)
    for file, colour in (
        (f"skins/{person.skin}.jpg", (200, 160, 140)),
        ("eyes/materials/grey_eye.png", (220, 220, 220)),
        (f"teeth/{person.teeth}/teeth.png", (230, 230, 230)),
        ("tongue/tongue01/tongue01_diffuse.jpg", (190, 90, 90)),
        (f"eyelashes/{person.eyelashes}/{person.eyelashes}.png", (20, 20, 20)),
        (f"eyebrows/{person.brows}/{person.brows}.png", (40, 30, 20)),
        (f"hair/{person.hair}/{person.hair}_diffuse.png", (60, 40, 30)),
        (f"clothes/{person.clothes.name}/{person.clothes.name}_diffuse.jpg", (60, 80, 140)),
    ):
        _write_texture(folder / file, colour)
    return folder


def rough_place(anatomy: Anatomy, canonical: Floats) -> Place:
    """Landmarks at the vertices nearest to the `canonical` face [468, 3], laid on the eyes."""
    vertices = anatomy.mesh.vertices
    eyes = np.stack(
        [vertices[anatomy.group_vertices(f"joint-{side}-eye")].mean(0) for side in "rl"]
    )
    marks = np.stack([canonical[list(eye)].mean(0) for eye in (EYE_RIGHT, EYE_LEFT)])
    scale = np.linalg.norm(eyes[1] - eyes[0]) / np.linalg.norm(marks[1] - marks[0])
    laid = (canonical - marks.mean(0)) * scale + eyes.mean(0) + np.array([0, 0, 0.1])
    body = anatomy.group_vertices("body")
    distance = np.linalg.norm(laid[:, None] - vertices[body][None], axis=2)
    return Place(body[distance.argmin(1)][:, None], np.ones((len(laid), 1), np.float32))


def _write_worn(folder: Path, anatomy: Anatomy, groups: Sequence[str]) -> None:
    mesh = anatomy.mesh
    chosen = np.any([mesh.faces_of(group) for group in groups], 0)
    if groups == HAIR:
        chosen &= mesh.vertices[mesh.faces, 2].mean(1) < BEHIND_FACE
    used, faces = np.unique(mesh.faces[chosen], return_inverse=True)
    lines = [f"v {x} {y} {z}" for x, y, z in mesh.vertices[used].tolist()]
    lines += [f"vt {u} {v}" for u, v in floats(mesh.uvs[mesh.uv_faces[chosen].ravel()]).tolist()]
    for place, corners in enumerate(faces.reshape(-1, 4)):
        texts = [f"{vertex + 1}/{4 * place + corner + 1}" for corner, vertex in enumerate(corners)]
        lines.append("f " + " ".join(texts))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "mesh.obj").write_text("\n".join(lines))
    riders = "\n".join(str(vertex) for vertex in used)
    (folder / f"{folder.name}.mhclo").write_text(f"obj_file mesh.obj\nverts 0\n{riders}\n")


def _write_texture(path: Path, colour: tuple[int, int, int]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    shades = np.random.default_rng(5).normal(0, 12, (SIDE, SIDE, 1))
    picture = np.clip(np.array(colour[::-1]) + shades, 0, 255).astype(np.uint8)
    if path.suffix == ".png":
        picture = np.concatenate([picture, np.full((SIDE, SIDE, 1), 255, np.uint8)], 2)
    assert cv2.imwrite(str(path), picture)
