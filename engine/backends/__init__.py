"""What runs a bundle's graphs. One protocol, so that a session never knows which."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, TypeAlias

from numpy.typing import NDArray

Tensors: TypeAlias = dict[str, NDArray[Any]]


class Graph(Protocol):
    """A compiled graph; safe to run from several threads."""

    def run(self, inputs: Mapping[str, NDArray[Any]]) -> Tensors:
        """Run once.

        Args:
            inputs: one array for each input's name.

        Returns:
            One array for each output's name.

        Raises:
            BackendError: the arrays do not fit the graph, or it failed.
        """
        ...


class Backend(Protocol):
    """Compiles graphs for one kind of device."""

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
