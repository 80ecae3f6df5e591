"""Trains the judge of lip-sync, on the material of `train.voices.make`.

    python -m train.sync --data data/voices --out train/voices/sync.npz

A few minutes on one thread. It learns to find, among the lips of other moments (up to
`FURTHEST` ticks away) and of other sentences, those that belong to a sound.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
import torch
import typer
from numpy.random import Generator
from rich.progress import track
from torch import Tensor
from torch.nn.functional import avg_pool1d, cross_entropy

from engine.types import Floats
from models.sync import Sync
from train.voices.batches import Batch, Stretches
from train.voices.synced import FURTHEST, lips_of_mouths, usual

STRANGERS: Final = 6
"""Other sentences that each sound is compared with."""
TOGETHER: Final = 25
"""Ticks that are judged at once."""


@dataclass(frozen=True)
class Recipe:
    """All that decides how a training goes, beside the data."""

    steps: int = 2500
    batch: int = 24
    ticks: int = 120
    rate: float = 2e-3
    seed: int = 1


def seen(mouths: Floats, random: Generator) -> Floats:
    """Lips [batch, ticks, 2] of mouths [batch, ticks, 28] as somebody may read them.

    Smoothed, out of proportion, unsure; sometimes only how far they are apart.
    """
    lips = lips_of_mouths(mouths)
    read = []
    for one in lips:
        one = usual(one)
        one = np.sign(one) * np.abs(one) ** random.uniform(0.7, 1.3)
        blur = random.uniform(0.0, 0.6)
        one[1:-1] = (1.0 - blur) * one[1:-1] + blur * 0.5 * (one[:-2] + one[2:])
        one = one + random.normal(0.0, random.uniform(0.0, 0.35), one.shape)
        one[:, 1] *= random.random() < 0.75
        read.append(usual(one.astype(np.float32)))
    return np.stack(read)


def agreement(heard: Tensor, lips: Tensor) -> Tensor:
    """How well sounds go with lips of other moments and sentences, [batch, ticks, candidates].

    Args:
        heard: [batch, ticks, size].
        lips: [batch, ticks, size].

    Returns:
        Cosines; ticks without neighbours are left out; the true lips are candidate FURTHEST.
    """
    middle = heard[:, FURTHEST : heard.shape[1] - FURTHEST]
    count = middle.shape[1]
    shifted = [lips[:, start : start + count] for start in range(2 * FURTHEST + 1)]
    true = shifted[FURTHEST]
    strangers = [true.roll(by, dims=0) for by in range(1, STRANGERS + 1)]
    return torch.stack([(middle * other).sum(dim=2) for other in shifted + strangers], dim=2)


def sync_loss(network: Sync, batch: Batch, random: Generator) -> Tensor:
    """The true lips should go best with the sound, over each second of it."""
    lips = torch.from_numpy(seen(batch.mouth.numpy(), random))
    alike = agreement(*network(batch.mel, lips))
    judged = avg_pool1d(alike.transpose(1, 2), TOGETHER, stride=5).transpose(1, 2).flatten(0, 1)
    wanted = torch.full((len(judged),), FURTHEST)
    return cross_entropy(judged * network.sharpness.exp(), wanted)


def train(recipe: Recipe, data: Path) -> Sync:
    """Train a judge."""
    torch.manual_seed(recipe.seed)
    stretches, network = Stretches(data / "train.npz"), Sync()
    optimizer = torch.optim.AdamW(network.parameters(), recipe.rate, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, recipe.rate, recipe.steps)
    random = np.random.default_rng(recipe.seed)
    for step in track(range(recipe.steps), description="Training"):
        loss = sync_loss(network, stretches.crops(recipe.batch, recipe.ticks, random), random)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
        if step % 250 == 0:
            typer.echo(f"step {step}: {loss.item():.3f}")
    return network


def write(network: Sync, path: Path) -> None:
    """Write the weights in half precision."""
    weights = {name: value.numpy() for name, value in network.state_dict().items()}
    halves: dict[str, Any] = {n: v.astype(np.float16) for n, v in weights.items()}
    np.savez(path, allow_pickle=False, **halves)


def main(
    data: Annotated[Path, typer.Option(help="Folder of `train.voices.make`.")] = Path(
        "data/voices"
    ),
    out: Annotated[Path, typer.Option(help="The file to write.")] = Path("train/voices/sync.npz"),
    steps: Annotated[int, typer.Option(help="Steps in all.")] = Recipe.steps,
    seed: Annotated[int, typer.Option(help="Draws weights and batches.")] = Recipe.seed,
) -> None:
    """Train the judge of lip-sync."""
    torch.set_num_threads(1)
    write(train(Recipe(steps=steps, seed=seed), data), out)


if __name__ == "__main__":
    typer.run(main)
