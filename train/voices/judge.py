"""How good mouths are: figures on sentences that no network was trained on.

    python -m train.voices.judge --model engine/builtin/listen.onnx

Sound goes through the product's own code, tick by tick: `LogMel`, the ONNX graph, its
state. What comes out is put against the curves that the phones demand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import numpy as np
import onnx
import typer
from numpy.typing import NDArray

from engine.arkit import MOUTH
from engine.backends import Graph
from engine.backends.onnx import OnnxBackend
from engine.listen import Listener
from engine.types import HEARING_RATE, HEARING_TICK, TICKS_PER_SECOND, Floats
from models.listen import LOOKAHEAD
from train.voices.corpus import HELD_OUT
from train.voices.curves import CLOSED, closure_interval, lip_opening, mouth_curves
from train.voices.flite import Flite
from train.voices.hibari import Hibari
from train.voices.make import HELD_OUT_VOICE, TAKES, at_hearing_rate, padded
from train.voices.phones import BILABIALS, SILENCE, Phone, Utterance
from train.voices.spoil import decibels, level, noise

MAIN: Final = (
    "jawOpen", "mouthClose", "mouthFunnel", "mouthPucker", "mouthLowerDownLeft",
    "mouthUpperUpLeft", "mouthStretchLeft", "mouthPressLeft", "mouthRollLower",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured on one voice."""

    opening: float
    """Correlation of the lip opening with the curve that is wanted."""
    coefficients: dict[str, float]
    """The same for the main coefficients."""
    closed: float
    """Share of p, b and m with closed lips, a tick early or late at most."""
    rest: float
    """Variance of the lip opening in silence, as a share of that in speech."""
    lag: int
    """Ticks by which the output follows the wanted curve, where they agree best."""


def state_size(model: bytes) -> int:
    """How many numbers the graph keeps from tick to tick."""
    shapes = {given.name: given for given in onnx.load_from_string(model).graph.input}
    return int(shapes["state"].type.tensor_type.shape.dim[1].dim_value)


def streamed(graph: Graph, size: int, sound: Floats) -> Floats:
    """The mouths [ticks, 28] of 16 kHz sound, in time with it."""
    listener = Listener(graph, size)
    flushed = np.pad(sound, (0, LOOKAHEAD * HEARING_TICK))
    ticks = [
        listener.hear(flushed[start : start + HEARING_TICK])
        for start in range(0, len(flushed) - HEARING_TICK + 1, HEARING_TICK)
    ]
    return np.stack(ticks)[LOOKAHEAD:]


def judged(mouths: Floats, said: Utterance) -> Figures:
    """Figures of mouths [ticks, 28] that were made for an utterance."""
    wanted, _ = mouth_curves(said)
    mouths = mouths[: len(wanted)]
    opening, target = lip_opening(mouths), lip_opening(wanted)
    speech = spoken(said.phones, len(wanted))
    lags = range(-4, 5)
    fits = [correlation(np.roll(opening, -lag), target) for lag in lags]
    index = {name: MOUTH.index(name) for name in MAIN}
    return Figures(
        opening=correlation(opening, target),
        coefficients={n: correlation(mouths[:, i], wanted[:, i]) for n, i in index.items()},
        closed=closed_share(opening, said.phones),
        rest=float(np.var(opening[~speech]) / np.var(opening[speech])),
        lag=lags[int(np.argmax(fits))],
    )


def correlation(one: Floats, other: Floats) -> float:
    """Pearson's."""
    return float(np.corrcoef(one, other)[0, 1])


def closed_share(opening: Floats, phones: tuple[Phone, ...]) -> float:
    """Share of p, b and m during which, give or take a tick, the opening is below `CLOSED`."""
    lowest = []
    for phone in phones:
        if phone.name in BILABIALS:
            start, end = (int(time * TICKS_PER_SECOND) for time in closure_interval(phone))
            lowest.append(opening[max(0, start - 1) : end + 2].min())
    return float(np.mean(np.array(lowest) < CLOSED))


def spoken(phones: tuple[Phone, ...], ticks: int) -> NDArray[np.bool_]:
    """Which ticks have speech in them, or 200 ms before or after: there a mouth may move."""
    speech = np.zeros(ticks, np.bool_)
    for phone in phones:
        if phone.name != SILENCE:
            start, end = phone.start - 0.2, phone.end + 0.2
            speech[max(0, int(start * TICKS_PER_SECOND)) : int(end * TICKS_PER_SECOND) + 1] = True
    return speech


def joined_up(said: list[Utterance]) -> Utterance:
    """Utterances one after the other, each with silence around it."""
    parts = [padded(at_hearing_rate(one), 0.8, 0.8) for one in said]
    phones: list[Phone] = []
    start = 0.0
    for part in parts:
        phones += [phone.moved(start) for phone in part.phones]
        start += part.seconds
    return Utterance(np.concatenate([part.sound for part in parts]), HEARING_RATE, tuple(phones))


def noisy(said: Utterance, below: float, seed: int = 0) -> Utterance:
    """The utterance in noise, `below` decibels under the speech."""
    random = np.random.default_rng(seed)
    added = noise(len(said.sound), random) * np.float32(level(said.sound) * decibels(-below))
    return Utterance(said.sound + added, said.rate, said.phones)


def held_out(voice: str, texts: Sequence[str] = HELD_OUT) -> Utterance:
    """The held-out sentences, by one voice."""
    speaker = Hibari() if voice == "hibari" else Flite(voice)
    return joined_up([speaker.speak(text) for text in texts])


def main(
    model: Annotated[Path, typer.Option(help="The ONNX file.")] = Path(
        "engine/builtin/listen.onnx"
    ),
) -> None:
    """Print a table of figures, a line for each voice."""
    data = model.read_bytes()
    graph, size = OnnxBackend().compile("listen", data), state_size(data)
    names = ["opening", *MAIN, "closed", "rest", "lag"]
    typer.echo("| voice | " + " | ".join(names) + " |\n|" + " --- |" * (len(names) + 1))
    for voice in (HELD_OUT_VOICE, *TAKES):
        said = held_out(voice)
        for label, heard in ((voice, said), (f"{voice}, noise at 15 dB", noisy(said, 15.0))):
            figures = judged(streamed(graph, size, heard.sound), heard)
            values = [figures.opening, *figures.coefficients.values(), figures.closed, figures.rest]
            row = " | ".join(f"{value:.2f}" for value in values)
            typer.echo(f"| {label} | {row} | {figures.lag} |")


if __name__ == "__main__":
    typer.run(main)
