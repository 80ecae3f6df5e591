"""Random people: every adult age, sex, origin and skin tone, with what fits to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from train.people.colour import Colour
from train.people.details import one_of, random_details
from train.people.person import Clothes, Glasses, Person

TONES: Final = (
    (238, 198, 180), (226, 182, 158), (210, 160, 130), (184, 136, 108), (150, 109, 85),
    (116, 85, 67), (84, 62, 51),
)  # fmt: skip
"""Cheeks from the lightest skin to the darkest."""
TONE_RANGE: Final = {"african": (0.55, 1.0), "asian": (0.08, 0.5), "caucasian": (0.0, 0.42)}
BLACK, DARK, BROWN, BLOND, RED, GREY, WHITE = (
    (30, 25, 24), (52, 36, 28), (92, 62, 42), (168, 130, 84), (128, 62, 34), (136, 130, 124),
    (172, 166, 158),
)  # fmt: skip
"""Colours of hair."""
IRISES: Final = {
    "dark": ((58, 36, 24), (74, 46, 28), (88, 56, 32)),
    "light": ((72, 92, 112), (92, 110, 118), (84, 96, 70), (96, 84, 52), (82, 54, 32)),
}
FEMALE_HAIR: Final = (
    "long01", "long01", "long01", "ponytail01", "bob02", "bob02", "bob02", "braid01", "braid01",
)  # fmt: skip
MALE_HAIR: Final = ("short01", "short02", "short03", "short04")
COVERING: Final = {"bob02": 0.42, "braid01": 0.42, "short03": 0.45, "short01": 0.45}
"""Hair that hangs over the eyes, and how far above them it has to end, decimetres."""
PLAIN_ONLY: Final = ("female_casualsuit02", "male_casualsuit01")
"""Clothes that have no texture."""
FEMALE_CLOTHES: Final = ("female_casualsuit01", "female_casualsuit02", "female_elegantsuit01")
MALE_CLOTHES: Final = (
    "male_casualsuit01", "male_casualsuit02", "male_casualsuit03", "male_casualsuit04",
    "male_casualsuit05", "male_elegantsuit01", "male_worksuit01",
)  # fmt: skip
FEMALE_BROWS: Final = ("eyebrow001", "eyebrow002", "eyebrow003", "eyebrow005", "eyebrow010")
MALE_BROWS: Final = ("eyebrow001", "eyebrow004", "eyebrow006", "eyebrow009", "eyebrow012")
TEETH: Final = (
    "teeth_base", "teeth_shape01", "teeth_shape02", "teeth_shape03", "teeth_shape04",
)  # fmt: skip


NAME: Final = "invented-"
"""What all their names begin with."""


def name_of(seed: int) -> str:
    """What the person of a seed is called."""
    return f"{NAME}{seed}"


def seed_of(name: str) -> int | None:
    """The seed of which `name_of` made a name; none for names of others."""
    number = name.removeprefix(NAME)
    return int(number) if name.startswith(NAME) and number.isdecimal() else None


def random_person(seed: int) -> Person:
    """An invented adult; the same for the same seed."""
    rng = np.random.default_rng([seed, 0xFACE])
    years = float(np.clip(rng.triangular(16, 32, 92), 18, 90))
    female = rng.random() < 0.5
    race, origin = _origin(rng)
    darkness = rng.uniform(*TONE_RANGE[race])
    if race == "caucasian" and len(origin) > 2:
        darkness = rng.uniform(0.3, 0.62)
    hair = _hair(rng, female, race, years)
    natural = _natural_hair_colour(rng, race if len(origin) < 3 else "asian")
    grey = _greyness(rng, years)
    hair_colour = _mixed(natural, WHITE if years > 68 else GREY, grey)
    return Person(
        masculinity=float(rng.uniform(0, 0.08) if female else rng.uniform(0.9, 1)),
        age=float(np.clip((years - 25) / 65, 0, 1)),
        origin=origin,
        skin=_skin(rng, race, years, female),
        tone=_tone(rng, darkness),
        hair=hair,
        hair_colour=hair_colour,
        iris=_iris(rng, race, len(origin)),
        brows=one_of(rng, FEMALE_BROWS if female else MALE_BROWS),
        clothes=_clothes(rng, female),
        backdrop=(_colour(rng), _colour(rng)),
        seed=seed,
        details=random_details(rng, female, years),
        brow_colour=_mixed(_mixed(natural, DARK, 0.35), GREY, 0.6 * grey),
        evenness=float(rng.uniform(0.25, 0.45) + 0.45 * darkness),
        brow_opacity=float(rng.uniform(0.5, 0.75) if female else rng.uniform(0.65, 0.95)),
        lashes=float(rng.uniform(0.5, 0.9) if female else rng.uniform(0.2, 0.4)),
        fringe=COVERING.get(hair or ""),
        volume=float(rng.uniform(0.85, 1.05)),
        hair_contrast=float(rng.uniform(0.35, 0.75)),
        teeth=one_of(rng, TEETH),
        eyelashes="eyelashes01",
        glasses=_glasses(rng, years),
    )


def _origin(rng: np.random.Generator) -> tuple[str, Mapping[str, float]]:
    """The race that gives the skin, and the shares of all."""
    races = ("african", "asian", "caucasian")
    if rng.random() < 0.2:
        shares = rng.dirichlet((1.5, 1.5, 4.0))
        return "caucasian", dict(zip(races, shares.tolist(), strict=True))
    race = one_of(rng, races)
    other = one_of(rng, [name for name in races if name != race])
    share = float(rng.uniform(0, 0.3))
    return race, {race: 1 - share, other: share}


def _skin(rng: np.random.Generator, race: str, years: float, female: bool) -> str:
    stage = "young" if years < 38 else "middleage" if years < 62 else "old"
    name = f"{stage}_{race}_{'female' if female else 'male'}"
    second = (race, stage) == ("caucasian", "young") and rng.random() < 0.5
    return f"{name}2" if second else name


def _tone(rng: np.random.Generator, darkness: float) -> Colour:
    place = darkness * (len(TONES) - 1)
    levels = [np.interp(place, range(len(TONES)), channel) for channel in np.array(TONES).T]
    warm = rng.normal(0, 3)
    red, green, blue = np.clip(np.array(levels) + [warm, rng.normal(0, 2), -warm], 20, 245)
    return int(red), int(green), int(blue)


def _hair(rng: np.random.Generator, female: bool, race: str, years: float) -> str | None:
    if not female:
        bald = 0.06 + 0.2 * (race == "african") + 0.25 * (years > 50)
        return None if rng.random() < bald else one_of(rng, MALE_HAIR)
    if years > 60:
        return one_of(rng, ("bob02", "bob02", "bob02", "short04", "ponytail01", "long01"))
    return one_of(rng, FEMALE_HAIR)


def _natural_hair_colour(rng: np.random.Generator, race: str) -> Colour:
    if race != "caucasian":
        return _mixed(BLACK, DARK, float(rng.random()))
    first, second = rng.choice(5, 2, p=(0.12, 0.28, 0.32, 0.2, 0.08))
    colours = (BLACK, DARK, BROWN, BLOND, RED)
    return _mixed(colours[first], colours[second], 0.35 * float(rng.random()))


def _greyness(rng: np.random.Generator, years: float) -> float:
    begun = float(np.clip((years - 42) / 28, 0, 1))
    dyed = rng.random() < 0.25
    return 0.0 if dyed else float(np.clip(begun * rng.uniform(0.4, 1.4), 0, 1))


def _iris(rng: np.random.Generator, race: str, origins: int) -> Colour:
    kind = "light" if race == "caucasian" and origins < 3 else "dark"
    return _mixed(one_of(rng, IRISES[kind]), one_of(rng, IRISES[kind]), float(rng.uniform(0, 0.5)))


def _clothes(rng: np.random.Generator, female: bool) -> Clothes:
    name = one_of(rng, FEMALE_CLOTHES if female else MALE_CLOTHES)
    if name in PLAIN_ONLY:
        return Clothes(name, _colour(rng))
    if rng.random() < 0.35:
        return Clothes(name)
    return Clothes(name, _colour(rng), patterned=bool(rng.random() < 0.6))


def _colour(rng: np.random.Generator) -> Colour:
    """Any colour, seldom a loud one."""
    grey = rng.uniform(30, 225)
    red, green, blue = np.clip(grey + rng.normal(0, 20, 3), 12, 240)
    return int(red), int(green), int(blue)


def _glasses(rng: np.random.Generator, years: float) -> Glasses | None:
    if rng.random() > 0.12 + 0.2 * (years > 45):
        return None
    colours = ((22, 21, 22), (58, 38, 28), (120, 116, 112), (150, 118, 70), (40, 48, 66))
    return Glasses(
        one_of(rng, colours),
        width=float(rng.uniform(0.29, 0.35)),
        height=float(rng.uniform(0.19, 0.27)),
        roundness=float(rng.uniform(0.2, 1.0)),
        thickness=float(rng.uniform(0.009, 0.022)),
    )


def _mixed(first: Colour, second: Colour, share: float) -> Colour:
    red, green, blue = ((1 - share) * a + share * b for a, b in zip(first, second, strict=True))
    return int(red), int(green), int(blue)
