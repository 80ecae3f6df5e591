"""Checkpoints that something happened to, by accident or on purpose: a sentence, and nothing left.

Each goes through the command that a user types. Files are read in this process, which is
quick; the worst of them by the process of their own, too.
"""

from __future__ import annotations

import io
import pickle
import random
import shutil
import struct
import warnings
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
import torch

from export.edtalk import checkpoints
from export.edtalk.unpickle import outcome
from tests.support.command import Command, Evil
from tests.support.official import arguments, write_expressions, write_hearing

Spoil = Callable[[Path, random.Random], object]
"""Changes `Audio2Lip.pt`, or another of the files in a folder."""
HEARING, GENERATOR, LOOKS = "Audio2Lip.pt", "EDTalk.pt", "looks"
DAMAGED = "is damaged or no checkpoint"
MORE = "holds more than weights and was refused; nothing of it was run"
PIECE: Final = 1 << 20


def cut(folder: Path, chance: random.Random) -> None:
    content = (folder / HEARING).read_bytes()
    (folder / HEARING).write_bytes(content[: chance.randrange(len(content))])


def flipped(folder: Path, chance: random.Random) -> None:
    """One bit of a record is another, be it of weights or of the pickle."""
    content = bytearray((folder / HEARING).read_bytes())
    with zipfile.ZipFile(folder / HEARING) as archive:
        part = chance.choice([it for it in archive.infolist() if it.file_size])
    name, extra = struct.unpack_from("<HH", content, part.header_offset + 26)
    start = part.header_offset + 30 + name + extra
    content[start + chance.randrange(part.file_size)] ^= 1 << chance.randrange(8)
    (folder / HEARING).write_bytes(content)


def swapped(folder: Path, chance: random.Random) -> None:
    (folder / HEARING).rename(folder / "other")
    (folder / GENERATOR).rename(folder / HEARING)
    (folder / "other").rename(folder / GENERATOR)


def written(content: bytes) -> Spoil:
    return lambda folder, chance: (folder / HEARING).write_bytes(content)


def saved(held: Any) -> Spoil:
    return lambda folder, chance: torch.save(held, folder / HEARING)


def state(change: Callable[[dict[str, Any]], object]) -> Spoil:
    """The right file, but for something in its weights."""

    def spoil(folder: Path, chance: random.Random) -> None:
        held = torch.load(folder / HEARING, weights_only=False)
        change(held["audio2lip"])
        torch.save(held, folder / HEARING)

    return spoil


def evil(hide: Callable[[Evil], Any], protocol: int | None = None) -> Spoil:
    """Something in the file would run when it is read; bare, or in torch's archive."""

    def spoil(folder: Path, chance: random.Random) -> None:
        held = hide(Evil(folder / "ran"))
        if protocol is None:
            torch.save(held, folder / HEARING)
        else:
            (folder / HEARING).write_bytes(pickle.dumps(held, protocol))

    return spoil


class Calls:
    """Is unpickled by a call of its own choice."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self._call = function, arguments

    def __reduce__(self) -> tuple[Any, ...]:
        return self._call


def calling(function: Callable[..., Any], *arguments: Any) -> Spoil:
    return saved({"audio2lip": {"mapping.bias": Calls(function, *arguments)}})


def packed(folder: Path, chance: random.Random) -> None:
    """A record that unpacks to 400 MB."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        with archive.open("archive/data.pkl", "w") as record:
            for _ in range(400):
                record.write(bytes(PIECE))
        archive.writestr("archive/version", "3\n")
    (folder / HEARING).write_bytes(made.getvalue())


def overlapping(folder: Path, chance: random.Random) -> None:
    """A directory that names one record a thousand times."""
    content = (folder / HEARING).read_bytes()
    end = content.rindex(b"PK\x05\x06")
    size, start = struct.unpack_from("<II", content, end + 12)
    entries = content[start : start + size] * 100
    tail = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 9_999, 9_999, len(entries), start, 0)
    (folder / HEARING).write_bytes(content[:start] + entries + tail)


def looks(name: str, content: bytes) -> Spoil:
    return lambda folder, chance: (folder / LOOKS / name).write_bytes(content)


def promise() -> bytes:
    """An array file that says to hold four terabytes."""
    header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (1000000, 1000000)}".ljust(118)
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", 118) + header


def objects() -> bytes:
    made = io.BytesIO()
    np.save(made, np.array([Evil(Path("ran"))], dtype=object), allow_pickle=True)
    return made.getvalue()


STRETCHED = torch.zeros(1).expand(1_000_000, 1_000_000)
LOUD = torch.zeros(20, dtype=torch.complex64)
CASES: Final[dict[str, tuple[Spoil, str]]] = {
    **{f"cut, {n}": (cut, DAMAGED) for n in range(5)},
    **{f"flipped bit, {n}": (flipped, DAMAGED) for n in range(6)},
    "nothing": (written(b""), DAMAGED),
    "a page": (written(b"<html>Too many requests</html>"), DAMAGED),
    "a pointer": (written(b"version https://git-lfs.github.com/spec/v1\n"), DAMAGED),
    "an archive": (written(b"PK\x05\x06" + bytes(18)), DAMAGED),
    "swapped": (swapped, "were two files swapped"),
    "another network": (saved({"model": {}}), "checkpoint of something else"),
    "a list": (saved([1, 2]), "checkpoint of something else"),
    "missing weights": (state(lambda it: it.pop("mapping.bias")), "lacks 'mapping.bias'"),
    "further weights": (state(lambda it: it.update(more=torch.zeros(1))), "besides 'more'"),
    "another shape": (state(lambda it: it.update({"mapping.bias": torch.zeros(21)})), r"\(21,\)"),
    "whole numbers": (
        state(lambda it: it.update({"mapping.bias": torch.zeros(20, dtype=torch.int32)})), "int64",
    ),
    "complex numbers": (state(lambda it: it.update({"mapping.bias": LOUD})), MORE),
    "no numbers": (state(lambda it: it["mapping.bias"].fill_(torch.inf)), "no numbers"),
    "a word": (state(lambda it: it.update({"mapping.bias": "loud"})), MORE),
    "a number as a name": (saved({"audio2lip": {7: torch.zeros(1)}}), MORE),
    "code in the archive": (evil(lambda it: {"audio2lip": {"mapping.bias": it}}), MORE),
    "code beside the weights": (evil(lambda it: {"audio2lip": {}, "args": it}), MORE),
    "code among arguments": (
        evil(lambda it: {"audio2lip": {}, "args": [arguments(), {"lr": it}]}), MORE,
    ),
    "code in a bare pickle": (evil(lambda it: {"audio2lip": it}, 2), MORE),
    "code in a later pickle": (evil(lambda it: {"audio2lip": it}, 4), MORE),
    "eval": (calling(eval, "open('ran', 'w')"), MORE),
    "a shell": (calling(__import__("subprocess").getoutput, "touch ran"), MORE),
    "an import": (calling(__import__, "antigravity"), MORE),
    "a partial call": (calling(partial, print, "ran"), MORE),
    "another pickle": (calling(pickle.loads, b"cos\nsystem\n(S'touch ran'\ntR."), MORE),
    "stretched weights": (saved({"audio2lip": {"mapping.bias": STRETCHED}}), MORE),
    "bomb": (packed, DAMAGED),
    "overlapping records": (overlapping, DAMAGED),
    "an expression of objects": (looks("happy.npy", objects()), "expression that can be read"),
    "a great expression": (looks("happy.npy", promise()), "expression that can be read"),
    "a path as a look": (looks("..happy.npy", promise()), "no name of a look"),
}  # fmt: skip
WORST: Final = ("code in a bare pickle", "stretched weights")
IMPORT: Final = ("import", GENERATOR, HEARING, "faces", "--expressions", LOOKS)


@pytest.fixture(scope="module")
def hearing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_hearing(tmp_path_factory.mktemp("hearing") / HEARING)


@pytest.fixture
def command(
    tmp_path: Path,
    hearing: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Command:
    shutil.copy(hearing, tmp_path)
    torch.save({"gen": {"more": torch.zeros(1)}, "args": arguments()}, tmp_path / GENERATOR)
    write_expressions(tmp_path / LOOKS, happy=[1.0])
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path.parent))  # torch makes that folder
    return Command(tmp_path, monkeypatch, capsys)


def inside(file: Path, part: str, target: Path) -> int:
    """What the process of their own does, without one."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch warns of pickles newer than its own
        return outcome(file, part, target)


def test_a_healthy_file_that_hears_is_not_what_is_refused(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "_child", inside)
    command.refused(f"'{GENERATOR}' (lacks|has besides)", *IMPORT)


@pytest.mark.parametrize("name", CASES)
def test_a_corrupted_checkpoint_is_refused(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(checkpoints, "_child", inside)
    spoil, sentence = CASES[name]
    spoil(tmp_path, random.Random(name))
    command.refused(sentence, *IMPORT)


@pytest.mark.parametrize("name", WORST)
def test_the_worst_are_refused_by_the_process_of_their_own(
    command: Command, tmp_path: Path, name: str
) -> None:
    spoil, sentence = CASES[name]
    spoil(tmp_path, random.Random(name))
    command.refused(sentence, *IMPORT)
