"""Reads one checkpoint, in a process of its own that has nothing to lose.

    python -m export.edtalk.unpickle CHECKPOINT PART TARGET

A checkpoint is a pickle. An archive must be whole, by its checksums, and unpack to no more
than it is. torch's restricted reader builds tensors, containers and the one further class
that the official files hold, `argparse.Namespace`; anything else ends it.
What is found under PART is written to TARGET as plain arrays (`.npz`), which cannot hold
code; the process that asked reads only those. The exit code says how it went.
"""

from __future__ import annotations

import argparse
import pickle  # noqa: S403 - for names of its error and opcode
import sys
import zipfile
from enum import IntEnum
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

MOST_CPU_SECONDS: Final = 300
MOST_BYTES: Final = 2 * 1024**3
"""That may be written; the largest official part has a quarter of a gigabyte."""
MOST_MEMORY: Final = 16 * 1024**3
"""Addresses, of which torch's libraries take several gigabytes."""
PARTS: Final = ("gen", "audio2lip")
"""Under which official checkpoints keep a generator, and the network that hears."""


class Outcome(IntEnum):
    """Exit codes."""

    DONE = 0
    DAMAGED = 3
    REFUSED = 4
    """It holds more than weights."""
    ANOTHER = 5
    """It has not the part that was asked for, but the other one."""
    UNKNOWN = 6
    """It has neither."""


def unpickled(checkpoint: Path) -> Any:
    """What the file holds, under the restrictions that the module tells of."""
    with torch.serialization.safe_globals([argparse.Namespace]):
        return torch.load(
            checkpoint, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(checkpoint)
        )


def whole(checkpoint: Path) -> bool:
    """Whether a file is no archive, or one whose parts fit into it and have their checksums.

    torch packs nothing: what unpacks to more than the file is was made to fill a memory.
    """
    if not zipfile.is_zipfile(checkpoint):
        return True
    with zipfile.ZipFile(checkpoint) as archive:
        unpacked = sum(part.file_size for part in archive.infolist())
        return unpacked <= checkpoint.stat().st_size and archive.testzip() is None


def arrays(part: Any) -> dict[str, np.ndarray[Any, np.dtype[Any]]] | None:
    """A state dict as arrays, float32 or int64; None if it holds anything but plain tensors.

    A tensor can be said to be larger than what is stored of it; all that would be written
    is counted first.
    """
    if not isinstance(part, dict):
        return None
    if not all(isinstance(key, str) and _plain(value) for key, value in part.items()):
        return None
    kinds = {key: _kind(value) for key, value in part.items()}
    if sum(kinds[key].itemsize * value.numel() for key, value in part.items()) > MOST_BYTES:
        return None
    return {key: value.detach().to(kinds[key]).contiguous().numpy() for key, value in part.items()}


def _plain(value: Any) -> bool:
    """Whether it is a tensor of real numbers, in a memory of its own."""
    return (
        isinstance(value, torch.Tensor)
        and value.layout is torch.strided
        and value.device.type == "cpu"
        and not (value.is_complex() or value.is_quantized)
    )


def _kind(value: torch.Tensor) -> torch.dtype:
    return torch.float32 if value.is_floating_point() else torch.int64


def outcome(checkpoint: Path, part: str, target: Path) -> Outcome:
    """Read, and write what was asked for."""
    try:
        if not whole(checkpoint):
            return Outcome.DAMAGED
        held = unpickled(checkpoint)
    except pickle.UnpicklingError:
        return Outcome.REFUSED if is_pickle(checkpoint) else Outcome.DAMAGED
    except Exception:  # a damaged file breaks the reader in a dozen ways
        return Outcome.DAMAGED
    if not isinstance(held, dict) or part not in held:
        others = isinstance(held, dict) and any(name in held for name in PARTS)
        return Outcome.ANOTHER if others else Outcome.UNKNOWN
    found: dict[str, Any] | None = arrays(held[part])
    if found is None:
        return Outcome.REFUSED
    np.savez(target, **found)
    return Outcome.DONE


def is_pickle(checkpoint: Path) -> bool:
    """Whether a file is a pickle, in torch's archive or bare, and not just noise."""
    with checkpoint.open("rb") as stream:
        return zipfile.is_zipfile(checkpoint) or stream.read(1) == pickle.PROTO


def limit() -> None:
    """Take from this process what it does not need (POSIX)."""
    try:
        import resource
    except ModuleNotFoundError:
        return
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_CPU_SECONDS, MOST_CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (MOST_BYTES, MOST_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    limit()
    sys.exit(outcome(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])))
