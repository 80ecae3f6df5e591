"""TensorRT: graphs compiled for the GPU of this machine, when they are first used.

One way for both of NVIDIA's packages, which have the same interface: `tensorrt`, for all GPUs,
and `tensorrt_rtx`, which PyPI has whole, for GeForce and RTX cards (and A100). Precision is
what the graph says, but that products in single precision may be rounded to TF32.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Any, Final

import numpy as np

from engine.backends import Tell
from engine.backends.compiled_cache import CompiledCache
from engine.backends.cuda import INSTEAD, Cuda
from engine.backends.tensorrt_build import BATCHES, BUILT_AS, build, check_batch_only, made
from engine.backends.tensorrt_graph import TensorRtGraph
from engine.backends.tensorrt_slot import Opened, Tensor
from engine.errors import BackendError

PACKAGES: Final = ("tensorrt", "tensorrt_rtx")
"""The better one first."""


def installed() -> list[ModuleType]:
    """Those of `PACKAGES` that can be used here: from 10.1 on."""
    found = []
    for name in PACKAGES:
        try:
            package = import_module(name)
        except (ImportError, OSError, RuntimeError):  # the package without its libraries
            continue
        if hasattr(getattr(package, "IExecutionContext", None), "set_device_memory"):
            found.append(package)
    return found


class TensorRtBackend:
    """Compiles graphs with TensorRT.

    Args:
        gpu: for which.
        cache: of what was compiled.
        tell: is told how far a graph that takes long is.
        packages: TensorRT, as `installed` finds it.

    Raises:
        BackendError: none of them is for this GPU.
    """

    prefers_half = True

    def __init__(
        self, gpu: Cuda, cache: CompiledCache, tell: Tell, packages: list[ModuleType]
    ) -> None:
        self._gpu, self._cache, self._tell = gpu, cache, tell
        self._trt: Any = _fitting(packages, gpu)
        self._target = _target(self._trt, gpu)
        self._logger = self._trt.Logger(self._trt.Logger.ERROR)
        gpu.activate()
        self._runtime = made(self._trt.Runtime, self._logger)

    def compile(self, name: str, model: bytes) -> TensorRtGraph:
        """See `Backend.compile`; takes seconds to minutes, unless it was done before."""
        self._gpu.activate()
        key = self._key(model)
        plan = self._cache.get(key)
        engine = None if plan is None else self._runtime.deserialize_cuda_engine(plan)
        if engine is None:
            plan = build(name, model, self._trt, self._logger, self._target, self._tell)
            engine = self._runtime.deserialize_cuda_engine(plan)
            if engine is None:
                raise BackendError(f"TensorRT cannot load graph '{name}', which it made: {INSTEAD}")
            self._cache.put(key, plan)
        return TensorRtGraph(name, self._opened(name, engine, key), self._gpu)

    def describe(self) -> str:
        """Name, version and GPU."""
        return f"{self._trt.__name__} {self._trt.__version__}, {self._gpu.name}, {self._gpu.driver}"

    def _key(self, model: bytes) -> str:
        """All that a compiled graph depends on."""
        graph = hashlib.sha256(model).hexdigest()
        return json.dumps([graph, self.describe(), self._gpu.capability, BATCHES, BUILT_AS])

    def _opened(self, name: str, engine: Any, key: str) -> Opened:
        trt = self._trt
        inputs: dict[str, Tensor] = {}
        outputs: dict[str, Tensor] = {}
        for number in range(engine.num_io_tensors):
            tensor = engine.get_tensor_name(number)
            given = engine.get_tensor_mode(tensor) == trt.TensorIOMode.INPUT
            shape = tuple(engine.get_tensor_shape(tensor))
            check_batch_only(name, tensor, shape)
            kind = np.dtype(trt.nptype(engine.get_tensor_dtype(tensor)))
            (inputs if given else outputs)[tensor] = Tensor(shape, kind)
        return Opened(inputs, outputs, BATCHES[-1], *self._contexts(engine, key))

    def _contexts(self, engine: Any, key: str) -> tuple[Callable[[], Any], Callable[[], object]]:
        """What makes execution contexts of an engine, and what is done when one has run."""
        trt = self._trt
        managed = trt.ExecutionContextAllocationStrategy.USER_MANAGED
        if self._target is None:
            return lambda: engine.create_execution_context(managed), lambda: None
        # TensorRT for RTX finishes compiling when a batch size first runs, and can keep that.
        settings = engine.create_runtime_config()
        settings.set_execution_context_allocation_strategy(managed)
        settings.dynamic_shapes_kernel_specialization_strategy = (
            trt.DynamicShapesKernelSpecializationStrategy.EAGER
        )
        kernels, key = settings.create_runtime_cache(), f"{key} kernels"
        if (kept := self._cache.get(key)) is not None:
            kernels.deserialize(kept)  # it refuses those of another machine by itself
        settings.set_runtime_cache(kernels)
        return (
            lambda: engine.create_execution_context(settings),
            lambda: self._cache.put(key, bytes(kernels.serialize())),
        )


def _fitting(packages: list[ModuleType], gpu: Cuda) -> ModuleType:
    """The first package that is for this GPU."""
    if not packages:
        raise BackendError("TensorRT is not installed (pip install 'visavis[tensorrt]')")
    for package in packages:
        if not _is_rtx(package) or _target(package, gpu) is not None:
            return package
    raise BackendError(
        f"TensorRT for RTX does not know the {gpu.name} (install NVIDIA's package 'tensorrt', "
        "or use --backend cuda)"
    )


def _is_rtx(package: ModuleType) -> bool:
    return package.__name__ == PACKAGES[1]


def _target(package: Any, gpu: Cuda) -> Any:
    """The GPU as TensorRT for RTX calls it; None for the other package, which needs no name."""
    if not _is_rtx(package):
        return None
    return getattr(package.ComputeCapability, f"SM{gpu.capability[0]}{gpu.capability[1]}", None)
