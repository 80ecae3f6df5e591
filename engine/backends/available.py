"""Which backends there are on this machine, and which of them is taken."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, Literal, TypeAlias

from engine.backends import Backend, Tell
from engine.backends.compiled_cache import CompiledCache
from engine.backends.cuda import Cuda
from engine.backends.onnx import OnnxBackend, OnnxCudaBackend
from engine.backends.tensorrt import TensorRtBackend, installed
from engine.bundle import Manifest
from engine.errors import BackendError

Wanted: TypeAlias = Literal["auto", "onnx", "cuda", "tensorrt"]
Say: TypeAlias = Callable[[str], object]
CPU_DRAWS: Final = "onnxruntime draws on the CPU"


class Available:
    """Opens backends.

    Args:
        cache: folder of what TensorRT compiled; it belongs to this user alone.
        tell: is told how far a graph is that takes long to compile.
        gpu: opens the GPU; raises BackendError where there is none.
    """

    def __init__(
        self,
        cache: Path,
        tell: Tell = lambda name, share: None,
        gpu: Callable[[], Cuda] = Cuda.open,
    ) -> None:
        self._cache, self._tell, self._gpu = cache, tell, gpu

    def tensorrt(self) -> Backend:
        """TensorRT (BackendError where it cannot be used)."""
        return TensorRtBackend(self._gpu(), CompiledCache(self._cache), self._tell, installed())

    def cuda(self) -> Backend:
        """Onnxruntime on the GPU (BackendError where it cannot be used)."""
        return OnnxCudaBackend(self._gpu())

    def choose(self, wanted: Wanted, say: Say, manifest: Manifest) -> Iterator[Backend]:
        """Backends for a bundle, best first; the last one can be used on every machine.

        Each is opened when the one before it was not good enough.

        Args:
            wanted: a backend's name; `auto` for the best there is. That is the CPU where the
                mesh draws: its graphs are small, and their pictures would travel.
            say: is told, in one sentence, why what is wanted is not there; for `auto` only
                if there is a GPU that could be used.
            manifest: of the bundle.
        """
        openers = {"tensorrt": self.tensorrt, "cuda": self.cuda}
        if wanted in openers:
            openers = {wanted: openers[wanted]}
        elif wanted == "onnx" or manifest.renderer == "mesh" or not self._has_gpu():
            openers = {}
        missing: list[str] = []
        for opener in openers.values():
            try:
                yield opener()
            except BackendError as error:
                missing.append(error.message)
        if openers and len(missing) == len(openers):
            say(f"{missing[0]}; {CPU_DRAWS}")
        yield OnnxBackend()

    def _has_gpu(self) -> bool:
        try:
            self._gpu()
        except BackendError:
            return False
        return True
