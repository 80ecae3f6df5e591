"""A fake of NVIDIA's packages `tensorrt` and `tensorrt_rtx`: onnxruntime in a fake GPU.

It refuses what the real ones refuse: engines of another version or GPU, shapes outside of the
profile, work without its memory, and recordings before a shape was run for the first time.
"""

from __future__ import annotations

import ctypes
import json
from collections.abc import Mapping
from enum import Enum, IntEnum
from types import ModuleType, SimpleNamespace
from typing import Any, Final

import numpy as np
import onnxruntime

from tests.support.fakes.fake_cuda import FakeCuda

SCRATCH: Final = 512
"""Bytes that an engine needs for each sample."""
KINDS: Final = {"tensor(float)": np.float32, "tensor(float16)": np.float16,
                "tensor(uint8)": np.uint8}  # fmt: skip


class Mode(Enum):
    INPUT = 1
    OUTPUT = 2


class Strategy(Enum):
    STATIC = 0
    USER_MANAGED = 2


class Flag(IntEnum):
    STRONGLY_TYPED = 0


class Capability(Enum):
    SM86 = (8, 6)
    SM89 = (8, 9)


class Logger:
    ERROR = 1

    def __init__(self, severity: int) -> None:
        pass


class ProgressMonitor:
    pass


class Network:
    def __init__(self) -> None:
        self.model = b""
        self.inputs: list[SimpleNamespace] = []

    @property
    def num_inputs(self) -> int:
        return len(self.inputs)

    @property
    def num_outputs(self) -> int:
        return len(_session(self.model).get_outputs()) if self.model else 0

    def get_input(self, number: int) -> SimpleNamespace:
        return self.inputs[number]


class Parser:
    def __init__(self, network: Network, logger: Logger) -> None:
        self._network = network

    def parse(self, model: bytes) -> bool:
        if not model:
            return True
        try:
            session = _session(model)
        except Exception:
            return False
        self._network.model = model
        self._network.inputs = [
            SimpleNamespace(name=it.name, shape=_shape(it.shape)) for it in session.get_inputs()
        ]
        return True


class Profile:
    def __init__(self) -> None:
        self.shapes: dict[str, tuple[tuple[int, ...], ...]] = {}

    def set_shape(self, name: str, *shapes: tuple[int, ...]) -> None:
        assert len(shapes) == 3
        self.shapes[name] = shapes


class Config:
    def __init__(self) -> None:
        self.profiles: list[Profile] = []
        self.flags: list[str] = []
        self.progress_monitor: Any = None
        self.num_compute_capabilities = 0
        self.capability: Any = None

    def add_optimization_profile(self, profile: Profile) -> int:
        self.profiles.append(profile)
        return len(self.profiles) - 1

    def set_compute_capability(self, capability: Any, place: int) -> bool:
        assert place < self.num_compute_capabilities
        self.capability = capability
        return True

    def set_flag(self, flag: str) -> None:
        self.flags.append(flag)


class Engine:
    def __init__(self, package: Package, plan: Mapping[str, Any]) -> None:
        self.package, self.plan = package, plan
        self.session = _session(bytes.fromhex(plan["model"]))
        self._tensors = [
            (it, mode)
            for mode, tensors in (
                (Mode.INPUT, self.session.get_inputs()),
                (Mode.OUTPUT, self.session.get_outputs()),
            )
            for it in tensors
        ]
        self.num_io_tensors = len(self._tensors)

    def get_tensor_name(self, number: int) -> str:
        return str(self._tensors[number][0].name)

    def get_tensor_mode(self, name: str) -> Mode:
        return self._found(name)[1]

    def get_tensor_shape(self, name: str) -> tuple[int, ...]:
        return _shape(self._found(name)[0].shape)

    def get_tensor_dtype(self, name: str) -> str:
        return str(self._found(name)[0].type)

    def create_execution_context(self, how: Any) -> Context:
        assert Strategy.USER_MANAGED in (how, getattr(how, "strategy", None))
        return RtxContext(self, how) if self.package.is_rtx else Context(self, how)

    def create_runtime_config(self) -> RuntimeConfig:
        return RuntimeConfig()

    def _found(self, name: str) -> tuple[Any, Mode]:
        return next(it for it in self._tensors if it[0].name == name)


class RuntimeCache:
    def __init__(self) -> None:
        self.content = b""

    def deserialize(self, content: bytes) -> bool:
        self.content = content
        return True

    def serialize(self) -> bytes:
        return self.content


class RuntimeConfig:
    def __init__(self) -> None:
        self.strategy: Any = None
        self.dynamic_shapes_kernel_specialization_strategy = "LAZY"
        self.cache = RuntimeCache()

    def set_execution_context_allocation_strategy(self, strategy: Strategy) -> None:
        self.strategy = strategy

    def create_runtime_cache(self) -> RuntimeCache:
        return RuntimeCache()

    def set_runtime_cache(self, cache: RuntimeCache) -> bool:
        self.cache = cache
        return True


class Context:
    def __init__(self, engine: Engine, how: Any) -> None:
        self._engine, self._how = engine, how
        self._cuda = engine.package.cuda
        self._shapes: dict[str, tuple[int, ...]] = {}
        self._addresses: dict[str, int] = {}
        self._memory: tuple[int, int] | None = None
        self._settled = False

    def set_input_shape(self, name: str, shape: tuple[int, ...]) -> bool:
        profile = self._engine.plan["profile"].get(name, (shape, shape, shape))
        fixed = self._engine.get_tensor_shape(name)
        least, _, most = profile
        self._settled = False
        self._shapes[name] = shape
        return all(a <= b <= c for a, b, c in zip(least, shape, most, strict=True)) and all(
            size in (free, -1) or free == -1 for size, free in zip(shape, fixed, strict=True)
        )

    def set_tensor_address(self, name: str, address: int) -> bool:
        self._addresses[name] = address
        return True

    def update_device_memory_size_for_shapes(self) -> int:
        return SCRATCH * max((shape[0] for shape in self._shapes.values()), default=1)

    def set_device_memory(self, address: int, size: int) -> None:
        assert size >= self.update_device_memory_size_for_shapes()
        self._memory = address, size

    def execute_async_v3(self, stream: int) -> bool:
        session = self._engine.session
        names = {it.name for it in (*session.get_inputs(), *session.get_outputs())}
        ready = self._memory is not None and self._addresses.keys() == names
        if not ready or not self._cuda.is_current() or stream == 0:
            return False
        if not self._settled and self._cuda.is_recording(stream):
            return False
        if not self._settled and isinstance(self._how, RuntimeConfig):
            self._how.cache.content += b"kernels"
        self._settled = True
        self._cuda.enqueue(stream, self._compute)
        return True

    def _compute(self) -> None:
        session = self._engine.session
        given = {
            it.name: np.ctypeslib.as_array(self._bytes(it, self._shapes[it.name]))
            .view(KINDS[it.type])
            .reshape(self._shapes[it.name])
            for it in session.get_inputs()
        }
        for it, made in zip(session.get_outputs(), session.run(None, given), strict=True):
            ctypes.memmove(self._addresses[it.name], np.ascontiguousarray(made).tobytes(),
                           made.nbytes)  # fmt: skip

    def _bytes(self, tensor: Any, shape: tuple[int, ...]) -> Any:
        size = int(np.prod(shape)) * np.dtype(KINDS[tensor.type]).itemsize
        return (ctypes.c_ubyte * size).from_address(self._addresses[tensor.name])


class RtxContext(Context):
    def is_stream_capturable(self, stream: int) -> bool:
        return "REQUIRE_USER_ALLOCATION" in self._engine.plan["flags"]


class Package:
    """Behind one fake package; counts what is built and what is deserialised."""

    def __init__(self, name: str, cuda: FakeCuda, version: str) -> None:
        self.name, self.cuda, self.version = name, cuda, version
        self.built: list[bytes] = []
        self.loaded: list[bytes] = []

    @property
    def stamp(self) -> list[str]:
        return [self.name, self.version]

    @property
    def is_rtx(self) -> bool:
        return self.name == "tensorrt_rtx"

    def build(self, network: Network, config: Config) -> bytes | None:
        free = any(-1 in it.shape for it in network.inputs)
        if free and not config.profiles:
            return None
        monitor = config.progress_monitor
        if monitor is not None:
            monitor.phase_start("Building", None, 2)
            monitor.phase_start("Timing", "Building", 4)
            for step in range(4):
                assert monitor.step_complete("Timing", step)
            monitor.phase_finish("Timing")
            for step in range(2):
                assert monitor.step_complete("Building", step)
            monitor.phase_finish("Building")
        plan = {
            "stamp": self.stamp,
            "model": network.model.hex(),
            "profile": config.profiles[0].shapes if config.profiles else {},
            "flags": config.flags,
        }
        made = json.dumps(plan).encode()
        self.built.append(made)
        return made

    def deserialize(self, content: bytes) -> Engine | None:
        self.loaded.append(content)
        plan = json.loads(content)
        return Engine(self, plan) if plan["stamp"] == self.stamp else None


def fake_tensorrt(cuda: FakeCuda, name: str = "tensorrt", version: str = "11.4.0") -> Any:
    """The package; `package` of it is what it counts.

    Args:
        cuda: the GPU's library.
        name: `tensorrt` or `tensorrt_rtx`.
        version: of it.
    """
    package = Package(name, cuda, version)

    class Builder:
        def __init__(self, logger: Logger) -> None:
            pass

        def create_network(self, flags: int) -> Network:
            assert flags == 1 << int(Flag.STRONGLY_TYPED)
            return Network()

        def create_optimization_profile(self) -> Profile:
            return Profile()

        def create_builder_config(self) -> Config:
            return Config()

        def build_serialized_network(self, network: Network, config: Config) -> bytes | None:
            return package.build(network, config)

    class Runtime:
        def __init__(self, logger: Logger) -> None:
            pass

        def deserialize_cuda_engine(self, content: bytes) -> Engine | None:
            assert cuda.is_current(), "no GPU in this thread"
            return package.deserialize(content)

    module: Any = ModuleType(name)
    module.__version__ = version
    module.package = package
    module.Logger, module.Builder, module.Runtime = Logger, Builder, Runtime
    module.IExecutionContext = Context
    module.OnnxParser, module.IProgressMonitor = Parser, ProgressMonitor
    module.TensorIOMode = Mode
    module.NetworkDefinitionCreationFlag = Flag
    module.ExecutionContextAllocationStrategy = Strategy
    module.nptype = KINDS.__getitem__
    if package.is_rtx:
        module.ComputeCapability = Capability
        module.BuilderFlag = SimpleNamespace(REQUIRE_USER_ALLOCATION="REQUIRE_USER_ALLOCATION")
        module.DynamicShapesKernelSpecializationStrategy = SimpleNamespace(EAGER="EAGER")
    return module


def _session(model: bytes) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def _shape(sizes: list[int | str]) -> tuple[int, ...]:
    return tuple(size if isinstance(size, int) else -1 for size in sizes)
