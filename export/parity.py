"""Proves that nothing was lost: as published = rewritten = ONNX.

    python -m export.parity
    python -m export.parity --checkpoint EDTalk.pt --half

On seeded weights (`export.edtalk.seeded`) without a checkpoint. Each step of the way is
compared with what was published: the rewrite in float64, where only algebra counts, and
in float32; and the files, run by onnxruntime on what the files before them gave.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import torch
import typer
from rich.console import Console
from rich.table import Table
from torch import Tensor
from torch.nn import functional

from engine.errors import BundleError
from export.edtalk.checkpoints import read_audio2lip, read_generator
from export.edtalk.graphs import Graphs, listen
from export.edtalk.seeded import seeded_audio2lip, seeded_generator
from export.edtalk.sessions import COLOURS, run, session, with_colours
from models.edtalk.audio2lip import BANDS, COLUMNS, Audio2Lip
from models.edtalk.exact.avatar import Avatar
from models.edtalk.generator import Generator, Steps
from models.edtalk.layout import EXPRESSION, MOUTH, POSE

ALGEBRA: Final = 1e-9
FLOAT: Final = 1e-3
HALF: Final = 0.05
"""Shares of the largest value, at least 1, by which each step may be apart: in float64, in
float32, and where convolutions have half precision."""
STEP_SIZE: Final = 2.0
"""Deviation of the steps that are tried; those of emotions are between 1 and 5."""


@dataclass(frozen=True, slots=True)
class Apart:
    """How far one step of the way is from what was published."""

    step: str
    value: str
    most: float
    mean: float
    allowed: float

    @property
    def fine(self) -> bool:
        """Whether that is near enough."""
        return self.most <= self.allowed


def apart(step: str, value: str, found: Tensor, wanted: Tensor, allowed: float) -> Apart:
    """Compare, in shares of the largest wanted value, at least 1."""
    off = (found.double() - wanted.double()).abs() / max(1.0, float(wanted.abs().max()))
    return Apart(step, value, float(off.max()), float(off.mean()), allowed)


def examples(generator: Generator, batch: int, seed: int) -> tuple[Tensor, Steps]:
    """Smooth pictures and steps of a usual size."""
    random = torch.Generator().manual_seed(seed)
    coarse = torch.rand(batch, 3, 8, 8, generator=random)
    pictures = functional.interpolate(coarse, size=generator.layout.size, mode="bicubic")
    sizes = (MOUTH, POSE, EXPRESSION)
    told = [STEP_SIZE * torch.randn(batch, size, generator=random) for size in sizes]
    mouth, pose, expression = told
    return pictures * 2 - 1, Steps(mouth, pose, expression if generator.expressive else None)


def rewrite_apart(
    generator: Generator, kind: torch.dtype, batch: int = 1, seed: int = 0
) -> list[Apart]:
    """How far the rewrite is from what was published, both in precision `kind`."""
    published = Generator(generator.layout, expressive=generator.expressive).eval()
    published.load_state_dict(generator.state_dict())
    published = published.to(kind).requires_grad_(False)
    pictures, steps = examples(generator, batch, seed)
    pictures, steps = pictures.to(kind), steps.to(kind)
    avatar = Avatar(published)
    seen, identity = published.look(pictures), avatar.portraits(pictures)
    name = f"rewrite, {str(kind).removeprefix('torch.')}"
    allowed = ALGEBRA if kind is torch.float64 else FLOAT
    made, wanted = avatar(identity, steps), published(seen, steps)
    return [
        apart(name, "code", identity.code, seen.code, allowed),
        apart(name, "picture", made, wanted, allowed),
    ]


def files_apart(
    generator: Generator,
    files: Mapping[str, bytes],
    *,
    half: bool = False,
    batch: int = 1,
    seed: int = 0,
) -> list[Apart]:
    """How far ONNX files (`Graphs.files`) are from what was published, in float32.

    `render` warps what `expression` gave, which has what `portrait` gave.

    Args:
        generator: as published.
        files: all graphs of it.
        half: whether their convolutions have half precision.
        batch: pictures at once.
        seed: of pictures and steps.
    """
    pictures, steps = examples(generator, batch, seed)
    seen = generator.look(pictures)
    read = [part for part in generator.read(seen.code) if part is not None]
    components = Steps._fields[: len(read)]
    told = dict(zip(components, (it for it in steps if it is not None), strict=True))
    name, allowed = ("files, half", HALF) if half else ("files", FLOAT)
    given: dict[str, Tensor] = {"picture": pictures}

    watched = run(session(files["watch"]), given)
    given.update(run(session(files["portrait"]), given), **told)
    found = [apart(name, "code", given["code"], seen.code, allowed)]
    for component, wanted in zip(components, read, strict=True):
        found.append(apart(name, component, watched[component], wanted, allowed))
        rest = f"rest_{component}"
        found.append(apart(name, rest, given[rest], wanted, allowed))
    if "expression" in files:
        given.update(run(session(files["expression"]), given))
    rendered = run(session(with_colours(files["render"])), given)
    wanted = generator(seen, steps)
    levels = ((wanted.permute(0, 2, 3, 1) + 1) * 127.5).clamp(0, 255)
    return [
        *found,
        apart(name, "picture", rendered[COLOURS], wanted, allowed),
        apart(name, "grey levels", rendered["picture"], levels, max(1.0, 255 * allowed) / 255),
    ]


def hearing_apart(network: Audio2Lip, seed: int = 0) -> Apart:
    """How far the `listen` file is from the published network."""
    random = torch.Generator().manual_seed(seed)
    windows = torch.rand(5, 1, BANDS, COLUMNS, generator=random) * 8 - 4
    found = run(session(listen(network)), {"windows": windows})["mouth"]
    return apart("files", "mouth heard", found, network(windows), FLOAT)


def table(found: list[Apart]) -> Table:
    """All steps as rows."""
    made = Table("step", "value", "most", "mean", "allowed", "")
    for it in found:
        figures = (f"{it.most:.1e}", f"{it.mean:.1e}", f"{it.allowed:.0e}")
        made.add_row(it.step, it.value, *figures, "same" if it.fine else "NOT THE SAME")
    return made


def main(
    checkpoint: Annotated[
        Path | None, typer.Option(help="EDTalk.pt or EDTalk_lip_pose.pt; seeded weights else.")
    ] = None,
    sound: Annotated[Path | None, typer.Option(help="Audio2Lip.pt; seeded weights else.")] = None,
    half: Annotated[bool, typer.Option(help="Also the files in half precision.")] = False,
    seed: Annotated[int, typer.Option(help="Of pictures and steps.")] = 0,
) -> None:
    """Compare each step of the way; exit code 1 where one differs."""
    generator = read_generator(checkpoint) if checkpoint else seeded_generator()
    generator.requires_grad_(False)
    found = [
        *rewrite_apart(generator, torch.float64, seed=seed),
        *rewrite_apart(generator, torch.float32, seed=seed),
        *files_apart(generator, Graphs.of(generator).files(), seed=seed),
        hearing_apart(read_audio2lip(sound) if sound else seeded_audio2lip(), seed),
    ]
    if half:
        files = Graphs.of(generator, half=True).files()
        found += files_apart(generator, files, half=True, seed=seed)
    Console().print(table(found))
    if not all(it.fine for it in found):
        raise BundleError("the exported files do not compute what was published")


if __name__ == "__main__":
    typer.run(main)
