"""onnxruntime on the CPU: one thread a graph, no spinning.

Measured on 2 cores: threads that spin make two sessions slower than one thread each,
and batching gains nothing on a CPU. The machine scales by sessions, not by threads.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import onnxruntime
from numpy.typing import NDArray

from engine.backends import Tensors
from engine.errors import BackendError


class OnnxGraph:
    """One onnxruntime session."""

    def __init__(self, name: str, session: onnxruntime.InferenceSession) -> None:
        self._name = name
        self._session = session
        self._outputs = [output.name for output in session.get_outputs()]

    def run(self, inputs: Mapping[str, NDArray[Any]]) -> Tensors:
        """See `Graph.run`."""
        try:
            values = self._session.run(self._outputs, dict(inputs))
        except Exception as error:  # onnxruntime raises a dozen types of its own
            raise BackendError(
                f"graph '{self._name}' failed ({type(error).__name__}); "
                "its inputs do not fit, or the bundle is not for this version"
            ) from error
        return dict(zip(self._outputs, values, strict=True))


class OnnxBackend:
    """Compiles graphs with onnxruntime's CPU provider."""

    def compile(self, name: str, model: bytes) -> OnnxGraph:
        """See `Backend.compile`."""
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
            session = onnxruntime.InferenceSession(
                model, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # onnxruntime raises a dozen types of its own
            raise BackendError(
                f"graph '{name}' is not an ONNX file that onnxruntime "
                f"{onnxruntime.__version__} can run; export it again"
            ) from error
        return OnnxGraph(name, session)

    def describe(self) -> str:
        """Name and version."""
        return f"onnxruntime {onnxruntime.__version__}, CPU, one thread a graph"
