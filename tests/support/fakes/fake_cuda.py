"""A fake of NVIDIA's driver library: a GPU whose memory is this machine's.

It is as late as a real one may be: what a stream is given happens when somebody waits for it,
and not before; what is recorded happens when it is played. Whoever reads too early reads
something else. What was freed is overwritten.
"""

from __future__ import annotations

import ctypes
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any, Final, TypeAlias

Job: TypeAlias = Callable[[], object]
FREED: Final = 0xEE
INVALID: Final = 1
OUT_OF_MEMORY: Final = 2
LAUNCH_FAILED: Final = 719


class Function:
    """One of the library's functions; refuses another number of arguments than is declared."""

    def __init__(self, body: Callable[..., int | None]) -> None:
        self._body = body
        self.argtypes: tuple[Any, ...] = ()

    def __call__(self, *arguments: Any) -> int:
        assert len(arguments) == len(self.argtypes), "another number of arguments"
        return self._body(*arguments) or 0


class FakeCuda:
    """The library.

    Args:
        name: of the GPU.
        capability: its compute capability.
        count: how many GPUs there are.
        room: bytes that can be allocated.
    """

    def __init__(
        self,
        name: str = "NVIDIA Fake 4090",
        capability: tuple[int, int] = (8, 9),
        count: int = 1,
        room: int = 1 << 30,
    ) -> None:
        self._name, self._capability, self._count, self._room = name, capability, count, room
        self._blocks: dict[int, Any] = {}
        self._handles = iter(range(1, 1 << 30))
        self._pending: dict[int, list[Job]] = {}
        self._recording: dict[int, list[Job]] = {}
        self._recorded: dict[int, list[Job]] = {}
        self._current = threading.local()
        self._functions: dict[str, Function] = {}
        self.called: Counter[str] = Counter()
        """How often each function was called."""
        self.uploaded = 0
        self.downloaded = 0
        """Bytes copied to the GPU, and from it."""
        self.broken = False
        """Whether it fails from now on, as it does after a kernel has crashed."""

    def __getattr__(self, name: str) -> Function:
        if not name.startswith("cu"):
            raise AttributeError(name)
        if name not in self._functions:
            body = getattr(type(self), f"_{name}")  # AttributeError: no such function

            def counted(*arguments: Any) -> int | None:
                self.called[name] += 1
                if self.broken and name != "cuGetErrorName":
                    return LAUNCH_FAILED
                told: int | None = body(self, *arguments)
                return told

            self._functions[name] = Function(counted)
        return self._functions[name]

    @property
    def allocated(self) -> int:
        """Bytes of the GPU's memory, and pinned ones, that are not given back."""
        return sum(len(block) for block in self._blocks.values())

    def enqueue(self, stream: int, job: Job) -> None:
        """Work for a stream, as TensorRT gives it."""
        target = self._recording if stream in self._recording else self._pending
        target[stream].append(job)

    def is_recording(self, stream: int) -> bool:
        """Whether a stream records."""
        return stream in self._recording

    def is_current(self) -> bool:
        """Whether this thread may use the GPU."""
        return bool(getattr(self._current, "context", None))

    def _cuInit(self, flags: int) -> int | None:
        return None if self._count else 100

    def _cuGetErrorName(self, error: int, told: Any) -> None:
        told._obj.value = b"CUDA_ERROR_FAKE"

    def _cuDriverGetVersion(self, told: Any) -> None:
        told._obj.value = 13000

    def _cuDeviceGetCount(self, told: Any) -> None:
        told._obj.value = self._count

    def _cuDeviceGet(self, told: Any, number: int) -> None:
        told._obj.value = number

    def _cuDeviceGetName(self, text: Any, length: int, device: int) -> None:
        text.value = self._name.encode()

    def _cuDeviceGetAttribute(self, told: Any, which: int, device: int) -> None:
        told._obj.value = self._capability[which - 75]

    def _cuDevicePrimaryCtxRetain(self, made: Any, device: int) -> None:
        made._obj.value = next(self._handles)

    def _cuCtxSetCurrent(self, context: int) -> None:
        self._current.context = context

    def _cuMemAlloc_v2(self, made: Any, size: int) -> int | None:
        return self._allocate(made, size)

    def _cuMemHostAlloc(self, made: Any, size: int, flags: int) -> int | None:
        return self._allocate(made, size)

    def _cuMemFree_v2(self, address: int) -> int | None:
        return self._free(address)

    def _cuMemFreeHost(self, address: int) -> int | None:
        return self._free(address)

    def _cuMemcpyDtoH_v2(self, target: int, source: int, size: int) -> int | None:
        if not (self.is_current() and self._inside(source, size)):
            return INVALID
        self.downloaded += size
        ctypes.memmove(target, source, size)
        return None

    def _cuMemcpyHtoDAsync_v2(self, target: int, source: int, size: int, stream: int) -> int | None:
        self.uploaded += size
        return self._copy(target, source, size, stream)

    def _cuMemcpyDtoHAsync_v2(self, target: int, source: int, size: int, stream: int) -> int | None:
        self.downloaded += size
        return self._copy(target, source, size, stream)

    def _cuMemcpyDtoDAsync_v2(self, target: int, source: int, size: int, stream: int) -> int | None:
        return self._copy(target, source, size, stream)

    def _cuStreamCreate(self, made: Any, flags: int) -> None:
        made._obj.value = stream = next(self._handles)
        self._pending[stream] = []

    def _cuStreamDestroy_v2(self, stream: int) -> None:
        del self._pending[stream]

    def _cuStreamBeginCapture_v2(self, stream: int, mode: int) -> int | None:
        if stream in self._recording:
            return INVALID
        self._recording[stream] = []
        return None

    def _cuStreamEndCapture(self, stream: int, made: Any) -> None:
        made._obj.value = graph = next(self._handles)
        self._recorded[graph] = self._recording.pop(stream)

    def _cuGraphInstantiateWithFlags(self, made: Any, graph: int, flags: int) -> None:
        made._obj.value = runnable = next(self._handles)
        self._recorded[runnable] = list(self._recorded[graph])

    def _cuGraphLaunch(self, runnable: int, stream: int) -> None:
        self._pending[stream] += self._recorded[runnable]

    def _cuGraphDestroy(self, graph: int) -> None:
        del self._recorded[graph]

    def _cuGraphExecDestroy(self, runnable: int) -> None:
        del self._recorded[runnable]

    def _cuEventCreate(self, made: Any, flags: int) -> None:
        made._obj.value = event = next(self._handles)
        self._recorded[event] = []

    def _cuEventRecord(self, event: int, stream: int) -> None:
        """The stream's work is done by whoever waits for the event."""
        self._recorded[event], self._pending[stream] = self._pending[stream], []

    def _cuEventSynchronize(self, event: int) -> None:
        jobs, self._recorded[event] = self._recorded[event], []
        for job in jobs:
            job()

    def _cuEventDestroy_v2(self, event: int) -> None:
        del self._recorded[event]

    def _allocate(self, made: Any, size: int) -> int | None:
        if not self.is_current() or size < 1:
            return INVALID
        if self.allocated + size > self._room:
            return OUT_OF_MEMORY
        block = (ctypes.c_ubyte * size)()
        address = ctypes.addressof(block)
        self._blocks[address] = block
        made._obj.value = address
        return None

    def _free(self, address: int) -> int | None:
        if address not in self._blocks:
            return INVALID
        ctypes.memset(address, FREED, len(self._blocks[address]))
        del self._blocks[address]
        return None

    def _copy(self, target: int, source: int, size: int, stream: int) -> int | None:
        if not (self.is_current() and self._inside(target, size) and self._inside(source, size)):
            return INVALID
        self.enqueue(stream, lambda: ctypes.memmove(target, source, size))
        return None

    def _inside(self, address: int, size: int) -> bool:
        """Whether it lies in memory that was allocated."""
        return any(
            begin <= address and address + size <= begin + len(block)
            for begin, block in list(self._blocks.items())
        )
