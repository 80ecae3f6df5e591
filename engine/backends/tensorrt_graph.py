"""A TensorRT engine as a graph."""

from __future__ import annotations

import threading
from collections.abc import Mapping

import numpy as np

from engine.backends import Kept, Tensors
from engine.backends.cuda import Cuda
from engine.backends.cuda_stream import Stream
from engine.backends.tensorrt_slot import Held, KeptTensor, Opened, Slot
from engine.errors import BackendError


class TensorRtGraph:
    """See `Graph`; one run at a time, others wait.

    Args:
        name: what messages call it.
        opened: the engine.
        gpu: where it runs.
    """

    def __init__(self, name: str, opened: Opened, gpu: Cuda) -> None:
        self._name, self._opened, self._gpu = name, opened, gpu
        self._stream = Stream(gpu)
        self._lock = threading.Lock()
        self._slots = {1: Slot(opened, 1, gpu, self._stream)}  # so that no picture waits for it

    def run(self, inputs: Mapping[str, Kept]) -> Tensors:
        """See `Graph.run`."""
        with self._lock:
            return self._ran(inputs).fetched()

    def keep(self, inputs: Mapping[str, Kept]) -> Mapping[str, KeptTensor]:
        """See `Graph.keep`."""
        with self._lock:
            return self._ran(inputs).kept()

    def _ran(self, given: Mapping[str, Kept]) -> Slot:
        inputs = {
            name: it if isinstance(it, KeptTensor) else np.asarray(it) for name, it in given.items()
        }
        batch = self._batch(inputs)
        self._gpu.activate()
        slot = self._slots.get(batch)
        if slot is None:
            slot = self._slots[batch] = Slot(self._opened, batch, self._gpu, self._stream)
        slot.run(inputs)
        return slot

    def _batch(self, inputs: Held) -> int:
        """How many are given at once (BackendError if the arrays do not fit)."""
        wanted = self._opened.inputs
        if inputs.keys() != wanted.keys():
            raise self._misfit(f"it takes {sorted(wanted)} and was given {sorted(inputs)}")
        for name, tensor in wanted.items():
            if not tensor.fits(inputs[name]):
                raise self._misfit(f"'{name}' should be {tensor.dtype} {list(tensor.shape)}")
        sizes = {inputs[name].shape[0] for name, tensor in wanted.items() if tensor.free}
        if len(sizes) > 1:
            raise self._misfit("its inputs are for different numbers of pictures")
        batch = sizes.pop() if sizes else 1
        if not 1 <= batch <= self._opened.largest:
            raise self._misfit(f"it takes 1 to {self._opened.largest} at once")
        return batch

    def _misfit(self, why: str) -> BackendError:
        return BackendError(
            f"graph '{self._name}' was given what does not fit ({why}); "
            "the bundle is not for this version"
        )
