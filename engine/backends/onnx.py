"""onnxruntime: on the CPU one thread a graph and no spinning, or on a GPU.

Measured on 2 cores: threads that spin make two sessions slower than one thread each,
and batching gains nothing on a CPU. The machine scales by sessions, not by threads.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from engine.backends import Kept, Tensors
from engine.backends.cuda import INSTEAD, Cuda
from engine.errors import BackendError

CPU: Final = "CPUExecutionProvider"
CUDA: Final = "CUDAExecutionProvider"
COPIES: Final = 2
"""Graphs that are kept where avatars are copies: those of one bundle's correction."""


class OnnxGraph:
    """One onnxruntime session on the CPU; a copy in another process opens its model there.

    Args:
        name: what messages call it.
        model: an ONNX file.
    """

    def __init__(self, name: str, model: bytes) -> None:
        self._name, self._model = name, model
        self._session = _session(name, model, [CPU])
        self._outputs = [output.name for output in self._session.get_outputs()]

    def __reduce__(self) -> tuple[Callable[[str, bytes], OnnxGraph], tuple[str, bytes]]:
        return _opened_once, (self._name, self._model)

    def run(self, inputs: Mapping[str, Kept]) -> Tensors:
        """See `Graph.run`."""
        try:
            values = self._session.run(self._outputs, dict(inputs))
        except Exception as error:  # onnxruntime raises a dozen types of its own
            raise _failed(self._name, error) from error
        return dict(zip(self._outputs, values, strict=True))

    def keep(self, inputs: Mapping[str, Kept]) -> Tensors:
        """See `Graph.keep`; they are where they compute."""
        return self.run(inputs)


class DeviceTensor:
    """A tensor of onnxruntime's in a device's memory."""

    def __init__(self, value: onnxruntime.OrtValue) -> None:
        self.value = value

    @property
    def shape(self) -> tuple[int, ...]:
        """Its sizes."""
        return tuple(self.value.shape())

    def __array__(self, dtype: Any = None, /, *, copy: bool | None = None) -> NDArray[Any]:
        fetched: NDArray[Any] = self.value.numpy()
        return fetched if dtype is None else fetched.astype(dtype, copy=False)


class DeviceGraph:
    """One onnxruntime session that computes in a device's memory.

    Args:
        name: what messages call it.
        session: of onnxruntime.
        device: as onnxruntime calls it: cuda.
    """

    def __init__(self, name: str, session: onnxruntime.InferenceSession, device: str) -> None:
        self._name, self._session, self._device = name, session, device
        self._inputs = {given.name for given in session.get_inputs()}
        self._outputs = [output.name for output in session.get_outputs()]

    def run(self, inputs: Mapping[str, Kept]) -> Tensors:
        """See `Graph.run`."""
        return {name: value.numpy() for name, value in self._ran(inputs, "cpu").items()}

    def keep(self, inputs: Mapping[str, Kept]) -> Mapping[str, DeviceTensor]:
        """See `Graph.keep`."""
        ran = self._ran(inputs, self._device)
        return {name: DeviceTensor(value) for name, value in ran.items()}

    def _ran(self, inputs: Mapping[str, Kept], where: str) -> dict[str, onnxruntime.OrtValue]:
        try:
            if inputs.keys() != self._inputs:
                raise KeyError(*inputs.keys() ^ self._inputs)
            bound = self._session.io_binding()
            for name, given in inputs.items():
                if isinstance(given, DeviceTensor):
                    bound.bind_ortvalue_input(name, given.value)
                else:
                    value = onnxruntime.OrtValue.ortvalue_from_numpy(np.asarray(given))
                    bound.bind_ortvalue_input(name, value)
            for name in self._outputs:
                bound.bind_output(name, where)
            self._session.run_with_iobinding(bound)
            return dict(zip(self._outputs, bound.get_outputs(), strict=True))
        except Exception as error:  # onnxruntime raises a dozen types of its own
            raise _failed(self._name, error) from error


class OnnxBackend:
    """Compiles graphs with onnxruntime's CPU provider."""

    prefers_half = False

    def compile(self, name: str, model: bytes) -> OnnxGraph:
        """See `Backend.compile`."""
        return OnnxGraph(name, model)

    def describe(self) -> str:
        """Name and version."""
        return f"onnxruntime {onnxruntime.__version__}, CPU, one thread a graph"


class OnnxCudaBackend:
    """Compiles graphs with onnxruntime's CUDA provider, which the package onnxruntime-gpu has.

    Args:
        gpu: the one that is used.

    Raises:
        BackendError: the package is not installed.
    """

    prefers_half = True

    def __init__(self, gpu: Cuda) -> None:
        self._gpu = gpu
        if CUDA not in onnxruntime.get_available_providers():
            raise BackendError(
                "the installed onnxruntime cannot use a GPU: put onnxruntime-gpu in its place "
                "(pip uninstall onnxruntime; pip install 'onnxruntime-gpu[cuda,cudnn]')"
            )
        onnxruntime.preload_dlls()  # CUDA and cuDNN, where they were installed by pip

    def compile(self, name: str, model: bytes) -> DeviceGraph:
        """See `Backend.compile`."""
        session = _session(name, model, [CUDA, CPU])
        if CUDA not in session.get_providers():
            raise BackendError(
                "onnxruntime finds no CUDA or cuDNN that it can use: "
                f"pip install 'onnxruntime-gpu[cuda,cudnn]', or {INSTEAD}"
            )
        return DeviceGraph(name, session, "cuda")

    def describe(self) -> str:
        """Name, version and GPU."""
        return f"onnxruntime {onnxruntime.__version__}, {self._gpu.name}, {self._gpu.driver}"


@lru_cache(COPIES)
def _opened_once(name: str, model: bytes) -> OnnxGraph:
    """All avatars share a graph, also where they are copied one by one."""
    return OnnxGraph(name, model)


def _session(name: str, model: bytes, providers: list[str]) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    # A graph is whole: without this its weights may be read from files where we run.
    options.add_session_config_entry(
        "session.model_external_initializers_file_folder_path", os.devnull
    )
    try:
        return onnxruntime.InferenceSession(model, options, providers=providers)
    except Exception as error:  # onnxruntime raises a dozen types of its own
        raise BackendError(
            f"graph '{name}' is not an ONNX file that onnxruntime "
            f"{onnxruntime.__version__} can run; export it again"
        ) from error


def _failed(name: str, error: Exception) -> BackendError:
    return BackendError(
        f"graph '{name}' failed ({type(error).__name__}); "
        "its inputs do not fit, or the bundle is not for this version"
    )
