"""Pictures of a training: its losses, and curves beside what was wanted."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
from matplotlib.figure import Figure

from engine.arkit import MOUTH
from engine.types import TICKS_PER_SECOND, Floats
from train.voices.curves import lip_opening

_SHOWN: Final = ("jawOpen", "mouthFunnel", "mouthPucker")


def plot_losses(path: Path, history: list[tuple[int, float, float]]) -> None:
    """Training and held-out loss by step."""
    figure = Figure(figsize=(8, 4), layout="tight")
    axes = figure.subplots()
    steps, trained, checked = zip(*history, strict=True)
    axes.plot(steps, trained, label="training")
    axes.plot(steps, checked, label="held out")
    axes.set(xlabel="step", ylabel="loss", yscale="log")
    axes.legend()
    figure.savefig(path, dpi=100)


def plot_curves(path: Path, predicted: Floats, wanted: Floats) -> None:
    """Lip opening, jaw and rounding of mouths [ticks, 28], put out (full) and wanted (thin)."""
    figure = Figure(figsize=(14, 9), layout="tight")
    rows = {
        "lip opening": (lip_opening(wanted), lip_opening(predicted)),
        **{
            name: (wanted[:, MOUTH.index(name)], predicted[:, MOUTH.index(name)]) for name in _SHOWN
        },
    }
    seconds = np.arange(len(wanted)) / TICKS_PER_SECOND
    lines = figure.subplots(len(rows), sharex=True)
    for axes, (name, (target, output)) in zip(lines, rows.items(), strict=True):
        axes.plot(seconds, target, color="black", linewidth=0.8, label="wanted")
        axes.plot(seconds, output, color="tab:red", label="put out")
        axes.set(ylabel=name)
        axes.legend(loc="upper right")
    figure.savefig(path, dpi=80)
