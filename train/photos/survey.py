"""Looks at every portrait of a folder: which are fit, and why the others are not."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from engine.errors import PortraitError
from engine.portrait import ReadsFaces, make_portrait
from train.photos.sources import Source
from train.photos.traits import Traits, traits_of, unfit


@dataclass(frozen=True, slots=True)
class Entry:
    """One portrait: its `traits` if a face was found, `refused` says why it is not used."""

    source: Source
    traits: Traits | None
    refused: str | None


def look_at(source: Source, tracker: ReadsFaces) -> Entry:
    """Judge one portrait as the product would, and then for the training."""
    try:
        portrait = make_portrait(source.path.read_bytes(), tracker)
    except PortraitError as error:
        return Entry(source, None, error.message)
    traits = traits_of(portrait)
    return Entry(source, traits, unfit(traits))


def write_table(path: Path, entries: Iterable[Entry]) -> None:
    """Keep what was found: name, licence and origin, why refused, and all measures."""
    measures = [field.name for field in fields(Traits)]
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, ["name", "licence", "origin", "refused", *measures])
        table.writeheader()
        for entry in entries:
            values = asdict(entry.traits) if entry.traits else {}
            table.writerow(
                {
                    "name": entry.source.name,
                    "licence": entry.source.licence,
                    "origin": entry.source.origin,
                    "refused": entry.refused or "",
                    **{name: f"{value:.3f}" for name, value in values.items()},
                }
            )
