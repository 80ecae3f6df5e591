"""What every backend must do; a new one is one more line in BACKENDS."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from engine.backends import Backend
from engine.backends.onnx import OnnxBackend
from engine.errors import BackendError
from engine.types import floats
from tests.support.graphs import adding

BACKENDS = [OnnxBackend()]


@pytest.fixture(params=BACKENDS, ids=lambda backend: type(backend).__name__)
def backend(request: pytest.FixtureRequest) -> Backend:
    chosen: Backend = request.param
    return chosen


def test_it_computes_what_the_graph_says(backend: Backend) -> None:
    graph = backend.compile("adding", adding(2.0))
    out = graph.run({"x": floats([[1.0, 2.0, 3.0]])})["out"]
    np.testing.assert_allclose(out, [[3.0, 4.0, 5.0]])


@pytest.mark.parametrize("batch", [1, 2, 8])
def test_the_batch_is_free(backend: Backend, batch: int) -> None:
    graph = backend.compile("adding", adding(1.0))
    assert graph.run({"x": np.zeros((batch, 3), np.float32)})["out"].shape == (batch, 3)


@pytest.mark.parametrize(
    "inputs",
    [{}, {"y": floats([[1, 2, 3]])}, {"x": floats([1.0])}, {"x": np.zeros((1, 3))}],
    ids=["nothing", "another name", "another shape", "another type"],
)
def test_inputs_that_do_not_fit_are_an_error_and_the_graph_lives_on(
    backend: Backend, inputs: dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float32]]]
) -> None:
    graph = backend.compile("adding", adding(1.0))
    with pytest.raises(BackendError, match="adding"):
        graph.run(inputs)
    assert graph.run({"x": np.zeros((1, 3), np.float32)})["out"].sum() == 3.0


@pytest.mark.parametrize("model", [b"", b"not a graph", adding(1.0)[:40]])
def test_what_is_no_graph_is_refused(backend: Backend, model: bytes) -> None:
    with pytest.raises(BackendError, match="export it again"):
        backend.compile("broken", model)


def test_threads_share_a_graph(backend: Backend) -> None:
    graph = backend.compile("adding", adding(1.0))
    wrong: list[int] = []

    def work(value: int) -> None:
        for _ in range(200):
            if graph.run({"x": np.full((1, 3), value, np.float32)})["out"][0, 0] != value + 1:
                wrong.append(value)

    threads = [threading.Thread(target=work, args=(value,)) for value in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_it_tells_what_it_is(backend: Backend) -> None:
    assert any(character.isdigit() for character in backend.describe())
