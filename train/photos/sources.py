"""The portraits of a folder and their licences, as its `portraits.csv` says."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Final

TABLE: Final = "portraits.csv"
CLEAN: Final = ("CC0-1.0", "public domain")
"""How a licence that may be used begins."""


@dataclass(frozen=True, slots=True)
class Source:
    """One file: `name` for its person (folder and stem), `licence` and `origin` as stated."""

    name: str
    path: Path
    licence: str
    origin: str


def read_sources(folder: Path) -> list[Source]:
    """The portraits that may be used, in the order of their names.

    The table has the columns `file`, `licence` and `source`. What it does not name, and
    what has another licence than `CLEAN`, is left out.

    Raises:
        FileNotFoundError: the folder has no table, or lacks a file that it names.
    """
    found = []
    with (folder / TABLE).open(newline="", encoding="utf-8") as table:
        for row in csv.DictReader(table):
            if not row["licence"].startswith(CLEAN):
                continue
            path = folder / row["file"]
            if not path.is_file():
                raise FileNotFoundError(f"{TABLE} names {row['file']}, which is not there")
            name = "-".join(Path(row["file"]).with_suffix("").parts)
            found.append(Source(name, path, row["licence"], row["source"]))
    return sorted(found, key=lambda source: source.name)
