"""Tells whether the engine still draws as it did: a number for the state of its modules."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from pathlib import Path

import engine


def drawn_by() -> str:
    """A number for all modules that take part in drawing a picture of the mesh."""
    left, known = ["render", "landmark_maps"], dict[str, bytes]()
    while left:
        module = left.pop()
        path = Path(engine.__file__).parent / f"{module}.py"
        if module not in known and path.exists():
            known[module] = path.read_bytes()
            left += _imported(known[module])
    return hashlib.sha256(b"".join(known[module] for module in sorted(known))).hexdigest()[:16]


def _imported(source: bytes) -> Iterator[str]:
    """Names after `engine.` in a module's imports."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module:
            package, _, module = node.module.partition(".")
            if package == "engine":
                yield from (module, *(name.name for name in node.names))
