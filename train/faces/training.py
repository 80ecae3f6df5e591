"""A training on its way: network, its running mean, optimizers, and one step."""

from __future__ import annotations

import copy
import math
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor

from models.lite.decoder import Correction, Statics
from models.lite.layers import halved
from models.lite.network import Lite
from train.faces.adversary import Adversary
from train.faces.batches import Batch
from train.faces.features import Features
from train.faces.losses import Weights, applied, feature_loss, lite_losses
from train.faces.regions import feature_crops

FEATURES_FROM: Final = 0.08
"""Share of the training from which features count; before, colours are found."""
ADVERSARY_FROM: Final = 0.7
"""Share from which the adversary learns; it is listened to a little later."""
LISTENED: Final = 0.05
"""Share of the training over which the adversary learns alone."""


@dataclass(frozen=True)
class Recipe:
    """All that decides how a training goes, beside the data."""

    size: str = "micro"
    minutes: float = 40.0
    people: int = 4
    targets: int = 3
    judged: int = 4
    """Pictures a step whose features are compared; they cost as much as the network."""
    photos: float = 0.3
    """Share of portraits that are photographs."""
    rate: float = 1.2e-3
    adversary: float = 0.01
    seed: int = 1
    weights: Weights = field(default_factory=Weights)

    def rate_at(self, share: float) -> float:
        """Learning rate: a short rise, then a cosine down to nothing."""
        return self.rate * min(1.0, share / 0.02 + 0.02) * 0.5 * (1 + math.cos(math.pi * share))


class Training:
    """Teaches a network.

    Args:
        recipe: how.
        features: compare pictures; without them there is no feature loss.
        device: where.
    """

    def __init__(self, recipe: Recipe, features: Features | None, device: torch.device) -> None:
        torch.manual_seed(recipe.seed)
        self.recipe, self.device = recipe, device
        self.features = features.to(device) if features else None
        self.network = Lite(recipe.size).to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.mean = copy.deepcopy(self.network).requires_grad_(False).eval()
        self.adversary = Adversary().to(device)
        self._optimizer = torch.optim.AdamW(
            self.network.parameters(), betas=(0.9, 0.99), weight_decay=1e-3
        )
        self._opposing = torch.optim.Adam(self.adversary.parameters(), lr=2e-4, betas=(0.0, 0.9))
        self.step = 0
        self.spent = 0.0
        """Seconds in all."""
        self.history: list[dict[str, float]] = []

    @property
    def share(self) -> float:
        """Of the training that is over, 0..1."""
        return min(1.0, self.spent / (60 * self.recipe.minutes))

    def advance(self, batch: Batch) -> dict[str, float]:
        """One step; returns its losses by name."""
        share, batch = self.share, batch.to(self.device)
        answer = applied(batch, self.ask(self.network, batch))
        made = answer.made
        losses = lite_losses(batch, answer, self.recipe.weights, share)
        if self.features is not None and share >= FEATURES_FROM:
            judged = torch.randperm(len(batch))[: self.recipe.judged].to(self.device)
            losses["features"] = feature_loss(
                self.features, batch, made, judged, self.recipe.weights
            )
        if share >= ADVERSARY_FROM and self.recipe.adversary:
            losses |= self._oppose(batch, made, share)
        self._optimizer.param_groups[0]["lr"] = self.recipe.rate_at(share)
        self._optimizer.zero_grad(set_to_none=True)
        torch.stack([*losses.values()]).sum().backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
        self._optimizer.step()
        self.step += 1
        self._follow()
        shown = {name: float(loss.detach()) for name, loss in losses.items()}
        return {**shown, "alpha mean": float(answer.said.alpha.detach().mean())}

    def ask(self, network: Lite, batch: Batch) -> Correction:
        """What a network says about a batch; half precision, but for flows and warps."""
        with torch.autocast(self.device.type, torch.bfloat16):
            seen = batch.portraits.contiguous(memory_format=torch.channels_last)
            statics = network.look(seen, batch.landmarks, batch.readings)
            repeated = Statics(*(it.repeat_interleave(batch.repeats, 0) for it in statics))
            small = halved(batch.drawn).contiguous(memory_format=torch.channels_last)
            said: Correction = network(repeated, batch.motion, small, batch.flow)
        return said

    def save(self, path: Path) -> None:
        """Write the checkpoint; a crash leaves the old one whole."""
        fresh = path.with_suffix(".part")
        torch.save(
            {
                "recipe": asdict(self.recipe),
                "network": self.network.state_dict(),
                "mean": self.mean.state_dict(),
                "optimizer": self._optimizer.state_dict(),
                "adversary": self.adversary.state_dict(),
                "opposing": self._opposing.state_dict(),
                "step": self.step,
                "spent": self.spent,
                "history": self.history,
            },
            fresh,
        )
        fresh.replace(path)

    def start(self, known: Lite) -> None:
        """Begin from what a network of the same size knows."""
        for network in (self.network, self.mean):
            network.load_state_dict(known.state_dict())

    def resume(self, path: Path) -> None:
        """Go on from a checkpoint."""
        saved: dict[str, Any] = torch.load(path, weights_only=True, map_location=self.device)
        self.network.load_state_dict(saved["network"])
        self.mean.load_state_dict(saved["mean"])
        self._optimizer.load_state_dict(saved["optimizer"])
        self.adversary.load_state_dict(saved["adversary"])
        self._opposing.load_state_dict(saved["opposing"])
        self.step, self.spent, self.history = saved["step"], saved["spent"], saved["history"]

    def _oppose(self, batch: Batch, made: Tensor, share: float) -> dict[str, Tensor]:
        """Teach the adversary, and what it says about the mouths and eyes that were made."""
        crops = [
            *zip(
                feature_crops(made, batch.boxes), feature_crops(batch.wanted, batch.boxes),
                strict=True,
            )
        ]  # fmt: skip
        judged = [self.adversary.judge(true, false) for false, true in crops]
        self._opposing.zero_grad(set_to_none=True)
        torch.stack(judged).mean().backward()  # type: ignore[no-untyped-call]
        self._opposing.step()
        if share < ADVERSARY_FROM + LISTENED:
            return {}
        fooled = torch.stack([self.adversary.fooled(false) for false, _ in crops]).mean()
        return {"adversary": self.recipe.adversary * fooled}

    @torch.no_grad()
    def _follow(self) -> None:
        """The mean of the last steps' weights: what is judged and exported."""
        most = 0.998 if self.share < 0.8 else 0.9995
        keep = min(most, 1 - 1 / (1 + self.step / 8))
        for mean, now in zip(self.mean.parameters(), self.network.parameters(), strict=True):
            mean.lerp_(now, 1 - keep)
