"""What runs a bundle's graphs. One protocol, so that a session never knows which."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeAlias

from numpy.typing import NDArray

Tensors: TypeAlias = dict[str, NDArray[Any]]
Tell: TypeAlias = Callable[[str, float], object]
"""Is told which graph is being compiled, and how much of that is done, 0..1."""


class Kept(Protocol):
    """An array, or what a backend holds of one where it computes.

    An array is one itself; `np.asarray` makes an array of any.
    """

    @property
    def shape(self) -> tuple[int, ...]:
        """Its sizes."""
        ...

    def __array__(self, dtype: Any = None, /, *, copy: bool | None = None) -> NDArray[Any]: ...


class Graph(Protocol):
    """A compiled graph; safe to run from several threads."""

    def run(self, inputs: Mapping[str, Kept]) -> Tensors:
        """Run once.

        Args:
            inputs: an array for each input's name, or what a graph of the same backend kept.

        Returns:
            One array for each output's name.

        Raises:
            BackendError: the arrays do not fit the graph, or it failed.
        """
        ...

    def keep(self, inputs: Mapping[str, Kept]) -> Mapping[str, Kept]:
        """Run once, for other graphs: what comes out stays where they compute.

        EDTalk's `render` needs 16 MB of an avatar for each picture; on a GPU they are made
        there and never leave. On a CPU this is `run`.
        """
        ...


class Backend(Protocol):
    """Compiles graphs for one kind of device."""

    @property
    def prefers_half(self) -> bool:
        """Whether graphs in half precision are the better ones here."""
        ...

    def compile(self, name: str, model: bytes) -> Graph:
        """Make a graph runnable.

        Args:
            name: what messages call it.
            model: an ONNX file whose hash the bundle has checked.

        Raises:
            BackendError: this backend cannot run it.
        """
        ...

    def describe(self) -> str:
        """Name, version and device, for logs and reports."""
        ...
