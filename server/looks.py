"""Looks: sets of controls with names, kept for those who saved them."""

from __future__ import annotations

import asyncio
import logging
import os
import tempfile
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from engine.errors import LooksFull, UnknownLook
from server import limits
from server.protocol import ControlsPatch, Look

log = logging.getLogger(__name__)
Kept = dict[str, dict[str, ControlsPatch]]
"""By person, by name."""
KEPT: Final[TypeAdapter[Kept]] = TypeAdapter(Kept)


class Looks:
    """The looks of one server.

    Args:
        path: JSON file that keeps them; without one they end with the server. A file that
            cannot be read is left as it is, and not written to.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._kept: Kept = {}
        self._writing = asyncio.Lock()
        if path is not None and path.exists():
            try:
                self._kept = KEPT.validate_json(path.read_bytes())
            except (OSError, ValidationError):
                log.warning("the file of looks cannot be read: looks are not kept")
                self._path = None

    def of(self, sub: str) -> list[Look]:
        """Somebody's looks, by name."""
        own = self._kept.get(sub, {})
        return [Look(name=name, controls=own[name]) for name in sorted(own)]

    async def save(self, sub: str, look: Look) -> None:
        """Keep one; an older one of that name goes (LooksFull if there are too many)."""
        own = self._kept.get(sub, {})
        if look.name not in own and len(own) >= limits.LOOKS:
            raise LooksFull(f"you have {limits.LOOKS} looks: delete one first")
        if sub not in self._kept and len(self._kept) >= limits.LOOK_PEOPLE:
            raise LooksFull("this server keeps no more people's looks")
        self._kept[sub] = {**own, look.name: look.controls}
        await self._write()

    async def delete(self, sub: str, name: str) -> None:
        """Forget one (UnknownLook if there is none of that name)."""
        if self._kept.get(sub, {}).pop(name, None) is None:
            raise UnknownLook("there is no look of that name")
        if not self._kept[sub]:
            del self._kept[sub]
        await self._write()

    async def _write(self) -> None:
        if self._path is None:
            return
        async with self._writing:
            await asyncio.to_thread(_replace, self._path, KEPT.dump_json(self._kept, indent=1))


def _replace(path: Path, content: bytes) -> None:
    """Write the whole file, or leave the old one."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, partial = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.replace(partial, path)
    except OSError:
        log.warning("looks cannot be written: they are kept until the server ends")
