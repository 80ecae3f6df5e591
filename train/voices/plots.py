"""Pictures of a training: its losses, and curves beside what was wanted."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
from matplotlib.figure import Figure

from engine.arkit import MOUTH
from engine.types import TICKS_PER_SECOND, Floats
from train.voices.curves import lip_opening
from train.voices.prosody import KINDS

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
    """Lip opening, jaw and rounding of mouths [ticks, 28], put out (red) and wanted (black)."""
    rows = {
        "lip opening": (lip_opening(wanted), lip_opening(predicted)),
        **{
            name: (wanted[:, MOUTH.index(name)], predicted[:, MOUTH.index(name)]) for name in _SHOWN
        },
    }
    _plot(path, rows)


def plot_prosody(path: Path, predicted: Floats, wanted: Floats) -> None:
    """Stress and pause, [ticks, 2], put out (red) and wanted (black)."""
    _plot(path, {kind: (wanted[:, n], predicted[:, n]) for n, kind in enumerate(KINDS)})


def _plot(path: Path, rows: dict[str, tuple[Floats, Floats]]) -> None:
    """Pairs of curves, wanted and put out, one below the other over seconds."""
    figure = Figure(figsize=(14, 2.25 * len(rows)), layout="tight")
    lines = np.atleast_1d(figure.subplots(len(rows), sharex=True))
    for axes, (name, (target, output)) in zip(lines, rows.items(), strict=True):
        seconds = np.arange(len(target)) / TICKS_PER_SECOND
        axes.plot(seconds, target, color="black", linewidth=0.8, label="wanted")
        axes.plot(seconds, output, color="tab:red", label="put out")
        axes.set(ylabel=name)
        axes.legend(loc="upper right")
    figure.savefig(path, dpi=80)
