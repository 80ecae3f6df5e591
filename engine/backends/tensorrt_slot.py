"""Everything that a TensorRT engine has for one batch size: buffers, and its work recorded.

The work becomes a CUDA graph: EDTalk's generator has about 120 kernels, which one by one would
take longer to launch than to run. What a graph kept stays in the GPU and is copied to where
the engine reads it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from engine.backends import Tensors
from engine.backends.cuda import Cuda
from engine.backends.cuda_stream import Memory, Pinned, Recording, Stream
from engine.errors import BackendError

ALIGNED: Final = 256
"""Bytes; where tensors may begin."""
FREE: Final = -1
"""Size of a dimension that is free: the batch."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor that an engine takes or gives; its first size is `FREE` where that is free."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @property
    def free(self) -> bool:
        """Whether its batch is free."""
        return FREE in self.shape[:1]

    def at(self, batch: int) -> tuple[int, ...]:
        """Its shape for so many at once."""
        return (batch, *self.shape[1:]) if self.free else self.shape

    def bytes(self, batch: int) -> int:
        """Its bytes for so many at once."""
        return self.dtype.itemsize * int(np.prod(self.at(batch)))

    def fits(self, given: NDArray[Any] | KeptTensor) -> bool:
        """Whether it may be that, but for the batch."""
        fixed = int(self.free)
        return (
            given.dtype == self.dtype
            and len(given.shape) == len(self.shape)
            and given.shape[fixed:] == self.shape[fixed:]
        )


class Opened:
    """A deserialised engine, and what makes execution contexts of it.

    Args:
        inputs: what it takes, by name.
        outputs: what it gives, by name.
        largest: most of a batch.
        context: makes one whose memory its user gives it.
        warmed: called when a context has run for the first time.
    """

    def __init__(
        self,
        inputs: Mapping[str, Tensor],
        outputs: Mapping[str, Tensor],
        largest: int,
        context: Callable[[], Any],
        warmed: Callable[[], object],
    ) -> None:
        self.inputs, self.outputs, self.largest = inputs, outputs, largest
        self.context, self.warmed = context, warmed


class KeptTensor:
    """A tensor that lies in a GPU; `np.asarray` fetches it."""

    def __init__(
        self,
        gpu: Cuda,
        memory: Memory,
        address: int,
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
    ) -> None:
        self._gpu, self._memory = gpu, memory  # which is given back with the last of its tensors
        self.address, self.shape, self.dtype = address, shape, dtype

    def __array__(self, dtype: Any = None, /, *, copy: bool | None = None) -> NDArray[Any]:
        fetched = np.empty(self.shape, self.dtype)
        self._gpu.read(self.address, fetched)
        return fetched if dtype is None else fetched.astype(dtype, copy=False)


Held: TypeAlias = Mapping[str, NDArray[Any] | KeptTensor]


class Slot:
    """Everything for one batch size."""

    def __init__(self, opened: Opened, batch: int, gpu: Cuda, stream: Stream) -> None:
        self._opened, self._batch, self._gpu, self._stream = opened, batch, gpu, stream
        self._given = _Block(gpu, opened.inputs, batch)
        self._made = _Block(gpu, opened.outputs, batch)
        self._staged: dict[str, Pinned] = {}
        self._context = opened.context()
        if self._context is None:
            raise BackendError("the GPU has no memory left for TensorRT (end what else uses it)")
        for name, tensor in opened.inputs.items():
            self._context.set_input_shape(name, tensor.at(batch))
        for block in (self._given, self._made):
            for name, address in block.addresses.items():
                self._context.set_tensor_address(name, address)
        # What it needs for itself depends on the batch; its own guess is for the largest.
        self._scratch = Memory(gpu, self._context.update_device_memory_size_for_shapes())
        if self._scratch.size:
            self._context.set_device_memory(self._scratch.address, self._scratch.size)
        self._launch()  # the first time it settles what it left open; that must not be recorded
        stream.wait()
        opened.warmed()
        self._recording = self._recorded()

    def run(self, inputs: Held) -> None:
        """Hand over to the GPU what is given, and begin."""
        for name, given in inputs.items():
            address = self._given.addresses[name]
            if isinstance(given, KeptTensor):
                size = self._opened.inputs[name].bytes(self._batch)
                self._stream.copy(given.address, address, size)
            else:
                staged = self._stage(name, self._opened.inputs[name])
                np.copyto(staged.array, given)
                self._stream.upload(staged, address)
        if self._recording is None:
            self._launch()
        else:
            self._stream.play(self._recording)

    def fetched(self) -> Tensors:
        """What came out."""
        staged = {name: self._stage(name, tensor) for name, tensor in self._opened.outputs.items()}
        for name, pinned in staged.items():
            self._stream.download(self._made.addresses[name], pinned)
        self._stream.wait()
        return {name: pinned.array.copy() for name, pinned in staged.items()}

    def kept(self) -> Mapping[str, KeptTensor]:
        """What came out, left in the GPU."""
        made, memory = self._made, Memory(self._gpu, self._made.memory.size)
        self._stream.copy(made.memory.address, memory.address, memory.size)
        self._stream.wait()
        kept = {}
        for name, tensor in self._opened.outputs.items():
            address = memory.address + made.addresses[name] - made.memory.address
            shape = tensor.at(self._batch)
            kept[name] = KeptTensor(self._gpu, memory, address, shape, tensor.dtype)
        return kept

    def _stage(self, name: str, tensor: Tensor) -> Pinned:
        if name not in self._staged:  # what is always kept needs no such memory
            self._staged[name] = Pinned(self._gpu, tensor.at(self._batch), tensor.dtype)
        return self._staged[name]

    def _recorded(self) -> Recording | None:
        """The engine's work as a CUDA graph; None where it cannot be one."""
        able = getattr(self._context, "is_stream_capturable", None)  # TensorRT for RTX tells
        if able is not None and not able(self._stream.handle):
            return None
        return self._stream.record(self._launch)

    def _launch(self) -> None:
        if not self._context.execute_async_v3(self._stream.handle):
            raise BackendError("TensorRT could not begin to compute: start again")


class _Block:
    """One piece of a GPU's memory for several tensors, at `addresses`."""

    def __init__(self, gpu: Cuda, tensors: Mapping[str, Tensor], batch: int) -> None:
        places, size = {}, 0
        for name, tensor in tensors.items():
            places[name] = size
            size += -(-tensor.bytes(batch) // ALIGNED) * ALIGNED
        self.memory = Memory(gpu, size)
        self.addresses = {name: self.memory.address + place for name, place in places.items()}
