"""What a process does that draws for another one: see `engine.render_processes`.

It is given two open files, pipe and memory, by their numbers, and speaks with nobody else; what
it is sent is unpickled, because its parent alone can send it anything. It ends with the pipe.
"""

from __future__ import annotations

import gc
import mmap
import pickle
import signal
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Final

import cv2
import numpy as np

from engine.errors import BackendError, VisavisError
from engine.render import Identity
from engine.scene import LONG, SHORT
from engine.types import Motion

MEMORY: Final = 3 * LONG * SHORT
"""Bytes of the largest picture; the system provides those that are used."""


@dataclass(frozen=True, slots=True)
class Ready:
    """The first word: it has started."""


@dataclass(frozen=True, slots=True)
class Learn:
    """Keep an identity: its pickle, whose arrays of so many bytes follow one by one."""

    key: int
    small: bytes
    arrays: Sequence[int]


@dataclass(frozen=True, slots=True)
class Draw:
    """Draw a picture; the only message that is answered."""

    key: int
    motion: Motion


@dataclass(frozen=True, slots=True)
class Forget:
    """Keep that identity no longer."""

    key: int


@dataclass(frozen=True, slots=True)
class Drawn:
    """The shared memory begins with a picture of that shape."""

    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Failed:
    """There is no picture; the error's notes say where it arose."""

    error: VisavisError


def serve(pipe: Connection, memory: mmap.mmap) -> None:
    """Do what is asked until the other end closes."""
    known: dict[int, Identity] = {}
    with suppress(EOFError, OSError):
        pipe.send(Ready())
        while True:
            asked = pipe.recv()
            if isinstance(asked, Learn):
                known[asked.key] = _learnt(asked, pipe)
            elif isinstance(asked, Forget):
                del known[asked.key]
            else:
                pipe.send(_answer(known[asked.key], asked.motion, memory))


def _learnt(asked: Learn, pipe: Connection) -> Identity:
    arrays = []
    for size in asked.arrays:
        arrays.append(bytearray(size))
        pipe.recv_bytes_into(arrays[-1])
    identity: Identity = pickle.loads(asked.small, buffers=arrays)  # noqa: S301 (our parent's)
    return identity


def _answer(identity: Identity, motion: Motion, memory: mmap.mmap) -> Drawn | Failed:
    try:
        picture = identity.draw(motion)
        np.frombuffer(memory, np.uint8, picture.size)[:] = picture.ravel()
        return Drawn(picture.shape)
    except Exception as error:  # whatever it is, whoever asked for a picture is told
        told = error if isinstance(error, VisavisError) else BackendError("drawing failed")
        told.add_note("".join(traceback.format_exception(error)))
        return Failed(told)


def main() -> None:
    """Draw for the process that started this one."""
    for stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop, signal.SIG_IGN)  # it ends with its parent, which ends in order
    cv2.setNumThreads(1)
    gc.freeze()
    pipe, memory = Connection(int(sys.argv[1])), mmap.mmap(int(sys.argv[2]), MEMORY)
    serve(pipe, memory)
