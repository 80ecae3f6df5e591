"""How a training looks: losses, figures and contact sheets, as PNG and one HTML page."""

from __future__ import annotations

import html
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor

from engine.resample import resized_picture
from engine.types import Picture
from models.lite.layers import enlarged
from train.faces.check import Checked
from train.faces.regions import feature_crops

CELL: Final = 160
"""Pixels a side of a picture on a sheet."""
COLUMNS: Final = (
    "portrait", "mesh", "network", "truth", "alpha", "bent by",
    "mesh", "network", "truth", "mesh", "network", "truth",
)  # fmt: skip
MOST_BENT: Final = 0.02
"""Shares of the width that are drawn white."""


def draw_sheet(path: Path, checked: list[Checked], rows: int = 2) -> None:
    """Whole pictures, alpha and residual, mouths and eyes: `rows` targets a person."""
    lines = [_heading()]
    for one in checked:
        lines += [_row(one, number) for number in range(min(rows, len(one.batch)))]
    cv2.imwrite(str(path), cv2.cvtColor(np.vstack(lines), cv2.COLOR_RGB2BGR))


def draw_losses(path: Path, history: list[dict[str, float]]) -> None:
    """Losses, and figures of held-out people, by minute."""
    figure = Figure(figsize=(12, 8), layout="tight")
    upper, lower = figure.subplots(2, sharex=True)
    minutes = [line["minute"] for line in history]
    for name in sorted({name for line in history for name in line} - {"minute", "step"}):
        axes = lower if ", " in name else upper
        values = [line.get(name, np.nan) for line in history]
        if " features, " in name or axes is upper:
            axes.plot(minutes, values, label=name)
    upper.set(ylabel="loss", yscale="log")
    lower.set(ylabel="distance from the truth", xlabel="minute")
    for axes in (upper, lower):
        if axes.lines:
            axes.legend(loc="upper right", fontsize=7)
        axes.grid(alpha=0.3)
    figure.savefig(path, dpi=80)


def write_page(path: Path, title: str, history: list[dict[str, float]]) -> None:
    """A page with the newest figures, the plot and the sheets beside it."""
    latest = history[-1] if history else {}
    rows = "".join(
        f"<tr><td>{html.escape(name)}</td><td>{value:.4g}</td></tr>"
        for name, value in latest.items()
    )
    path.write_text(
        "<!doctype html><meta charset=utf-8><meta http-equiv=refresh content=60>"
        f"<title>{html.escape(title)}</title>"
        "<style>body{font:14px sans-serif;margin:2em}img{max-width:100%}"
        "td{padding:0 1em 0 0}</style>"
        f"<h1>{html.escape(title)}</h1><table>{rows}</table>"
        "<h2>Losses</h2><img src=loss.png><h2>People never trained on</h2><img src=sheet.png>",
        encoding="utf-8",
    )


def _heading() -> Picture:
    line = np.full((24, CELL * len(COLUMNS), 3), 255, np.uint8)
    for number, name in enumerate(COLUMNS):
        place = (number * CELL + 6, 17)
        cv2.putText(line, name, place, cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0, 0, 0), 1, cv2.LINE_AA)
    return line


def _row(one: Checked, number: int) -> Picture:
    batch = one.batch
    three = [it[number : number + 1] for it in (batch.drawn, one.made, batch.wanted)]
    boxes = batch.boxes[number : number + 1]
    portrait = (batch.portraits[number // batch.repeats] + 1) / 2
    alpha = enlarged(one.said.alpha[number : number + 1], CELL)[0].expand(3, -1, -1)
    bent = one.said.residual[number : number + 1].norm(dim=1, keepdim=True) / MOST_BENT
    mouths = [feature_crops(it, boxes)[0][0] for it in three]
    eyes = [feature_crops(it, boxes)[1][0] for it in three]
    whole = [portrait, *(it[0] for it in three), alpha, enlarged(bent, CELL)[0].expand(3, -1, -1)]
    return np.asarray(np.hstack([_cell(picture) for picture in (*whole, *mouths, *eyes)]), np.uint8)


def _cell(picture: Tensor) -> Picture:
    """Colours [3, n, n] in 0..1 as a picture of CELL pixels."""
    levels = (picture.clamp(0, 1) * 255).round().to(torch.uint8)
    drawn = np.ascontiguousarray(levels.cpu().permute(1, 2, 0).numpy())
    how = cv2.INTER_AREA if drawn.shape[0] > CELL else cv2.INTER_CUBIC
    return resized_picture(drawn, CELL, how)
