"""Which backend a bundle gets, and what is said where it is not the one that was wanted."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

from engine.backends import available
from engine.backends.available import Available, Wanted
from engine.backends.cuda import Cuda
from engine.backends.onnx import CPU, CUDA, OnnxBackend, OnnxCudaBackend
from engine.backends.tensorrt import TensorRtBackend, installed
from engine.bundle import Bundle, Manifest
from engine.errors import BackendError
from engine.studio import Studio
from tests.support.bundles import drawing_bundle
from tests.support.fakes.fake_cuda import FakeCuda
from tests.support.fakes.fake_tensorrt import fake_tensorrt
from tests.support.gpu import fake_backend
from tests.support.motions import motion


def no_gpu() -> Cuda:
    raise BackendError("there is no GPU (buy one)")


class Machine:
    """One with a fake GPU, if any, and with or without its packages."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self._folder, self._patch = folder, patch
        self.library = FakeCuda()
        self.said: list[str] = []
        self.gpu: Callable[[], Cuda] = no_gpu
        self.installed()

    def installed(self, *, tensorrt: bool = False, onnxruntime_gpu: bool = False) -> None:
        packages: list[Any] = [fake_tensorrt(self.library)] if tensorrt else []
        self._patch.setattr(available, "installed", lambda: packages)
        providers = [CUDA, CPU] if onnxruntime_gpu else [CPU]
        self._patch.setattr(onnxruntime, "get_available_providers", lambda: providers)

    def has_gpu(self) -> None:
        self.gpu = lambda: Cuda(self.library)

    def choose(self, wanted: Wanted, manifest: Manifest) -> list[type[object]]:
        chosen = Available(self._folder, gpu=self.gpu).choose(wanted, self.said.append, manifest)
        return [type(backend) for backend in chosen]


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(tmp_path / "compiled", monkeypatch)


@pytest.fixture(scope="module")
def mesh() -> Manifest:
    return Bundle.open().manifest


@pytest.fixture(scope="module")
def drawn(mesh: Manifest) -> Manifest:
    return mesh.model_copy(update={"renderer": "graph"})


def test_without_a_gpu_the_best_is_the_cpu_and_nothing_is_said(
    machine: Machine, drawn: Manifest
) -> None:
    machine.installed(tensorrt=True, onnxruntime_gpu=True)
    assert machine.choose("auto", drawn) == [OnnxBackend]
    assert not machine.said


def test_the_best_is_tensorrt_then_onnxruntime_on_the_gpu(
    machine: Machine, drawn: Manifest
) -> None:
    machine.has_gpu()
    machine.installed(tensorrt=True, onnxruntime_gpu=True)
    assert machine.choose("auto", drawn) == [TensorRtBackend, OnnxCudaBackend, OnnxBackend]
    machine.installed(onnxruntime_gpu=True)
    assert machine.choose("auto", drawn) == [OnnxCudaBackend, OnnxBackend]
    assert not machine.said


def test_a_gpu_that_lies_idle_is_told_of_once(machine: Machine, drawn: Manifest) -> None:
    machine.has_gpu()
    assert machine.choose("auto", drawn) == [OnnxBackend]
    assert machine.said == [
        "TensorRT is not installed (pip install 'visavis[tensorrt]'); onnxruntime draws on the CPU"
    ]


def test_the_mesh_is_drawn_on_the_cpu_unless_one_asks(machine: Machine, mesh: Manifest) -> None:
    machine.has_gpu()
    machine.installed(tensorrt=True)
    assert machine.choose("auto", mesh) == [OnnxBackend]
    assert machine.choose("tensorrt", mesh) == [TensorRtBackend, OnnxBackend]


@pytest.mark.parametrize("wanted", ["tensorrt", "cuda"])
def test_what_is_missing_is_one_sentence_and_the_cpu_draws(
    machine: Machine, drawn: Manifest, wanted: Wanted
) -> None:
    assert machine.choose(wanted, drawn) == [OnnxBackend]
    assert machine.said == ["there is no GPU (buy one); onnxruntime draws on the CPU"]
    machine.said.clear()
    machine.has_gpu()
    assert machine.choose(wanted, drawn) == [OnnxBackend]
    (said,) = machine.said
    assert "pip install" in said and said.endswith("onnxruntime draws on the CPU")
    machine.installed(tensorrt=True, onnxruntime_gpu=True)
    assert machine.choose(wanted, drawn)[0] is not OnnxBackend


def test_the_cpu_can_be_wanted(machine: Machine, drawn: Manifest) -> None:
    machine.has_gpu()
    machine.installed(tensorrt=True, onnxruntime_gpu=True)
    assert machine.choose("onnx", drawn) == [OnnxBackend]
    assert not machine.said


@pytest.mark.parametrize(
    "source",
    [
        "raise OSError('libnvinfer.so')",
        "raise ImportError('tensorrt_libs')",
        "class IExecutionContext: set_binding_shape = None",
    ],
    ids=["no libraries", "a stub", "too old"],
)
def test_a_package_that_cannot_be_used_is_not_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    good = "class IExecutionContext: set_device_memory = None"
    for name, content in {"tensorrt": source, "tensorrt_rtx": good}.items():
        (tmp_path / f"{name}.py").write_text(content)
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    try:
        assert [package.__name__ for package in installed()] == ["tensorrt_rtx"]
    finally:
        for name in ("tensorrt", "tensorrt_rtx"):
            sys.modules.pop(name, None)


def test_onnxruntime_without_cuda_says_what_to_install(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """onnxruntime-gpu is there, but the libraries that it needs are not: it takes the CPU."""
    machine.installed(onnxruntime_gpu=True)
    monkeypatch.setattr(onnxruntime, "preload_dlls", lambda: None)
    backend = OnnxCudaBackend(Cuda(machine.library))
    with pytest.warns(UserWarning, match="CUDAExecutionProvider"):
        with pytest.raises(BackendError, match="cudnn"):
            backend.compile("listen", Bundle.open().graph("listen"))


class Refusing:
    """A backend that compiles nothing."""

    prefers_half = True

    def compile(self, name: str, model: bytes) -> Any:
        raise BackendError(f"graph '{name}' is too difficult")

    def describe(self) -> str:
        return "refusing"


def test_where_one_cannot_compile_the_next_one_does(tmp_path: Path) -> None:
    said: list[str] = []
    folder = drawing_bundle(tmp_path / "drawn")
    studio = Studio.open(
        folder, backends=lambda manifest: (Refusing(), OnnxBackend()), say=said.append
    )
    assert studio.backend.startswith("onnxruntime")
    assert said == ["graph 'listen' is too difficult"]
    said.clear()
    with pytest.raises(BackendError, match="too difficult"):
        Studio.open(folder, backends=lambda manifest: (Refusing(),), say=said.append)
    assert not said


@pytest.mark.parametrize("half", [None, 0.5])
def test_a_gpu_draws_with_half_precision_where_the_bundle_has_it(
    tmp_path: Path, half: float | None
) -> None:
    folder = drawing_bundle(tmp_path / "drawn", half)
    pictures = {}
    for name, backends in (
        ("CPU", lambda manifest: (OnnxBackend(),)),
        ("GPU", lambda manifest: (fake_backend(tmp_path / "compiled"),)),
    ):
        studio = Studio.open(folder, backends=backends)
        pictures[name] = studio.presenter("ada", 256).draw(motion())
    brighter = 127.5 * (half or 0.0)
    np.testing.assert_allclose(pictures["GPU"], pictures["CPU"] + brighter, atol=1)


def test_studios_take_what_available_chooses(machine: Machine, tmp_path: Path) -> None:
    machine.has_gpu()
    machine.installed(tensorrt=True)
    choose = Available(tmp_path / "compiled", gpu=machine.gpu).choose
    studio = Studio.open(
        drawing_bundle(tmp_path / "drawn"), backends=partial(choose, "auto", machine.said.append)
    )
    assert studio.backend.startswith("tensorrt 11.4.0, NVIDIA Fake 4090")
    assert studio.presenter("ada", 256).draw(motion()).shape == (256, 256, 3)
