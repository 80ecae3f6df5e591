"""How good mouths are: figures on sentences that no network was trained on.

    python -m train.voices.judge --model engine/builtin/listen.onnx

Sound goes through the product's own code, tick by tick: `LogMel`, the ONNX graph, its
state. What comes out is put against the curves that the phones demand.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import numpy as np
import onnx
import typer

from engine.backends import Graph
from engine.backends.onnx import OnnxBackend
from engine.listen import Speech, TickListener
from engine.types import HEARING_TICK, Floats
from models.listen import LOOKAHEAD
from train.voices.judge_mouth import MAIN, Figures, judged
from train.voices.judge_prosody import ProsodyFigures, prosody_judged
from train.voices.judge_sync import SyncFigures, sync_judged
from train.voices.make import HELD_OUT_VOICE, TAKES
from train.voices.make import heard as mel_of
from train.voices.phones import Utterance
from train.voices.synced import SyncJudge, lips_of_mouths
from train.voices.trials import held_out, in_company, noisy, talk


def state_size(model: bytes) -> int:
    """How many numbers the graph keeps from tick to tick."""
    shapes = {given.name: given for given in onnx.load_from_string(model).graph.input}
    return int(shapes["state"].type.tensor_type.shape.dim[1].dim_value)


def listened(graph: Graph, size: int, sound: Floats) -> list[Speech]:
    """What is heard in each tick of 16 kHz sound, in time with it."""
    listener = TickListener(graph, size)
    flushed = np.pad(sound, (0, LOOKAHEAD * HEARING_TICK))
    ticks = [
        listener.hear(flushed[start : start + HEARING_TICK])
        for start in range(0, len(flushed) - HEARING_TICK + 1, HEARING_TICK)
    ]
    return ticks[LOOKAHEAD:]


def streamed(graph: Graph, size: int, sound: Floats) -> Floats:
    """The mouths [ticks, 28] of 16 kHz sound, in time with it."""
    return np.stack([speech.mouth for speech in listened(graph, size, sound)])


def conditions(voice: str, others: Floats) -> Iterator[tuple[str, Utterance, Utterance]]:
    """What it is called, what is heard, and the same clean: three for each voice."""
    said = held_out(voice)
    yield voice, said, said
    yield f"{voice}, noise at 15 dB", noisy(said, 15.0), said
    yield f"{voice}, others talking at 15 dB", in_company(said, others, 15.0), said


def main(
    model: Annotated[Path, typer.Option(help="The ONNX file.")] = Path(
        "engine/builtin/listen.onnx"
    ),
) -> None:
    """Print a table of figures, a line for each voice."""
    data = model.read_bytes()
    graph, size = OnnxBackend().compile("listen", data), state_size(data)
    others, judge = talk(), SyncJudge.load()
    rows: list[tuple[str, Figures, ProsodyFigures | None, SyncFigures]] = []
    for voice in (HELD_OUT_VOICE, *TAKES):
        for label, heard, clean in conditions(voice, others):
            speech = listened(graph, size, heard.sound)
            mouths = np.stack([each.mouth for each in speech])
            lips = lips_of_mouths(mouths)
            rows.append(
                (
                    label,
                    judged(mouths, clean),
                    prosody_judged(speech, clean),
                    sync_judged(judge, mel_of(heard.sound)[: len(lips)], lips),
                )
            )
    _print_mouths({label: figures for label, figures, _, _ in rows})
    _print("prosody", {label: found for label, _, found, _ in rows if found is not None})
    _print("sync", {label: found for label, _, _, found in rows})


def _print_mouths(rows: dict[str, Figures]) -> None:
    """The main table."""
    names = ["opening", *MAIN, "closed", "tucked", "mistaken", "rest", "lag"]
    _line("voice", *names)
    _line(*["---"] * (len(names) + 1))
    for label, f in rows.items():
        values = [f.opening, *f.coefficients.values(), f.closed, f.tucked, f.mistaken, f.rest]
        _line(label, *(f"{value:.2f}" for value in values), str(f.lag))


def _print(title: str, rows: Mapping[str, ProsodyFigures | SyncFigures]) -> None:
    """A table of figures that are all numbers."""
    for number, (label, figures) in enumerate(rows.items()):
        values = asdict(figures)
        if number == 0:
            _line(title, *values)
            _line(*["---"] * (len(values) + 1))
        _line(label, *(f"{value:.2f}" for value in values.values()))


def _line(*cells: str) -> None:
    typer.echo("| " + " | ".join(cells) + " |")


if __name__ == "__main__":
    typer.run(main)
