"""What makes a random person's face: weights of MakeHuman's targets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, TypeVar

import numpy as np

from train.people.cast import CALM, SOFT

Thing = TypeVar("Thing")

VARIED: Final = (
    ("head/head-scale-vert-", "decr", "incr", 0.15),
    ("head/head-angle-", "in", "out", 0.15),
    ("forehead/forehead-scale-vert-", "decr", "incr", 0.2),
    ("forehead/forehead-temple-", "decr", "incr", 0.25),
    ("chin/chin-prominent-", "decr", "incr", 0.2),
    ("chin/chin-jaw-drop-", "decr", "incr", 0.15),
    ("chin/chin-bones-", "decr", "incr", 0.2),
    ("chin/chin-prognathism-", "decr", "incr", 0.12),
    ("nose/nose-hump-", "decr", "incr", 0.2),
    ("nose/nose-width1-", "decr", "incr", 0.2),
    ("nose/nose-width3-", "decr", "incr", 0.25),
    ("nose/nose-base-", "down", "up", 0.2),
    ("nose/nose-flaring-", "decr", "incr", 0.2),
    ("nose/nose-volume-", "decr", "incr", 0.15),
    ("nose/nose-scale-depth-", "decr", "incr", 0.15),
    ("nose/nose-trans-", "down", "up", 0.12),
    ("mouth/mouth-cupidsbow-", "decr", "incr", 0.25),
    ("mouth/mouth-upperlip-volume-", "decr", "incr", 0.25),
    ("mouth/mouth-lowerlip-volume-", "decr", "incr", 0.25),
    ("mouth/mouth-lowerlip-height-", "decr", "incr", 0.2),
    ("mouth/mouth-trans-", "down", "up", 0.12),
    ("eyes/eye-scale-", "decr", "incr", 0.15),
    ("eyes/eye-trans-", "in", "out", 0.1),
    ("eyes/eye-corner2-", "down", "up", 0.2),
    ("eyes/eye-height2-", "decr", "incr", 0.15),
    ("eyes/eye-eyefold-angle-", "down", "up", 0.2),
    ("eyebrows/eyebrows-trans-", "down", "up", 0.12),
    ("eyebrows/eyebrows-angle-", "down", "up", 0.15),
    ("cheek/cheek-volume-", "decr", "incr", 0.25),
    ("cheek/cheek-inner-", "decr", "incr", 0.2),
    ("ears/ear-scale-", "decr", "incr", 0.15),
    ("ears/ear-wing-", "decr", "incr", 0.2),
    ("ears/ear-lobe-", "decr", "incr", 0.3),
)
"""Targets in two directions and the standard deviations of their weights."""
KIND: Final[Mapping[str, float]] = {
    "mouth/mouth-angles-up": 0.25,
    "eyebrows/eyebrows-trans-up": 0.25,
    "eyebrows/eyebrows-angle-up": 0.4,
}
"""MakeHuman's people look stern."""
FEMALE: Final[Mapping[str, float]] = {
    "mouth/mouth-upperlip-volume-incr": 0.25,
    "mouth/mouth-lowerlip-volume-incr": 0.25,
    "chin/chin-bones-decr": 0.3,
    "chin/chin-prominent-decr": 0.15,
    "nose/nose-volume-decr": 0.25,
    "forehead/forehead-scale-vert-decr": 0.25,
    "head/head-scale-horiz-decr": 0.15,
}
"""What, added to SOFT, makes faces of women."""
SHAPES: Final = ("oval", "round", "rectangular", "square", "triangular", "diamond")
ASYMMETRIES: Final = (
    "brown-1",
    "brown-2",
    "cheek-1",
    "eye-1",
    "eye-3",
    "jaw-1",
    "nose-1",
    "nose-2",
)
MOST: Final = 0.5
MOST_ASYMMETRY: Final = 0.1
"""Above this teeth come through the corners of the mouth."""


def random_details(rng: np.random.Generator, female: bool, years: float) -> dict[str, float]:
    """Weights of targets: those that make MakeHuman's people agreeable, and chance."""
    details: dict[str, float] = {}

    def add(name: str, weight: float) -> None:
        details[name] = min(details.get(name, 0.0) + weight, 0.8)

    for name, weight in (FEMALE if female else {}).items():
        add(name, weight * float(rng.uniform(0.5, 1.3)))
    for name, weight in KIND.items():
        add(name, weight * float(rng.uniform(0.5, 1.3)))
    for name, weight in (SOFT if female else CALM).items():
        add(name, weight * float(rng.uniform(0.7, 1.4)))
    for start, less, more, spread in VARIED:
        weight = float(np.clip(rng.normal(0, spread), -MOST, MOST))
        add(start + (less if weight < 0 else more), abs(weight))
    shapes = SHAPES[:2] if female else SHAPES
    add(f"head/head-{one_of(rng, shapes)}", float(rng.uniform(0, 0.4)))
    for name in ASYMMETRIES:
        side = "lr"[int(rng.integers(2))]
        add(f"asym/asym-{name}-{side}", float(rng.uniform(0, MOST_ASYMMETRY)))
    weight = float(rng.normal(0.05, 0.25))
    add("head/head-fat-" + ("decr" if weight < 0 else "incr"), min(abs(weight), 0.6))
    if weight > 0:
        add("neck/neck-double-incr", 0.8 * weight)
    if years < 25:
        add("head/head-age-decr", (25 - years) / 14)
    return details


def one_of(rng: np.random.Generator, choice: Sequence[Thing]) -> Thing:
    """One of `choice`, all as likely."""
    return choice[int(rng.integers(len(choice)))]
