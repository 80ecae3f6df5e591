"""What every backend must do; a new one is one more line in BACKENDS."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

from engine.backends import Backend, Kept
from engine.backends.onnx import OnnxBackend
from engine.errors import BackendError
from engine.types import floats
from export.edtalk.graphs import Graphs
from export.edtalk.seeded import seeded_generator
from tests.support.edtalk import SMALL
from tests.support.gpu import InMemory, fake_backend, fake_rtx, real_cuda, real_tensorrt
from tests.support.graphs import adding, flat_pictures

BACKENDS: dict[str, Callable[[Path], Backend]] = {
    "onnxruntime": lambda folder: OnnxBackend(),
    "onnxruntime in a device's memory": lambda folder: InMemory(),
    "onnxruntime on a GPU": real_cuda,
    "fake TensorRT": fake_backend,
    "fake TensorRT for RTX": fake_rtx,
    "TensorRT on a GPU": real_tensorrt,
}
"""Two of them skip where there is no GPU; nothing here may ask which one it has."""


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Backend:
    return BACKENDS[request.param](tmp_path / "compiled")


def test_it_computes_what_the_graph_says(backend: Backend) -> None:
    graph = backend.compile("adding", adding(2.0))
    out = graph.run({"x": floats([[1.0, 2.0, 3.0]])})["out"]
    np.testing.assert_allclose(out, [[3.0, 4.0, 5.0]])


@pytest.mark.parametrize("batch", [1, 2, 8])
def test_the_batch_is_free(backend: Backend, batch: int) -> None:
    graph = backend.compile("adding", adding(1.0))
    assert graph.run({"x": np.zeros((batch, 3), np.float32)})["out"].shape == (batch, 3)


def test_batches_take_turns(backend: Backend) -> None:
    graph = backend.compile("adding", adding(1.0))
    for value, batch in enumerate([1, 4, 1, 8, 4, 1]):
        out = graph.run({"x": np.full((batch, 3), value, np.float32)})["out"]
        np.testing.assert_array_equal(out, np.full((batch, 3), value + 1))


def test_what_came_out_stays_as_it_is(backend: Backend) -> None:
    graph = backend.compile("adding", adding(1.0))
    first = graph.run({"x": floats([[1, 2, 3]])})["out"]
    graph.run({"x": floats([[7, 8, 9]])})
    np.testing.assert_array_equal(first, [[2, 3, 4]])


def test_inputs_may_lie_in_memory_as_they_like(backend: Backend) -> None:
    graph = backend.compile("adding", adding(1.0))
    given = floats([[1, 2], [3, 4], [5, 6]])
    for array in (given.T, given.repeat(2, axis=1)[:, ::2].T, np.asfortranarray(given.T)):
        np.testing.assert_array_equal(graph.run({"x": array})["out"], given.T + 1)


def test_pictures_are_uint8(backend: Backend) -> None:
    """A graph whose batch is not free, with several inputs."""
    graph = backend.compile("pictures", flat_pictures(2, 6, 3, side=4))
    given = {"identity": (1, 3), "mouth": (1, 2), "pose": (1, 6), "expression": (1, 3)}
    picture = graph.run({name: np.zeros(shape, np.float32) for name, shape in given.items()})
    assert picture["picture"].dtype == np.uint8
    np.testing.assert_array_equal(picture["picture"], np.full((1, 4, 4, 3), 127))


def test_what_is_kept_goes_into_other_graphs(backend: Backend) -> None:
    one, ten = (backend.compile(f"adding {n:g}", adding(n)) for n in (1.0, 10.0))
    first = one.keep({"x": floats([[1, 2, 3]])})
    second = one.keep({"x": floats([[4, 5, 6]])})
    np.testing.assert_array_equal(ten.run({"x": first["out"]})["out"], [[12, 13, 14]])
    further = ten.keep({"x": second["out"]})
    np.testing.assert_array_equal(one.run({"x": further["out"]})["out"], [[16, 17, 18]])
    np.testing.assert_array_equal(np.asarray(first["out"]), [[2, 3, 4]])
    np.testing.assert_array_equal(np.asarray(first["out"], np.float64), [[2, 3, 4]])


def test_what_is_kept_must_fit_too(backend: Backend) -> None:
    graph = backend.compile("adding", adding(1.0))
    wide = backend.compile("pictures", flat_pictures(2, 6, 3, side=4))
    given = {"identity": (1, 3), "mouth": (1, 2), "pose": (1, 6), "expression": (1, 3)}
    kept = wide.keep({name: np.zeros(shape, np.float32) for name, shape in given.items()})
    with pytest.raises(BackendError, match="adding"):
        graph.run({"x": kept["picture"]})


@pytest.fixture(scope="module", params=[False, True], ids=["single", "half"])
def edtalk(request: pytest.FixtureRequest) -> Graphs:
    return Graphs.of(seeded_generator(SMALL), half=request.param)


@pytest.fixture(scope="module")
def models(edtalk: Graphs) -> Mapping[str, bytes]:
    return edtalk.files()


def drawn(backend: Backend, models: Mapping[str, bytes], edtalk: Graphs) -> NDArray[np.uint8]:
    """A picture of EDTalk's networks, made as `engine.graph_render` does."""
    random = np.random.default_rng(0)
    steps = {name: random.normal(size=it.shape).astype("f4") for name, it in edtalk.steps.items()}
    picture = random.uniform(-1, 1, edtalk.picture["picture"].shape).astype("f4")
    kept: dict[str, Kept] = {"picture": picture, **steps}
    for name in ("portrait", "expression", "render"):
        takes = [it.name for it in onnx.load_from_string(models[name]).graph.input]
        compiled = backend.compile(name, models[name])
        kept |= compiled.keep({it: kept[it] for it in takes})
    return np.asarray(kept["picture"])


def test_edtalk_draws_what_it_draws_on_the_cpu(
    backend: Backend, models: Mapping[str, bytes], edtalk: Graphs
) -> None:
    wanted, found = (drawn(it, models, edtalk) for it in (OnnxBackend(), backend))
    assert wanted.std() > 10
    assert found.shape == (1, SMALL.size, SMALL.size, 3) and found.dtype == np.uint8
    assert np.abs(found.astype(int) - wanted).mean() < 1, "levels; a GPU may round products"


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
