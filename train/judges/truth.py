"""Invented people against their true pictures: landmarks, features, pixels."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from engine.mesh import FaceModel, Mesh
from engine.render import Renderer
from engine.tracker import FaceTracker
from engine.types import Picture
from train.judges import landmarks, pixels
from train.judges.contenders import COPY, MESH, answers, asked
from train.judges.features import CropJudge
from train.judges.identity import Recognition, distance
from train.judges.people import SIZE, Person
from train.judges.sitters import Sitter
from train.judges.table import Figures, mean_of

AREAS: Final = ("mouth", "eyes")
TARGETS: Final = 10
"""Pictures of each person."""


def against_truth(
    people: list[Person],
    renderers: dict[str, Renderer],
    tracker: FaceTracker,
    model: FaceModel,
    crops: CropJudge,
    recognition: Recognition | None,
) -> dict[str, Figures]:
    """Figures of each contender, the mean over people and targets."""
    found: dict[str, list[Figures]] = {}
    for person in people:
        assert person.take is not None
        made = answers(person, renderers)
        mesh = Mesh(model, person.portrait.face, SIZE)
        for target in _targets(len(person.take.pictures)):
            true, wanted = person.take.points[target], person.take.pictures[target]
            seen = landmarks.read(tracker, wanted)
            for name, draw in made.items():
                picture = draw(target)
                figures = _looks(picture, wanted, crops(picture, wanted, true))
                ours = landmarks.read(tracker, picture)
                if seen is not None and ours is not None:
                    figures |= _places("seen", landmarks.errors(ours, seen))
                    if recognition is not None and name != COPY:
                        apart = distance(recognition(picture, ours), recognition(wanted, seen))
                        figures["identity, to the true picture"] = apart
                if name == MESH:
                    placed = landmarks.mesh_points(mesh, asked(person.take, target))
                    figures |= _places("mesh's own", landmarks.errors(placed, true))
                found.setdefault(name, []).append(figures)
    return {name: mean_of(figures) for name, figures in found.items()}


def retaken(sitters: Iterable[tuple[Person, Sitter]], crops: CropJudge) -> Figures:
    """True pictures taken again against the true pictures: no contender knows the noise."""
    found = []
    for person, sitter in sitters:
        assert person.take is not None
        for target in _targets(len(person.take.pictures)):
            wanted, true = person.take.pictures[target], person.take.points[target]
            found.append(_unlike(crops(sitter.retake(target), wanted, true)))
    return mean_of(found)


def _targets(count: int) -> list[int]:
    """At most `TARGETS` of a take's pictures, the portrait not among them."""
    wanted = min(TARGETS, count - 1)
    return [1 + number * (count - 1) // wanted for number in range(wanted)]


def _looks(picture: Picture, wanted: Picture, unlike: tuple[float, float]) -> Figures:
    seen = {"PSNR, dB": pixels.psnr(picture, wanted), "SSIM": pixels.ssim(picture, wanted)}
    return _unlike(unlike) | seen


def _unlike(distances: tuple[float, float]) -> Figures:
    return {f"{area}, feature distance": it for area, it in zip(AREAS, distances, strict=True)}


def _places(how: str, errors: tuple[float, float]) -> Figures:
    return {f"mouth, px off ({how})": errors[0], f"eyes, px off ({how})": errors[1]}
