"""What a picture of EDTalk's networks costs: as published, rewritten, exported.

    python -m bench.edtalk --output out/edtalk.json

On seeded weights: speed does not depend on what they say. All ways are measured in turn,
round by round, so that a busy machine is busy for all of them; each way's quickest round
and least CPU time count.
"""

from __future__ import annotations

import datetime
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Annotated, Final, TypeAlias

import torch
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from bench.report import machine
from export.edtalk import openvino_graph
from export.edtalk.graphs import Graphs, flat
from export.edtalk.seeded import seeded_generator
from export.edtalk.sessions import run, session
from export.parity import examples
from models.edtalk.generator import Generator, Steps

Work: TypeAlias = Callable[[], object]
Runs: TypeAlias = Callable[[dict[str, Tensor]], dict[str, Tensor]]
Opens: TypeAlias = Callable[[bytes, int], Runs]
"""Makes an ONNX file runnable by so many threads."""
THREADS: Final = (1, 2)
LAID: Final = "rewrite, expression laid over each time"
KEPT: Final = "rewrite, expression kept"


@dataclass
class Way:
    """One way to make a picture, and its times in milliseconds, one a round."""

    name: str
    where: str
    work: Work
    gflop: float
    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def measure(self) -> None:
        """One more round."""
        start, used = time.perf_counter(), time.process_time()
        self.work()
        self.wall.append((time.perf_counter() - start) * 1000)
        self.cpu.append((time.process_time() - used) * 1000)


@dataclass(frozen=True, slots=True)
class Cost:
    """What a picture costs; `less` is how many times less CPU than the first way."""

    name: str
    where: str
    gflop: float
    ms: float
    cpu_ms: float
    less: float


def gflop(work: Work) -> float:
    """Floating-point operations of convolutions and matrix products, a billion each."""
    with FlopCounterMode(display=False) as counter:
        work()
    return float(counter.get_total_flops()) / 1e9


def torch_ways(generator: Generator, graphs: Graphs, pictures: Tensor, steps: Steps) -> list[Way]:
    """As published, and the rewrite."""
    avatar = graphs.avatar
    seen, identity = generator.look(pictures), avatar.portraits(pictures)
    maps = avatar.maps(identity, steps.expression)

    def published() -> Tensor:
        """As the published programs do: the source and the pose's picture, each time."""
        pose = generator.read(generator.look(pictures).code).pose
        made: Tensor = generator(generator.look(pictures), steps._replace(pose=pose))
        return made

    ways: dict[str, Work] = {
        "as published: source and pose picture encoded each time": published,
        "as published, source kept": lambda: generator(seen, steps),
        LAID: lambda: avatar(identity, steps),
        KEPT: lambda: avatar.renders(steps, identity.code, maps),
        "rewrite, portrait: once an avatar": lambda: avatar.portraits(pictures),
    }
    return [Way(name, "torch, 1 thread", work, gflop(work)) for name, work in ways.items()]


def file_ways(graphs: Graphs, pictures: Tensor, steps: Steps, like: list[Way]) -> list[Way]:
    """The exported graphs in what runs them here; they do what the rewrite does in `like`."""
    identity = graphs.avatar.portraits(pictures)
    given = dict(zip(graphs.kept, flat(identity), strict=True))
    told = zip(Steps._fields, steps, strict=True)
    given |= {name: part for name, part in told if part is not None}
    maps = graphs.avatar.maps(identity, steps.expression)
    given |= dict(zip(graphs.named("maps"), maps, strict=True))
    gflops = {way.name: way.gflop for way in like}
    render, expression = graphs.render(), graphs.expression()
    runners: dict[str, Opens] = {"onnxruntime": _opened}
    if openvino_graph.installed():
        runners["OpenVINO"] = openvino_graph.OpenVinoGraph
    ways = []
    for name, opens in runners.items():
        for threads in THREADS:
            draw, lay = opens(render, threads), opens(expression, threads)
            where = f"{name}, {threads} thread{'s' * (threads > 1)}"
            ways.append(Way(LAID, where, partial(_laid, draw, lay, given), gflops[LAID]))
            ways.append(Way(KEPT, where, partial(draw, given), gflops[KEPT]))
    return ways


def _opened(model: bytes, threads: int) -> Runs:
    """A graph in onnxruntime."""
    return partial(run, session(model, threads))


def _laid(draw: Runs, lay: Runs, given: dict[str, Tensor]) -> object:
    return draw(given | lay(given))


def costs(ways: list[Way]) -> list[Cost]:
    """The quickest round of each way."""
    most = min(ways[0].cpu)
    return [
        Cost(it.name, it.where, it.gflop, min(it.wall), min(it.cpu), most / min(it.cpu))
        for it in ways
    ]


def bench(generator: Generator, rounds: int) -> list[Cost]:
    """Measure all ways `rounds` times after a round that does not count."""
    torch.set_num_threads(1)
    pictures, steps = examples(generator, 1, 0)
    graphs = Graphs.of(generator)
    ways = torch_ways(generator, graphs, pictures, steps)
    ways += file_ways(graphs, pictures, steps, ways)
    for way in ways:
        way.work()
    for _ in track(range(rounds), "Measuring", transient=True):
        for way in ways:
            way.measure()
    return costs(ways)


def table(found: list[Cost]) -> Table:
    """Ways as rows."""
    made = Table("a picture", "by", "GFLOP", "ms", "CPU ms", "times less")
    for it in found:
        figures = (f"{it.gflop:.1f}", f"{it.ms:.0f}", f"{it.cpu_ms:.0f}", f"{it.less:.1f}")
        made.add_row(it.name, it.where, *figures)
    return made


def main(
    output: Annotated[Path, typer.Option(help="JSON file to write.")] = Path("out/edtalk.json"),
    rounds: Annotated[int, typer.Option(help="How often each way is measured.", min=1)] = 5,
) -> None:
    """Measure, show, and write."""
    found = bench(seeded_generator(), rounds)
    console, date = Console(width=120), datetime.date.today().isoformat()
    console.print(f"{machine()}, {date}")
    console.print(table(found))
    output.parent.mkdir(parents=True, exist_ok=True)
    report = {"machine": machine(), "date": date, "ways": [asdict(it) for it in found]}
    output.write_text(json.dumps(report, indent=1) + "\n")
    console.print(f"written to {output}")


if __name__ == "__main__":
    typer.run(main)
