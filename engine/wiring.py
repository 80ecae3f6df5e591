"""A bundle's compiled graphs, held to what its manifest says of their tensors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from engine.backends import Backend, Graph, Kept, Tensors
from engine.bundle import HALF, Bundle, GraphFile
from engine.errors import BundleError

Shape: TypeAlias = Sequence[int | str]
"""Of a tensor, as a manifest states it; text stands for any size."""


@dataclass(frozen=True, slots=True)
class Wired:
    """A compiled graph, what its messages call it, and its tensors."""

    graph: Graph
    name: str
    inputs: frozenset[str]
    outputs: Mapping[str, Shape]

    def run(self, inputs: Mapping[str, Kept]) -> Tensors:
        """Run with those of the given arrays that the graph takes; also a `Graph`.

        Raises:
            BackendError: it failed.
            BundleError: it takes what is not given, or gives what was not stated.
        """
        answer = self.graph.run(self._taken(inputs))
        self._check(answer)
        return answer

    def keep(self, inputs: Mapping[str, Kept]) -> Mapping[str, Kept]:
        """The same for other graphs: see `Graph.keep`."""
        answer = self.graph.keep(self._taken(inputs))
        self._check(answer)
        return answer

    def _taken(self, inputs: Mapping[str, Kept]) -> Mapping[str, Kept]:
        if unknown := self.inputs - inputs.keys():
            raise BundleError(_wants(self.name, unknown))
        return {name: inputs[name] for name in self.inputs}

    def _check(self, answer: Mapping[str, Kept]) -> None:
        for name, shape in self.outputs.items():
            if name not in answer or not _fits(answer[name].shape, shape):
                raise BundleError(
                    f"the bundle's graph '{self.name}' does not give '{name}' as its manifest "
                    "says: export the bundle again"
                )

    def check_inputs(self, known: frozenset[str]) -> None:
        """Raise BundleError if it takes anything besides these."""
        if unknown := self.inputs - known:
            raise BundleError(_wants(self.name, unknown))

    def check_outputs(self, **shapes: tuple[int | None, ...]) -> None:
        """Raise BundleError unless it states these outputs (None: any size)."""
        for name, shape in shapes.items():
            stated = self.outputs.get(name, ())
            if len(stated) != len(shape) or any(
                isinstance(size, int) and wanted not in (None, size)
                for size, wanted in zip(stated, shape, strict=True)
            ):
                raise BundleError(
                    f"the bundle's graph '{self.name}' should give '{name}' of shape {shape}: "
                    "export the bundle again or update Visavis"
                )


def wired(bundle: Bundle, backend: Backend, name: str) -> Wired:
    """Compile a graph of a bundle (BundleError, BackendError if it cannot be used)."""
    model = bundle.graph(name)
    stored: GraphFile = bundle.manifest.graphs[name]
    return Wired(backend.compile(name, model), name, frozenset(stored.inputs), stored.outputs)


def preferred(bundle: Bundle, backend: Backend, *names: str) -> list[str]:
    """Which graphs to take for those of these that a bundle has.

    In half precision where the backend is better at that and the bundle has all of them so.
    """
    graphs = bundle.manifest.graphs.keys()
    there = [name for name in names if name in graphs]
    halves = [name + HALF for name in there]
    return halves if backend.prefers_half and set(halves) <= graphs else there


def _fits(found: tuple[int, ...], stated: Shape) -> bool:
    return len(found) == len(stated) and all(
        isinstance(size, str) or size == length for length, size in zip(found, stated, strict=True)
    )


def _wants(name: str, unknown: frozenset[str]) -> str:
    return (
        f"the bundle's graph '{name}' wants {sorted(unknown)}, which this version does not "
        "give: export the bundle again or update Visavis"
    )
