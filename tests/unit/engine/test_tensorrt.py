"""Graphs by TensorRT: when they are compiled, and what travels between machine and GPU.

What every backend must do is in `tests/contract/test_backend.py`.
"""

from __future__ import annotations

import gc
import threading
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from engine.backends import cuda as driver
from engine.backends.compiled_cache import CompiledCache
from engine.backends.cuda import Cuda
from engine.backends.tensorrt import TensorRtBackend
from engine.backends.tensorrt_build import BATCHES
from engine.errors import BackendError
from engine.types import floats
from tests.support.fakes.fake_cuda import FakeCuda
from tests.support.fakes.fake_tensorrt import fake_tensorrt
from tests.support.gpu import fake_backend, nothing
from tests.support.graphs import adding, graph

ONES = floats([[1, 1, 1]])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "compiled"


@pytest.fixture
def library() -> FakeCuda:
    return FakeCuda()


@pytest.fixture(params=["tensorrt", "tensorrt_rtx"])
def package(request: pytest.FixtureRequest, library: FakeCuda) -> Any:
    return fake_tensorrt(library, request.param)


def test_a_graph_is_compiled_once(folder: Path, library: FakeCuda, package: Any) -> None:
    for _ in range(2):
        backend = fake_backend(folder, library, package)
        assert backend.compile("adding", adding(1.0)).run({"x": ONES})["out"][0, 0] == 2
    assert len(package.package.built) == 1
    backend.compile("adding", adding(2.0))
    assert len(package.package.built) == 2


@pytest.mark.parametrize("change", ["version", "GPU", "capability", "package", "driver"])
def test_for_anything_else_it_is_compiled_again(
    folder: Path, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_backend(folder).compile("adding", adding(1.0))
    library = FakeCuda()
    if change == "GPU":
        library = FakeCuda(name="NVIDIA Fake 3090")
    elif change == "capability":
        library = FakeCuda(capability=(8, 6))
    elif change == "driver":
        monkeypatch.setattr(driver, "KERNEL_MODULE", folder.with_name("version"))
        driver.KERNEL_MODULE.write_text("580.65\n")
    package = fake_tensorrt(
        library,
        "tensorrt_rtx" if change == "package" else "tensorrt",
        "12.0" if change == "version" else "11.4.0",
    )
    fake_backend(folder, library, package).compile("adding", adding(1.0))
    assert len(package.package.built) == 1


def test_a_damaged_engine_is_never_deserialised(
    folder: Path, library: FakeCuda, package: Any
) -> None:
    fake_backend(folder, library, package).compile("adding", adding(1.0))
    for file in folder.iterdir():
        content = bytearray(file.read_bytes())
        content[-1] ^= 1
        file.write_bytes(content)
    compiled = fake_backend(folder, library, package).compile("adding", adding(1.0))
    assert compiled.run({"x": ONES})["out"][0, 0] == 2
    assert len(package.package.built) == 2
    assert set(package.package.loaded) <= set(package.package.built)


def test_an_engine_that_tensorrt_refuses_is_compiled_again(folder: Path, library: FakeCuda) -> None:
    older = fake_tensorrt(library)
    fake_backend(folder, library, older).compile("adding", adding(1.0))
    newer = fake_tensorrt(library)
    newer.package.version = "by another build of the same version"
    compiled = fake_backend(folder, library, newer).compile("adding", adding(1.0))
    assert len(newer.package.built) == 1 and len(newer.package.loaded) == 2
    assert compiled.run({"x": ONES})["out"][0, 0] == 2


def test_how_far_it_is_is_told(folder: Path, library: FakeCuda, package: Any) -> None:
    told: list[tuple[str, float]] = []
    backend = fake_backend(folder, library, package, lambda *step: told.append(step))
    backend.compile("adding", adding(1.0))
    shares = [share for _, share in told]
    assert {name for name, _ in told} == {"adding"}
    assert shares[0] == 0.0 and shares[-1] == 1.0 and shares == sorted(shares)
    assert len(set(shares)) > 4
    told.clear()
    backend.compile("adding", adding(1.0))
    assert not told, "it was compiled before"


def test_work_is_recorded_once_and_only_launched(
    folder: Path, library: FakeCuda, package: Any
) -> None:
    compiled = fake_backend(folder, library, package).compile("adding", adding(1.0))
    compiled.run({"x": ONES})
    before = library.called.copy()
    for _ in range(5):
        compiled.run({"x": ONES})
    called = library.called - before
    assert called["cuGraphLaunch"] == called["cuEventSynchronize"] == 5
    assert not any("Alloc" in name or "Capture" in name for name in called)


def test_where_work_cannot_be_recorded_it_is_done_all_the_same(
    folder: Path, library: FakeCuda, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = fake_tensorrt(library, "tensorrt_rtx")
    package.BuilderFlag.REQUIRE_USER_ALLOCATION = "something else"
    compiled = fake_backend(folder, library, package).compile("adding", adding(1.0))
    assert compiled.run({"x": ONES})["out"][0, 0] == 2
    assert library.called["cuGraphLaunch"] == 0


def test_what_is_kept_does_not_travel(folder: Path, library: FakeCuda, package: Any) -> None:
    backend = fake_backend(folder, library, package)
    one, ten = (backend.compile(f"adding {n:g}", adding(n)) for n in (1.0, 10.0))
    library.uploaded = 0
    kept = one.keep({"x": ONES})
    assert library.uploaded == ONES.nbytes and library.called["cuMemcpyDtoHAsync_v2"] == 0
    for _ in range(3):
        ten.run({"x": kept["out"]})
    assert library.uploaded == ONES.nbytes


def test_memory_is_given_back(folder: Path, library: FakeCuda, package: Any) -> None:
    backend = fake_backend(folder, library, package)
    compiled = backend.compile("adding", adding(1.0))
    compiled.run({"x": ONES})
    compiled.keep({"x": ONES})
    before = library.allocated
    kept = compiled.keep({"x": ONES})
    assert library.allocated > before
    one = kept["out"]
    del kept
    np.testing.assert_array_equal(np.asarray(one), [[2, 2, 2]])
    del one
    gc.collect()
    assert library.allocated == before
    del compiled
    gc.collect()
    assert library.allocated == 0
    assert library.called["cuStreamCreate"] == library.called["cuStreamDestroy_v2"]
    assert library.called["cuGraphInstantiateWithFlags"] == library.called["cuGraphExecDestroy"]


def test_a_full_gpu_is_said_and_what_runs_runs_on(folder: Path) -> None:
    library = FakeCuda(room=20_000)
    compiled = fake_backend(folder, library).compile("adding", adding(1.0))
    kept = []
    with pytest.raises(BackendError, match="memory is full"):
        for _ in range(1_000):
            kept.append(compiled.keep({"x": ONES}))
    assert len(kept) > 3
    assert compiled.run({"x": ONES})["out"][0, 0] == 2


def test_any_thread_may_run_it(folder: Path, library: FakeCuda, package: Any) -> None:
    compiled = fake_backend(folder, library, package).compile("adding", adding(1.0))
    found: list[float] = []
    thread = threading.Thread(
        target=lambda: found.append(compiled.run({"x": ONES})["out"][0, 0].item())
    )
    thread.start()
    thread.join()
    assert found == [2.0]


def test_batches_up_to_the_largest_fit(folder: Path, library: FakeCuda, package: Any) -> None:
    compiled = fake_backend(folder, library, package).compile("adding", adding(1.0))
    most = BATCHES[-1]
    assert compiled.run({"x": np.zeros((most, 3), np.float32)})["out"].shape == (most, 3)
    for refused in (0, most + 1):
        with pytest.raises(BackendError, match=f"1 to {most} at once"):
            compiled.run({"x": np.zeros((refused, 3), np.float32)})


def test_inputs_for_different_batches_are_refused(folder: Path) -> None:
    both = graph(
        {"x": ["batch", 3], "y": ["batch", 3]},
        {"out": ["batch", 3]},
        [onnx.helper.make_node("Add", ["x", "y"], ["out"])],
        {},
    )
    compiled = fake_backend(folder).compile("both", both)
    with pytest.raises(BackendError, match="different numbers"):
        compiled.run({"x": ONES, "y": np.zeros((2, 3), np.float32)})


def test_only_the_batch_may_be_free(folder: Path) -> None:
    wide = graph(
        {"x": ["batch", "width"]},
        {"out": ["batch", "width"]},
        [onnx.helper.make_node("Neg", ["x"], ["out"])],
        {},
    )
    with pytest.raises(BackendError, match="'wide'.*'x'.*export it again"):
        fake_backend(folder).compile("wide", wide)


def test_what_rtx_finished_compiling_is_kept(folder: Path, library: FakeCuda) -> None:
    package = fake_tensorrt(library, "tensorrt_rtx")
    fake_backend(folder, library, package).compile("adding", adding(1.0))
    again = fake_backend(folder, library, package)
    key = again._key(adding(1.0))
    assert CompiledCache(folder).get(f"{key} kernels") == b"kernels"
    again.compile("adding", adding(1.0))
    assert CompiledCache(folder).get(f"{key} kernels") == b"kernels" * 2, "those and the new ones"


@pytest.mark.parametrize("capability", [(9, 0), (7, 0)])
def test_rtx_is_not_for_every_gpu(folder: Path, capability: tuple[int, int]) -> None:
    library = FakeCuda("NVIDIA Fake H200", capability)
    rtx, classic = (fake_tensorrt(library, name) for name in ("tensorrt_rtx", "tensorrt"))
    with pytest.raises(BackendError, match=r"Fake H200.*'tensorrt'.*--backend cuda"):
        fake_backend(folder, library, rtx)
    backend = TensorRtBackend(Cuda(library), CompiledCache(folder), nothing, [rtx, classic])
    assert backend.describe().startswith("tensorrt 11.4.0, NVIDIA Fake H200")


def test_a_driver_that_tensorrt_cannot_use_is_said(
    folder: Path, library: FakeCuda, package: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refusing(logger: object) -> None:
        raise TypeError("pybind11::init(): factory function returned nullptr")

    monkeypatch.setattr(package, "Runtime", refusing)
    with pytest.raises(BackendError, match="newer driver"):
        fake_backend(folder, library, package)


def test_a_failure_of_the_gpu_is_named(folder: Path, library: FakeCuda) -> None:
    compiled = fake_backend(folder, library).compile("adding", adding(1.0))
    library.broken = True
    with pytest.raises(BackendError, match="CUDA_ERROR_FAKE from cu.*--backend onnx"):
        compiled.run({"x": ONES})


def test_without_a_gpu_one_sentence_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BackendError, match="GPU"):
        Cuda(FakeCuda(count=0))
    monkeypatch.setattr(driver, "LIBRARY", "libno-such-driver.so.1")
    with pytest.raises(BackendError, match="no driver of an NVIDIA GPU"):
        Cuda.open()
