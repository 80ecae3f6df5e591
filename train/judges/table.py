"""The figures of an evaluation as JSON, and as one Markdown table with what is wanted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

Figures = dict[str, float]
Results = dict[str, dict[str, Figures]]
"""By group of people, then by contender, then by the figure's name."""

INVENTED: Final = "invented, held out"
REAL: Final = "real, held out"
PRESENTERS: Final = "presenters"
ABSENT: Final = "not measured"
NOTHING: Final = 1e-6
"""Below this a figure is rounding."""
BEGIN: Final = "<!-- figures: begin -->"
END: Final = "<!-- figures: end -->"
"""Between these a model card has the table."""


@dataclass(frozen=True, slots=True)
class Range:
    """What a figure should be: at least `low`, at most `high`."""

    low: float = -np.inf
    high: float = np.inf

    def holds(self, value: float) -> bool:
        """Whether a figure is as it should be."""
        return self.low <= value <= self.high

    def __str__(self) -> str:
        if np.isfinite(self.low) and np.isfinite(self.high):
            return f"{self.low:g} to {self.high:g}"
        return f"≥ {self.low:g}" if np.isfinite(self.low) else f"≤ {self.high:g}"


WANTED: Final[Mapping[str, Range]] = {
    "mouth, px off (seen)": Range(high=1.5),
    "eyes, px off (seen)": Range(high=1.5),
    "mouth, px off (mesh's own)": Range(high=1.5),
    "eyes, px off (mesh's own)": Range(high=1.5),
    "p, b, m closed": Range(low=0.9),
    "jaw .6": Range(low=0.35),
    "pucker 1": Range(low=0.6),
    "smile .9": Range(low=0.7),
    "blink 1": Range(low=0.6),
    "yaw +12": Range(low=10.0),
    "yaw -12": Range(high=-10.0),
    "identity, mean motion": Range(high=0.3),
    "identity, worst motion": Range(high=0.3),
    "mouth moves others, mesh's own": Range(high=0.05),
    "mouth moves others, of scale": Range(high=0.05),
    "mouth moves others, of reading": Range(high=0.05),
    "expression moves others, mesh's own": Range(high=0.05),
    "expression moves others, of scale": Range(high=0.05),
    "expression moves others, of reading": Range(high=0.05),
    "pose moves others, mesh's own": Range(high=0.05),
    "pose moves others, of scale": Range(high=0.05),
    "pose moves others, of reading": Range(high=0.05),
    "speech, correlation": Range(low=0.7),
    "speech, lips late by, ms": Range(-40.0, 40.0),
    "lost detections": Range(high=0.0),
}
"""Of what a renderer draws; the copied portrait and the true flow are there to compare."""


def mean_of(all_figures: list[Figures]) -> Figures:
    """The mean of each figure, over those that have it."""
    names = {name: None for one in all_figures for name in one}
    return {n: float(np.mean([one[n] for one in all_figures if n in one])) for n in names}


def markdown(results: Results, counts: Mapping[str, int]) -> str:
    """A table for each group of people: figures down, contenders across; * = not as wanted."""
    parts = []
    for group, by_contender in results.items():
        names = {name: None for figures in by_contender.values() for name in figures}
        head = ["", *by_contender, "wanted"]
        lines = [f"### {group.capitalize()} ({counts[group]} people)", ""]
        lines += [_row(head), _row(["---"] * len(head))]
        for name in names:
            cells = [_cell(name, figures.get(name)) for figures in by_contender.values()]
            lines.append(_row([name, *cells, str(WANTED.get(name, ""))]))
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n\n\\* not as wanted\n"


def write(folder: Path, results: Results, counts: Mapping[str, int]) -> None:
    """Write `figures.json` and `figures.md`."""
    known = {
        group: {
            name: {key: None if np.isnan(it) else it for key, it in figures.items()}
            for name, figures in by_contender.items()
        }
        for group, by_contender in results.items()
    }
    stored = {"people": dict(counts), "figures": known}
    text = json.dumps(stored, indent=2, ensure_ascii=False)
    (folder / "figures.json").write_text(text + "\n", encoding="utf-8")
    (folder / "figures.md").write_text(markdown(results, counts), encoding="utf-8")


def into_card(card: Path, table: str) -> None:
    """Replace what stands between the card's two marks (ValueError if it has none)."""
    before, begin, rest = card.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the model card needs the lines '{BEGIN}' and '{END}'")
    card.write_text(f"{before}{begin}\n{table}{end}{after}", encoding="utf-8")


def _cell(name: str, value: float | None) -> str:
    if value is None:
        return "–"
    if np.isnan(value):
        return ABSENT
    shown = f"{value:.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else ""
    value = 0.0 if abs(value) < NOTHING else value
    mark = "" if name not in WANTED or WANTED[name].holds(value) else " *"
    return (shown or f"{value:.3g}") + mark


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"
