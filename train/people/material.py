"""How things answer to light, and the pieces of a portrait."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from train.people.scene import Part


@dataclass(frozen=True, slots=True)
class Material:
    """One kind of surface.

    `scatter` is the share of light that spreads below it, `wrap` how far light bleeds
    around an edge. `gloss` is the strength, `roughness` the width of highlights. `grain`
    is the depth of pores, `weave` the contrast of threads. `cut`: alpha decides 0 nothing,
    1 by chance (hair), 2 only where it is high, 3 only where it is low. What is `clear`
    adds highlights to what lies behind. What is `closed` has no visible back.
    """

    scatter: float = 0.0
    wrap: float = 0.0
    gloss: float = 0.04
    roughness: float = 0.5
    grain: float = 0.0
    weave: float = 0.0
    cut: float = 0.0
    clear: bool = False
    closed: bool = False


SKIN: Final = Material(scatter=1.0, gloss=0.028, roughness=0.46, grain=1.0, closed=True)
EYE: Final = Material(gloss=0.008, roughness=0.3, wrap=0.3, cut=2)
CORNEA: Final = Material(gloss=0.1, roughness=0.22, cut=3, clear=True)
HAIR: Final = Material(gloss=0.012, roughness=0.45, wrap=0.35, cut=1)
BROW: Final = Material(gloss=0.0, wrap=0.5, cut=1)
TEETH: Final = Material(gloss=0.05, roughness=0.25, wrap=0.4)
TONGUE: Final = Material(gloss=0.03, roughness=0.35, wrap=0.4)
RIM: Final = Material(gloss=0.05, roughness=0.3)
CLOTH: Final = Material(gloss=0.01, roughness=0.8, wrap=0.15, weave=1.0)


@dataclass(frozen=True, slots=True)
class Piece:
    """A part and what it is made of."""

    part: Part
    material: Material
