"""A GPU's memory, and streams of work for it: copies, and what was recorded."""

from __future__ import annotations

from collections.abc import Callable
from ctypes import byref, c_ubyte, c_uint64, c_void_p
from typing import Any, Final

import numpy as np

from engine.backends.cuda import Cuda

NON_BLOCKING: Final = 1
"""A stream that does not wait for the default one."""
SLEEPING, UNTIMED = 1, 2
"""An event for which a thread sleeps, and that tells no time, which is quicker."""
THREAD_LOCAL: Final = 1
"""What other threads do meanwhile cannot spoil a recording."""


class Memory:
    """Memory of a GPU, given back when nobody has it any more."""

    def __init__(self, gpu: Cuda, size: int) -> None:
        address = c_uint64()
        gpu.call("cuMemAlloc_v2", byref(address), max(size, 1))
        self.address, self.size = address.value, size
        gpu.release(self, "cuMemFree_v2", self.address)


class Pinned:
    """An array of this machine's memory that a GPU copies from and to without a detour."""

    def __init__(self, gpu: Cuda, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        self.size = dtype.itemsize * int(np.prod(shape))
        self.address = gpu.handle("cuMemHostAlloc", max(self.size, 1), 0)
        gpu.release(self, "cuMemFreeHost", self.address)
        raw = np.ctypeslib.as_array((c_ubyte * self.size).from_address(self.address))
        self.array = raw.view(dtype).reshape(shape)


class Stream:
    """Work for a GPU, done in its order while the caller goes on, until it waits."""

    def __init__(self, gpu: Cuda) -> None:
        self._gpu = gpu
        self.handle = gpu.handle("cuStreamCreate", NON_BLOCKING)
        self._event = gpu.handle("cuEventCreate", SLEEPING | UNTIMED)
        gpu.release(self, "cuStreamDestroy_v2", self.handle)
        gpu.release(self, "cuEventDestroy_v2", self._event)

    def upload(self, pinned: Pinned, address: int) -> None:
        """To the GPU; the array must stay as it is until `wait`."""
        arguments = (address, pinned.address, pinned.size, self.handle)
        self._gpu.call("cuMemcpyHtoDAsync_v2", *arguments)

    def download(self, address: int, pinned: Pinned) -> None:
        """From the GPU; the array is filled after `wait`."""
        arguments = (pinned.address, address, pinned.size, self.handle)
        self._gpu.call("cuMemcpyDtoHAsync_v2", *arguments)

    def copy(self, source: int, target: int, size: int) -> None:
        """Within the GPU."""
        self._gpu.call("cuMemcpyDtoDAsync_v2", target, source, size, self.handle)

    def wait(self) -> None:
        """Until all of it is done; this thread sleeps meanwhile."""
        self._gpu.call("cuEventRecord", self._event, self.handle)
        self._gpu.call("cuEventSynchronize", self._event)

    def record(self, work: Callable[[], None]) -> Recording:
        """Take down what would have been done, to be done often and at once."""
        graph = c_void_p()
        self._gpu.call("cuStreamBeginCapture_v2", self.handle, THREAD_LOCAL)
        try:
            work()
        finally:  # a stream that still records could do nothing else
            self._gpu.call("cuStreamEndCapture", self.handle, byref(graph))
        try:
            return Recording(self._gpu, graph.value)
        finally:
            self._gpu.call("cuGraphDestroy", graph.value)

    def play(self, recording: Recording) -> None:
        """Do what was recorded."""
        self._gpu.call("cuGraphLaunch", recording.handle, self.handle)


class Recording:
    """Recorded work: a CUDA graph, launched at once instead of kernel by kernel."""

    def __init__(self, gpu: Cuda, graph: int | None) -> None:
        self.handle = gpu.handle("cuGraphInstantiateWithFlags", graph, 0)
        gpu.release(self, "cuGraphExecDestroy", self.handle)
