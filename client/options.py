"""Options that several commands have, and those whose value may be left out.

`--microphone` is the default microphone, `--microphone USB` another.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import typer
from typer.core import TyperCommand

from client.card import DEFAULT

TokenOption = Annotated[
    str | None,
    typer.Option(envvar="VISAVIS_TOKEN", show_envvar=True, help="Where the server asks for one."),
]
SizeOption = Annotated[int, typer.Option(help="Width and height of a face alone, pixels.")]
FramingOption = Annotated[
    Literal["face", "whole"], typer.Option(help="The face alone, or the whole portrait.")
]
BackgroundOption = Annotated[
    str, typer.Option(help="as_is, blur, a colour as '#203040', or a picture's file.")
]
MouthOption = Annotated[
    str | None, typer.Option(metavar="SOURCE", help="What moves it: `--mouth voice`.")
]
PoseOption = Annotated[
    str | None, typer.Option(metavar="SOURCE", help="What moves the head: `--pose idle`.")
]
ExpressionOption = Annotated[
    str | None,
    typer.Option(metavar="SOURCE", help="What moves eyes and brows: `--expression still`."),
]
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
