"""Trains the network that hears, on the material of `train.voices.make`.

    python -m train.listen --data data/voices --out data/listen

One thread of a CPU does it in about 45 minutes. The folder gets `listen.pt`
(the checkpoint; the same command goes on from it), `loss.png`, `curves.png` and
`prosody.png`. Every
step draws its batch from the seed and its own number, so a training that was
interrupted ends like one that was not.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer
from rich.progress import Progress

from engine.types import Floats
from models.listen import LOOKAHEAD, Listen
from train.voices.batches import Batch, Stretches
from train.voices.loss import hearing_loss, lip_loss
from train.voices.plots import plot_curves, plot_losses, plot_prosody


@dataclass(frozen=True)
class Recipe:
    """All that decides how a training goes, beside the data."""

    steps: int = 5200
    batch: int = 32
    ticks: int = 160
    rate: float = 2.5e-3
    width: int = 256
    dropout: float = 0.15
    seed: int = 1

    def rate_at(self, step: int) -> float:
        """Learning rate: a short rise, then a cosine down to nothing."""
        rise = min(1.0, (step + 1) / 100)
        return self.rate * rise * 0.5 * (1.0 + math.cos(math.pi * step / self.steps))


@dataclass
class Training:
    """A network on its way; `history` holds step, training loss and held-out loss."""

    recipe: Recipe
    network: Listen = field(init=False)
    optimizer: torch.optim.Optimizer = field(init=False)
    step: int = 0
    history: list[tuple[int, float, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        torch.manual_seed(self.recipe.seed)
        self.network = Listen(self.recipe.width, dropout=self.recipe.dropout)
        self.optimizer = torch.optim.AdamW(self.network.parameters(), weight_decay=1e-3)

    def advance(self, data: Stretches) -> float:
        """One step; returns its loss."""
        recipe = self.recipe
        random = np.random.default_rng((recipe.seed, self.step))
        batch = data.crops(recipe.batch, recipe.ticks, random)
        for group in self.optimizer.param_groups:
            group["lr"] = recipe.rate_at(self.step)
        self.network.train()
        loss = hearing_loss(self.network.sequence(batch.mel), batch)
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimizer.step()
        self.step += 1
        return loss.item()

    @torch.no_grad()
    def check(self, whole: Batch) -> tuple[float, Floats, Floats]:
        """The lips' loss on held-out material; mouths [ticks, 28], prosody in time with it."""
        self.network.eval()
        mouth, prosody, _ = self.network.sequence(whole.mel)
        loss = lip_loss(mouth, whole).item()
        return loss, mouth[0, LOOKAHEAD:].numpy(), prosody[0, LOOKAHEAD:].numpy()

    def save(self, path: Path) -> None:
        """Write the checkpoint; a crash leaves the old one whole."""
        fresh = path.with_suffix(".part")
        torch.save(
            {
                "width": self.recipe.width,
                "network": self.network.state_dict(),
                "optimizer": self.optimizer.state_dict(),
                "step": self.step,
                "history": self.history,
            },
            fresh,
        )
        fresh.replace(path)

    def resume(self, path: Path) -> None:
        """Go on from a checkpoint."""
        saved: dict[str, Any] = torch.load(path, weights_only=True)
        self.network.load_state_dict(saved["network"])
        self.optimizer.load_state_dict(saved["optimizer"])
        self.step, self.history = saved["step"], saved["history"]


def run(training: Training, data: Path, out: Path, every: int = 200) -> None:
    """Train to the recipe's end; check, plot and save as it goes."""
    out.mkdir(parents=True, exist_ok=True)
    stretches, whole = Stretches(data / "train.npz"), Stretches(data / "check.npz").whole()
    losses: list[float] = []
    with Progress() as progress:
        bar = progress.add_task("Training", total=training.recipe.steps, completed=training.step)
        while training.step < training.recipe.steps:
            losses.append(training.advance(stretches))
            progress.advance(bar)
            if training.step % every and training.step < training.recipe.steps:
                continue
            checked, mouths, prosody = training.check(whole)
            training.history.append((training.step, float(np.mean(losses)), checked))
            losses.clear()
            progress.update(bar, description=f"Held-out loss {checked:.4f}")
            plot_losses(out / "loss.png", training.history)
            plot_curves(out / "curves.png", mouths[:400], whole.mouth[0, :400].numpy())
            plot_prosody(out / "prosody.png", prosody[:400], whole.prosody[0, :400].numpy())
            training.save(out / "listen.pt")


def main(
    data: Annotated[Path, typer.Option(help="Folder of `train.voices.make`.")] = Path(
        "data/voices"
    ),
    out: Annotated[Path, typer.Option(help="Folder of checkpoint and plots.")] = Path(
        "data/listen"
    ),
    steps: Annotated[int, typer.Option(help="Steps in all.")] = Recipe.steps,
    width: Annotated[int, typer.Option(help="Units of each layer.")] = Recipe.width,
    seed: Annotated[int, typer.Option(help="Draws weights and batches.")] = Recipe.seed,
    threads: Annotated[int, typer.Option(help="CPU threads.")] = 1,
) -> None:
    """Train the network that hears; the same command goes on where it was interrupted."""
    torch.set_num_threads(threads)
    training = Training(Recipe(steps=steps, width=width, seed=seed))
    if (out / "listen.pt").exists():
        training.resume(out / "listen.pt")
    run(training, data, out)


if __name__ == "__main__":
    typer.run(main)
