"""Arrows between the parts point one way, and heavy libraries stay in their rooms."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PARTS = ("engine", "server", "client", "models", "train", "export", "bench")
MAY_IMPORT = {
    "engine": set[str](),
    "server": {"engine"},
    "client": {"server.protocol"},
    "models": {"engine"},
    "train": {"models", "engine"},
    "export": {"models", "engine"},
    "bench": {"engine", "server", "client"},
}
ROOMS = {
    "torch": ("models/", "train/", "export/"),
    "aiortc": (
        "server/media/peer.py",
        "server/media/tracks.py",
        "server/media/offers.py",
        "server/aiortc_compat.py",
        "client/call.py",
    ),
    "aioice": ("server/aiortc_compat.py",),
    "tensorrt": ("engine/backends/tensorrt.py",),
    "tensorrt_rtx": ("engine/backends/tensorrt.py",),
    "asyncio": ("server/", "client/", "bench/"),
    "socket": ("server/", "client/", "bench/"),
    "onnxruntime": ("engine/backends/onnx.py", "train/", "export/"),
    "mediapipe": ("engine/tracker.py",),
    "sounddevice": ("client/card.py", "server/doctor.py"),
    "pyvirtualcam": ("client/virtual_camera.py",),
    "fastapi": ("server/",),
}


def modules() -> list[Path]:
    return [path for part in PARTS for path in sorted((ROOT / part).rglob("*.py"))]


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            yield node.module or ""


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_imports_only_what_its_part_may(path: Path) -> None:
    part = path.relative_to(ROOT).parts[0]
    for name in imports(path):
        top = name.split(".")[0]
        if top in PARTS and top != part:
            allowed = MAY_IMPORT[part]
            assert top in allowed or name in allowed, f"{part} must not import {name}"


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_heavy_libraries_stay_in_their_rooms(path: Path) -> None:
    place = str(path.relative_to(ROOT))
    for name in imports(path):
        rooms = ROOMS.get(name.split(".")[0])
        assert rooms is None or place.startswith(rooms), f"{place} must not import {name}"


def test_every_part_is_looked_at() -> None:
    assert {path.relative_to(ROOT).parts[0] for path in modules()} == set(PARTS)


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_can_be_read_in_one_go(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 500
