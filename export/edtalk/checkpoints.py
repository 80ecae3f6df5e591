"""Official checkpoints to networks: what a file holds, and whether it fits."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from engine.errors import CheckpointError
from export.edtalk.unpickle import Outcome
from models.edtalk.audio2lip import Audio2Lip
from models.edtalk.generator import Generator

GENERATOR, HEARING = "gen", "audio2lip"
WHAT: Final = {
    GENERATOR: "a generator, as EDTalk.pt and EDTalk_lip_pose.pt do",
    HEARING: "a network that hears, as Audio2Lip.pt does",
}
EXPRESSIVE_KEY: Final = "direction_exp.weight"
Network = TypeVar("Network", bound=nn.Module)
MOST_SECONDS: Final = 600
ROOT: Final = Path(__file__).parents[2]
ENVIRONMENT: Final = ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR", "TEMP")
"""All that the reading process is told of ours: no tokens, no secrets."""
REFUSED: Final = {
    Outcome.DAMAGED: "is damaged or no checkpoint: download it again",
    Outcome.REFUSED: (
        "holds more than weights and was refused; nothing of it was run: "
        "use the file that EDTalk's authors published"
    ),
}


def read_generator(file: Path) -> Generator:
    """The generator of `EDTalk.pt` or `EDTalk_lip_pose.pt`.

    Raises:
        CheckpointError: another file, a damaged one, or one that holds more than weights.
    """
    return generator_of(read_state(file, GENERATOR), file.name)


def generator_of(state: dict[str, NDArray[Any]], file: str) -> Generator:
    """The generator with these weights, which tell whether it has expressions; see `fill`."""
    with torch.device("meta"):
        generator = Generator(expressive=EXPRESSIVE_KEY in state)
    return fill(generator, state, file)


def read_audio2lip(file: Path) -> Audio2Lip:
    """The network of `Audio2Lip.pt`; see `read_generator`."""
    state = read_state(file, HEARING)
    with torch.device("meta"):
        network = Audio2Lip()
    return fill(network, state, file.name)


def read_state(file: Path, part: str) -> dict[str, NDArray[Any]]:
    """A state dict as arrays, read in a child process; see `export.edtalk.unpickle`."""
    if not file.is_file():
        raise CheckpointError(f"'{file.name}' cannot be read: check its name")
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "state.npz"
        _check(_child(file, part, target), file, part)
        try:
            with np.load(target, allow_pickle=False) as stored:
                return {key: stored[key] for key in stored.files}
        except (OSError, ValueError) as error:
            raise CheckpointError(f"'{file.name}' {REFUSED[Outcome.DAMAGED]}") from error


def _child(file: Path, part: str, target: Path) -> int:
    command = [sys.executable, "-m", "export.edtalk.unpickle"]
    told = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
    try:
        return subprocess.run(  # noqa: S603 - our own module; the file's name is an argument
            [*command, str(file.resolve()), part, str(target)],
            env={**told, "PYTHONPATH": str(ROOT)},
            cwd=ROOT,  # so that nothing is imported from where the command was given
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=MOST_SECONDS,
            check=False,
        ).returncode
    except subprocess.TimeoutExpired:
        return Outcome.DAMAGED


def _check(code: int, file: Path, part: str) -> None:
    if code == Outcome.DONE:
        return
    if code == Outcome.ANOTHER:
        other = next(name for name in WHAT if name != part)
        raise CheckpointError(
            f"'{file.name}' holds {WHAT[other]}, where one was meant that holds {WHAT[part]}: "
            "were two files swapped?"
        )
    if code == Outcome.UNKNOWN:
        raise CheckpointError(
            f"'{file.name}' is a checkpoint of something else: it should hold {WHAT[part]}"
        )
    reason = REFUSED.get(Outcome(code) if code in REFUSED else Outcome.DAMAGED)
    raise CheckpointError(f"'{file.name}' {reason}")


def fill(network: Network, state: dict[str, NDArray[Any]], file: str) -> Network:
    """The network with these weights, ready to run.

    Args:
        network: on no device.
        state: its weights by key.
        file: what messages call them.

    Raises:
        CheckpointError: a key or shape does not fit, or values are no numbers.
    """
    wanted = network.state_dict()
    odd = sorted(wanted.keys() ^ state.keys())
    if odd:
        lacks = odd[0] in wanted
        raise CheckpointError(
            f"'{file}' {'lacks' if lacks else 'has besides'} '{odd[0]}' "
            f"({len(odd)} names differ): it is of another version of EDTalk"
        )
    weights: dict[str, Tensor] = {}
    for key, value in state.items():
        if value.shape != tuple(wanted[key].shape):
            raise CheckpointError(
                f"'{key}' of '{file}' has shape {value.shape}, not "
                f"{tuple(wanted[key].shape)}: it is of another version of EDTalk"
            )
        if value.dtype.kind != ("f" if wanted[key].is_floating_point() else "i"):
            raise CheckpointError(
                f"'{key}' of '{file}' holds {value.dtype}: it is of another version of EDTalk"
            )
        if not np.isfinite(value).all():
            raise CheckpointError(f"'{key}' of '{file}' holds values that are no numbers")
        weights[key] = torch.from_numpy(value)
    network.load_state_dict(weights, assign=True)
    return network.eval().requires_grad_(False)
