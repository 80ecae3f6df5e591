"""Files laid out as EDTalk's authors publish them, on seeded weights."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from engine.types import Floats, floats
from export.edtalk.seeded import seeded_audio2lip, seeded_generator


def arguments() -> Namespace:
    """What the training programs keep beside the weights."""
    return Namespace(size=256, batch_size=4, lr=0.002, exp_name="edtalk", resume_ckpt=None)


def write_generator(file: Path) -> Path:
    """`EDTalk.pt`: the generator, parts of a training, its arguments."""
    generator = seeded_generator()
    optimiser = torch.optim.Adam([torch.nn.Parameter(torch.zeros(3))])
    torch.save(
        {
            "gen": generator.state_dict(),
            "dis": {"final_linear.1.bias": torch.zeros(1)},
            "g_optim": optimiser.state_dict(),
            "args": arguments(),
        },
        file,
    )
    return file


def write_hearing(file: Path, **beside: Any) -> Path:
    """`Audio2Lip.pt`, with whatever else is wanted beside its weights."""
    kept = {"audio2lip": seeded_audio2lip().state_dict(), "args": arguments(), **beside}
    torch.save(kept, file)
    return file


def write_expressions(folder: Path, **looks: list[float]) -> Path:
    """A folder of predefined expressions, float32 [1, 10] each."""
    folder.mkdir()
    for name, steps in looks.items():
        np.save(folder / f"{name}.npy", expression(steps)[None])
    return folder


def expression(first: list[float]) -> Floats:
    """Ten steps, of which the first are given."""
    return floats([*first, *[0.0] * (10 - len(first))])
