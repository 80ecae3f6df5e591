"""Invented people, described by a few numbers and names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from engine.types import Floats
from train.people.colour import Colour
from train.people.head import Anatomy
from train.people.makehuman import read_target

FRIENDLY: Final[Mapping[str, float]] = {
    "browInnerUp": 0.3,
    "browOuterUpLeft": 0.06,
    "browOuterUpRight": 0.06,
    "mouthSmileLeft": 0.44,
    "mouthSmileRight": 0.44,
    "cheekSquintLeft": 0.3,
    "cheekSquintRight": 0.3,
    "eyeSquintLeft": 0.08,
    "eyeSquintRight": 0.08,
    "mouthDimpleLeft": 0.15,
    "mouthDimpleRight": 0.15,
    "eyeBlinkLeft": 0.13,
    "eyeBlinkRight": 0.13,
}
"""The expression of all portraits: a hint of a smile, calm brows, lids a little lower."""
CHANCES: Final = (
    ("head/head-scale-horiz-", "decr", "incr"),
    ("head/head-fat-", "decr", "incr"),
    ("chin/chin-width-", "decr", "incr"),
    ("chin/chin-height-", "decr", "incr"),
    ("nose/nose-scale-vert-", "decr", "incr"),
    ("nose/nose-width2-", "decr", "incr"),
    ("nose/nose-point-", "down", "up"),
    ("nose/nose-curve-", "concave", "convex"),
    ("mouth/mouth-scale-horiz-", "decr", "incr"),
    ("mouth/mouth-upperlip-height-", "decr", "incr"),
    ("eyes/eye-corner1-", "down", "up"),
    ("eyes/eye-eyefold-", "down", "up"),
    ("cheek/cheek-bones-", "decr", "incr"),
)
"""Targets that a seed draws weights for: the start of a name and its two directions."""


@dataclass(frozen=True, slots=True)
class Clothes:
    """A folder under clothes/. Without a `colour` the texture is used as it is; what is
    `patterned` keeps the texture's lights and darks."""

    name: str
    colour: Colour | None = None
    patterned: bool = False


@dataclass(frozen=True, slots=True)
class Glasses:
    """A frame: `colour`, half-widths of a lens in outer eye distances, how round it is (0 a
    box, 1 an ellipse) and how thick, decimetres."""

    colour: Colour
    width: float = 0.33
    height: float = 0.24
    roundness: float = 0.6
    thickness: float = 0.016


@dataclass(frozen=True, slots=True)
class Person:
    """An invented person.

    `masculinity` and `age` are 0..1 (ages 25 to 90), `origin` the shares of african, asian
    and caucasian. `skin` names a texture, `tone` the colour of the cheeks. `details` are
    weights of targets, "folder/name"; for pairs without l- or r-. `seed` draws more.
    `fringe` is how far above the eyes hair must end that would cover them, decimetres; `volume`
    how far it stands off, 1 as modelled. `teeth` and `eyelashes` name folders.
    """

    masculinity: float
    age: float
    origin: Mapping[str, float]
    skin: str
    tone: Colour
    hair: str | None
    hair_colour: Colour
    iris: Colour
    brows: str
    clothes: Clothes
    backdrop: tuple[Colour, Colour]
    seed: int
    details: Mapping[str, float] = field(default_factory=dict)
    brow_colour: Colour | None = None
    evenness: float = 0.3
    brow_opacity: float = 0.75
    lashes: float = 0.6
    fringe: float | None = None
    volume: float = 1.0
    hair_contrast: float = 0.6
    look: Mapping[str, float] = field(default_factory=dict)
    teeth: str = "teeth_base"
    eyelashes: str = "eyelashes01"
    glasses: Glasses | None = None


def chance_details(seed: int, strength: float = 0.14) -> dict[str, float]:
    """Weights of targets that make a face its own, the same for the same seed."""
    weights = np.clip(np.random.default_rng(seed).normal(0, strength, len(CHANCES)), -0.4, 0.4)
    return {
        start + (less if weight < 0 else more): abs(float(weight))
        for (start, less, more), weight in zip(CHANCES, weights, strict=True)
    }


def shape_of(anatomy: Anatomy, person: Person) -> Floats:
    """Vertices [n, 3] of the person without expression."""
    shape = np.zeros_like(anatomy.mesh.vertices)
    for race, share in person.origin.items():
        for gender, male in (("female", 1 - person.masculinity), ("male", person.masculinity)):
            for age, years in (("young", 1 - person.age), ("old", person.age)):
                weight = share * male * years
                if weight > 0:
                    shape += np.float32(weight) * anatomy.shape(race, gender, age)
    for details in (chance_details(person.seed), person.details):
        for name, weight in details.items():
            for path in target_files(anatomy.data, name):
                read_target(path).add_to(shape, weight)
    return shape


def target_files(data: Path, name: str) -> list[Path]:
    """The file of the target "folder/name", or those of its left and right."""
    folder, target = name.split("/")
    files = data / "mpfb2/targets" / folder
    whole = files / f"{target}.target.gz"
    return [whole] if whole.exists() else [files / f"{side}-{target}.target.gz" for side in "lr"]
