"""Makes what the built-in mesh renderer needs: mesh.npz and mouth.png.

    python -m train.people.assets --makehuman PATH --canonical canonical_face_468.obj \\
        --tracker face_landmarker.task --out engine/builtin

mesh.npz holds `names` [52], `units` [52, 468, 3] (see train.people.units), `canonical`
[468, 3] and `triangles` [898, 3] (see train.people.canonical), and what places the
tiles of mouth.png (see train.people.mouth): `mouth_span`, `mouth_centre`, and for each
tile `mouth_jaw` [8], its jawOpen, and `mouth_lower` [8], where the edge of the lower
front teeth lies, y in the mouth plane.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer

from engine.mouth import CENTRE, SPAN
from engine.tracker import FaceTracker
from engine.types import Floats
from train.people.canonical import Canonical, eye_distance, read_canonical
from train.people.head import Anatomy, read_anatomy, read_worn
from train.people.landmarks import Finder, Person, Place, average_people
from train.people.mouth import Mouth, mouth_ratio, openings
from train.people.units import NAMES, transfer


def main(
    makehuman: Annotated[Path, typer.Option(exists=True, help="Folder of MakeHuman's assets.")],
    canonical: Annotated[Path, typer.Option(exists=True, help="MediaPipe's face mesh, .obj.")],
    tracker: Annotated[Path, typer.Option(exists=True, help="MediaPipe's face_landmarker.task.")],
    out: Annotated[Path, typer.Option(help="Folder for mesh.npz and mouth.png.")],
    teeth: Annotated[str, typer.Option(help="Set of teeth, a folder under teeth/.")] = "teeth_base",
    levels: Annotated[int, typer.Option(min=2, help="Jaw openings in the atlas.")] = 8,
    size: Annotated[int, typer.Option(min=32, help="Pixels of a tile's side.")] = 256,
) -> None:
    """Make mesh.npz and mouth.png."""
    anatomy = read_anatomy()
    face = read_canonical(canonical)
    finder = Finder(anatomy, makehuman, FaceTracker(tracker.read_bytes(), most=1))
    found = [(person, finder.find(person)) for person in average_people(anatomy, makehuman)]
    finder.tracker.close()
    out.mkdir(parents=True, exist_ok=True)
    mouth = average_mouth(anatomy, found, face, makehuman, teeth)
    np.savez_compressed(
        out / "mesh.npz",
        names=np.array(NAMES),
        units=transfer(anatomy, found, face),
        canonical=face.vertices,
        triangles=face.triangles.astype(np.int32),
        mouth_span=np.float32(SPAN),
        mouth_centre=np.float32(CENTRE),
        mouth_jaw=np.array(openings(levels), np.float32),
        mouth_lower=mouth.lower_edges(levels),
    )
    tiles = cv2.cvtColor(mouth.atlas(levels, size), cv2.COLOR_RGBA2BGRA)
    cv2.imwrite(str(out / "mouth.png"), tiles)


def average_mouth(
    anatomy: Anatomy,
    found: Sequence[tuple[Person, Place]],
    face: Canonical,
    makehuman: Path,
    teeth: str,
) -> Mouth:
    """The mouth of the mean of all people.

    Its width follows from the eyes as in the canonical face: the lips move by units in
    eye distances, and the teeth must keep to them. MakeHuman's own mouth is narrower.
    """
    shape: Floats = np.mean([person.shape for person, _ in found], 0, dtype=np.float32)
    eyes = float(np.mean([eye_distance(place.of(shape)) for _, place in found]))
    set_folder, tongue = makehuman / "teeth" / teeth, makehuman / "tongue/tongue01"
    return Mouth.of(
        anatomy,
        shape,
        eyes * mouth_ratio(face),
        read_worn(set_folder, set_folder / "teeth.png"),
        read_worn(tongue, tongue / "tongue01_diffuse.jpg"),
    )


if __name__ == "__main__":
    typer.run(main)
