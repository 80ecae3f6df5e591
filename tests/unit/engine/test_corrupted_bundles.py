"""Bundles that something happened to, by accident or on purpose: a sentence, and nothing left.

Each goes through the command that a user types. Whoever changes a bundle on purpose also
changes the hashes in its manifest; then what the files hold must be judged.
"""

from __future__ import annotations

import io
import random
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from PIL import Image

from engine.bundle import MANIFEST
from tests.support.bundles import MOTION, edit, hearing, put, put_graph, write_bundle
from tests.support.command import Command, Evil
from tests.support.graphs import correction, graph
from tests.support.speech import tone, write_wav

Spoil = Callable[[Path, random.Random], object]
FACE, PICTURE = "presenters/ada.npz", "presenters/ada.jpg"
FILES: Final = ("listen.onnx", "render.onnx", "mesh.npz", "mouth.png", FACE, PICTURE)
ANOTHER = "is not the file that its manifest names"
NOT_VALID = "the manifest of bundle 'faces' is not valid at"
PIECE: Final = 1 << 20
RENDER: Final = ("render", "in.wav", "out.mp4", "--bundle", "faces", "--size", "256")
NO_GRAPH = "is not an ONNX file that onnxruntime"


def flipped(file: str) -> Spoil:
    """One bit of a file is another."""

    def spoil(folder: Path, chance: random.Random) -> None:
        content = bytearray((folder / file).read_bytes())
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        (folder / file).write_bytes(content)

    return spoil


def cut(file: str) -> Spoil:
    """A file ends too soon."""

    def spoil(folder: Path, chance: random.Random) -> None:
        content = (folder / file).read_bytes()
        (folder / file).write_bytes(content[: chance.randrange(len(content))])

    return spoil


def swapped(one: str, other: str) -> Spoil:
    """Two files have each other's names."""

    def spoil(folder: Path, chance: random.Random) -> None:
        contents = (folder / one).read_bytes(), (folder / other).read_bytes()
        (folder / other).write_bytes(contents[0])
        (folder / one).write_bytes(contents[1])

    return spoil


def said(change: Callable[[dict[str, Any]], object]) -> Spoil:
    """The manifest says something else."""
    return lambda folder, chance: edit(folder, change)


def named(file: str) -> Spoil:
    """The manifest names a file elsewhere; one lies there."""

    def spoil(folder: Path, chance: random.Random) -> None:
        (folder / "outside.onnx").write_bytes(hearing())
        edit(folder, lambda manifest: manifest["graphs"]["listen"].update(file=file))

    return spoil


def sealed(file: str, content: bytes) -> Spoil:
    """A file has another content, and the manifest its hash."""
    return lambda folder, chance: put(folder, file, content)


def graphs(name: str, model: bytes) -> Spoil:
    """A graph is another one, and the manifest says so truly."""
    return lambda folder, chance: put_graph(folder, name, model)


def linked(folder: Path, chance: random.Random) -> None:
    """A file of the bundle is a link that leads out of it."""
    (folder / "listen.onnx").rename(folder.parent / "elsewhere.onnx")
    (folder / "listen.onnx").symlink_to(folder.parent / "elsewhere.onnx")


def digit(folder: Path, chance: random.Random) -> None:
    """One digit of a hash is another."""

    def change(manifest: dict[str, Any]) -> None:
        stored = chance.choice([*manifest["graphs"].values(), manifest["assets"]["mesh"]])
        at = chance.randrange(64)
        other = chance.choice([it for it in "0123456789abcdef" if it != stored["sha256"][at]])
        stored["sha256"] = stored["sha256"][:at] + other + stored["sha256"][at + 1 :]

    edit(folder, change)


def half_a_graph(folder: Path, chance: random.Random) -> None:
    content = (folder / "listen.onnx").read_bytes()
    put(folder, "listen.onnx", content[: chance.randrange(1, len(content))])


def arrays(file: str, change: Callable[[dict[str, Any]], object]) -> Spoil:
    """An array file holds other arrays, and the manifest its hash."""

    def spoil(folder: Path, chance: random.Random) -> None:
        with np.load(folder / file) as stored:
            held = {key: stored[key] for key in stored.files}
        change(held)
        made = io.BytesIO()
        np.savez_compressed(made, allow_pickle=True, **held)
        put(folder, file, made.getvalue())

    return spoil


def pickled(folder: Path, chance: random.Random) -> None:
    """An array of objects, which would run something."""
    evil = np.array([Evil(folder.parent / "ran")], dtype=object)
    arrays("mesh.npz", lambda held: held.update(units=evil))(folder, chance)


def promised(length: int, there: int) -> Spoil:
    """An array is said to have so many numbers; so many zeros are there, in a small file."""

    def spoil(folder: Path, chance: random.Random) -> None:
        header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({length},)}}".encode()
        made = io.BytesIO()
        with (
            zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
            archive.open("units.npy", "w") as units,
        ):
            units.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", 118) + header.ljust(118))
            for _ in range(there * 4 // PIECE):
                units.write(bytes(PIECE))
        put(folder, "mesh.npz", made.getvalue())

    return spoil


def great_picture(side: int) -> bytes:
    """A small PNG file that unpacks to side x side pixels of RGBA."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + kind + content
            + struct.pack(">I", zlib.crc32(kind + content))
        )  # fmt: skip

    head = struct.pack(">IIBBBBB", side, side, 8, 6, 0, 0, 0)
    rows = zlib.compress(bytes(1 << 20), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def grey() -> bytes:
    made = io.BytesIO()
    Image.new("L", (512, 64)).save(made, "PNG")
    return made.getvalue()


def reading_outside() -> bytes:
    """A graph whose weights lie in a file beside the command's user."""
    weights = TensorProto(name="rest", data_type=TensorProto.FLOAT, dims=[1, MOTION[0]])
    weights.data_location = TensorProto.EXTERNAL
    for key, value in (("location", "in.wav"), ("offset", "0"), ("length", str(4 * MOTION[0]))):
        weights.external_data.add(key=key, value=value)
    model = onnx.load_from_string(hearing())
    (kept,) = [it for it in model.graph.initializer if it.name != "rest"]
    del model.graph.initializer[:]
    model.graph.initializer.extend([kept, weights])
    return bytes(model.SerializeToString())


def endless() -> bytes:
    """A graph that makes four terabytes out of nothing."""
    return graph(
        {"mel": (1, 4, 64), "state": (1, 512)},
        {"mouth": ("a", "b"), "next_state": (1, 512)},
        [
            helper.make_node("ReduceMax", ["mel"], ["loudest"], keepdims=0),
            helper.make_node("Expand", ["loudest", "size"], ["mouth"]),
            helper.make_node("Identity", ["state"], ["next_state"]),
        ],
        {"size": np.asarray([1_000_000, 1_000_000], np.int64)},
    )


def foreign() -> bytes:
    """A graph with a step that only its maker's library knows."""
    return graph(
        {"mel": (1, 4, 64), "state": (1, 512)},
        {"mouth": (1, 28)},
        [helper.make_node("Summon", ["mel", "state"], ["mouth"], domain="evil.example")],
        {},
    )


CASES: Final[dict[str, tuple[Spoil, str]]] = {
    **{f"flipped bit, {file}": (flipped(file), ANOTHER) for file in FILES},
    **{f"cut, {file}": (cut(file), ANOTHER) for file in FILES},
    "swapped graphs": (swapped("listen.onnx", "render.onnx"), ANOTHER),
    "swapped arrays": (swapped("mesh.npz", FACE), ANOTHER),
    "missing file": (lambda folder, _: (folder / "mesh.npz").unlink(), "lacks 'mesh.npz'"),
    "linked out": (linked, "leads out of its bundle"),
    "another hash": (digit, ANOTHER),
    "cut manifest, 1": (cut(MANIFEST), "not valid|no readable"),
    "cut manifest, 2": (cut(MANIFEST), "not valid|no readable"),
    "no text": (lambda folder, _: (folder / MANIFEST).write_bytes(b"\xff\xfe{}"), "no readable"),
    "deep manifest": (lambda folder, _: (folder / MANIFEST).write_text("[" * 200_000), NOT_VALID),
    "later schema": (said(lambda it: it.update(schema_version=2)), "has schema 2"),
    "further field": (said(lambda it: it.update(run="os.system")), NOT_VALID),
    "another renderer": (said(lambda it: it.update(renderer="pickle")), NOT_VALID),
    "short hash": (said(lambda it: it["assets"]["mesh"].update(sha256="ab")), NOT_VALID),
    "fewer limits": (said(lambda it: it["components"]["pose"]["low"].pop()), NOT_VALID),
    "limits without number": (
        said(lambda it: it["components"]["pose"].update(low=[float("nan")] * 6)),
        NOT_VALID,
    ),
    "strange look": (said(lambda it: it["emotions"].update(sad={"tail": 1.0})), NOT_VALID),
    "no sizes": (said(lambda it: it.update(sizes=[])), NOT_VALID),
    "great size": (said(lambda it: it.update(sizes=[256, 1 << 40])), NOT_VALID),
    "nobody": (said(lambda it: it.update(presenters=[])), "no presenter"),
    "deaf": (said(lambda it: it["graphs"].pop("listen")), "no graph 'listen'"),
    "no mesh": (said(lambda it: it["assets"].pop("mesh")), "no asset 'mesh'"),
    "other coefficients": (
        said(lambda it: it["components"]["pose"].update(names=list("abcdef"))),
        "needs ARKit's coefficients",
    ),
    "parent folder": (named("../outside.onnx"), NOT_VALID),
    "parent in the middle": (named("presenters/../outside.onnx"), NOT_VALID),
    "whole path": (named("/etc/hostname"), NOT_VALID),
    "backslashes": (named("presenters\\..\\outside.onnx"), NOT_VALID),
    "great memory": (
        said(lambda it: it["graphs"]["listen"]["inputs"].update(state=[1, 1 << 40])),
        "state",
    ),
    "no graph": (sealed("listen.onnx", b"#!/bin/sh\ntouch ran\n"), NO_GRAPH),
    "half a graph": (half_a_graph, NO_GRAPH),
    "foreign step": (graphs("listen", foreign()), NO_GRAPH),
    "weights elsewhere": (graphs("listen", reading_outside()), NO_GRAPH),
    "endless graph": (graphs("listen", endless()), "graph 'listen' failed"),
    "another input": (graphs("listen", hearing(voice="sound")), "sound"),
    "another shape": (graphs("listen", hearing(mel=(1, 4, 32))), "graph 'listen' failed"),
    "another output": (graphs("listen", hearing(remembers=False)), "next_state"),
    "another mouth": (graphs("listen", hearing(mouth=5)), "mouth"),
    "other motions": (graphs("render", correction(0.0, 0.0, 0.0, (28, 6, 9))), "'render' failed"),
    "unknown tensor": (graphs("render", hearing()), "wants"),
    "objects": (pickled, "array file of the bundle is damaged"),
    "no arrays": (sealed("mesh.npz", b"PK\x05\x06" + bytes(18)), "lacks 'units'"),
    "no archive": (sealed("mesh.npz", b"units"), "array file of the bundle is damaged"),
    "missing array": (arrays("mesh.npz", lambda it: it.pop("units")), "lacks 'units'"),
    "shifted array": (
        arrays("mesh.npz", lambda it: it.update(units=it["units"][:, :9])), "'units'",
    ),
    "corners nowhere": (
        arrays("mesh.npz", lambda it: it.update(triangles=it["triangles"] + 468)), "'triangles'",
    ),
    "no numbers": (arrays(FACE, lambda it: it["points"].fill(np.nan)), "'points'"),
    "no turn": (arrays(FACE, lambda it: it.pop("turn")), "lacks 'turn'"),
    "great promise": (promised(10**12, 0), "damaged"),
    "bomb of arrays": (promised(100 * PIECE, 100 * PIECE), "damaged"),
    "no atlas": (sealed("mouth.png", b"<html></html>"), "mouth atlas"),
    "grey atlas": (sealed("mouth.png", grey()), "mouth atlas"),
    "bomb of an atlas": (sealed("mouth.png", great_picture(16_000)), "mouth atlas"),
    "no portrait": (sealed(PICTURE, b"GIF89a"), "not a picture"),
    "bomb of a portrait": (sealed(PICTURE, great_picture(32_000)), "far too large|at most"),
}  # fmt: skip


@pytest.fixture
def command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    write_wav(tmp_path / "in.wav", tone(0.08), 48_000)
    write_bundle(tmp_path / "faces")
    return Command(tmp_path, monkeypatch, capsys)


def test_a_healthy_bundle_makes_a_film(command: Command, tmp_path: Path) -> None:
    assert command(*RENDER) == (0, "") and (tmp_path / "out.mp4").exists()


@pytest.mark.parametrize("name", CASES)
def test_a_corrupted_bundle_is_refused(command: Command, tmp_path: Path, name: str) -> None:
    spoil, sentence = CASES[name]
    spoil(tmp_path / "faces", random.Random(name))
    command.refused(sentence, *RENDER)
