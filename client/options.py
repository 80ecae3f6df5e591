"""Options of a command whose value may be left out: `--microphone`, `--microphone USB`."""

from __future__ import annotations

from typing import Any, Final

from typer.core import TyperCommand

from client.card import DEFAULT

BARE: Final = frozenset({"--microphone", "--speaker", "--virtual-camera"})


class BareOptions(TyperCommand):
    """A command with such options; an address that follows one is never its value."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse what was typed, with the value put in where it was left out."""
        return super().parse_args(ctx, filled(args))


def filled(args: list[str]) -> list[str]:
    """The same arguments with `default` after each bare option."""
    whole: list[str] = []
    for arg, after in zip(args, [*args[1:], "--"], strict=True):
        whole.append(arg)
        if arg in BARE and (after.startswith("-") or "://" in after):
            whole.append(DEFAULT)
    return whole
