"""Backends of fake GPUs, and of the real one where a test may use it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import onnxruntime
import pytest

from engine.backends import Backend, Tell
from engine.backends.compiled_cache import CompiledCache
from engine.backends.cuda import Cuda
from engine.backends.onnx import CPU, DeviceGraph, OnnxBackend, OnnxCudaBackend
from engine.backends.tensorrt import TensorRtBackend, installed
from engine.errors import BackendError
from tests.support.fakes.fake_cuda import FakeCuda
from tests.support.fakes.fake_tensorrt import fake_tensorrt

Opened = TypeVar("Opened", bound=Backend)


def nothing(name: str, share: float) -> None:
    """Tells nobody."""


def fake_backend(
    folder: Path,
    library: FakeCuda | None = None,
    package: Any = None,
    tell: Tell = nothing,
) -> TensorRtBackend:
    """The backend with fakes of the GPU and of TensorRT."""
    library = library or FakeCuda()
    package = package or fake_tensorrt(library)
    return TensorRtBackend(Cuda(library), CompiledCache(folder), tell, [package])


class InMemory:
    """onnxruntime's way of computing in a device's memory, where the device is the CPU."""

    prefers_half = False

    def compile(self, name: str, model: bytes) -> DeviceGraph:
        OnnxBackend().compile(name, model)  # refuses what it cannot be
        return DeviceGraph(name, onnxruntime.InferenceSession(model, providers=[CPU]), "cpu")

    def describe(self) -> str:
        return OnnxBackend().describe()


def fake_rtx(folder: Path) -> TensorRtBackend:
    """The same with TensorRT for RTX."""
    library = FakeCuda()
    return fake_backend(folder, library, fake_tensorrt(library, "tensorrt_rtx", "1.7.1"))


def real(opened: Callable[[], Opened]) -> Opened:
    """What opens on this machine; skips the test with the reason where nothing does."""
    try:
        return opened()
    except BackendError as error:
        pytest.skip(error.message)


def real_tensorrt(folder: Path) -> TensorRtBackend:
    """TensorRT on this machine's GPU; skips the test where it cannot run."""
    return real(lambda: TensorRtBackend(Cuda.open(), CompiledCache(folder), nothing, installed()))


def real_cuda(folder: Path) -> OnnxCudaBackend:
    """onnxruntime on this machine's GPU; skips the test where it cannot run."""
    return real(lambda: OnnxCudaBackend(Cuda.open()))
