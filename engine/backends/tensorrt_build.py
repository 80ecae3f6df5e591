"""An ONNX graph becomes a TensorRT engine; takes seconds to minutes."""

from __future__ import annotations

from typing import Any, Final

from engine.backends import Tell
from engine.backends.cuda import INSTEAD
from engine.backends.tensorrt_slot import FREE
from engine.errors import BackendError

BATCHES: Final = (1, 8, 32)
"""Fewest, usual and most pictures at once, where a graph leaves that free."""
BUILT_AS: Final = 1
"""Raised with every change of how engines are built here: older ones are built again."""


def build(name: str, model: bytes, trt: Any, logger: Any, target: Any, tell: Tell) -> bytes:
    """The serialised engine of a graph.

    Args:
        name: what messages call it.
        model: an ONNX file.
        trt: the package `tensorrt` or `tensorrt_rtx`.
        logger: of that package.
        target: for TensorRT for RTX, which GPU it is for; None for the other one.
        tell: is told how far it is.

    Raises:
        BackendError: TensorRT does not take it.
    """
    tell(name, 0.0)
    builder = made(trt.Builder, logger)
    network = builder.create_network(1 << int(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED))
    parser = trt.OnnxParser(network, logger)
    if not parser.parse(model) or network.num_outputs == 0:  # it takes an empty file
        raise BackendError(
            f"graph '{name}' is not an ONNX file that {trt.__name__} {trt.__version__} takes: "
            f"export it again, or {INSTEAD}"
        )
    config = builder.create_builder_config()
    if target is not None:
        config.num_compute_capabilities = 1
        config.set_compute_capability(target, 0)
        config.set_flag(trt.BuilderFlag.REQUIRE_USER_ALLOCATION)  # or no CUDA graph could be made
    _add_batches(name, builder, network, config)
    progress = _progress(trt, name, tell)  # must outlive the building
    config.progress_monitor = progress
    built = builder.build_serialized_network(network, config)
    if built is None:
        raise BackendError(f"TensorRT cannot compile graph '{name}' for this GPU: {INSTEAD}")
    tell(name, 1.0)
    return bytes(built)


def made(kind: Any, logger: Any) -> Any:
    """TensorRT's builder or runtime (BackendError where the driver is not for it)."""
    try:
        return kind(logger)
    except (TypeError, RuntimeError) as error:  # what its bindings make of a null pointer
        raise BackendError(
            f"TensorRT cannot begin on this GPU (install a newer driver, or {INSTEAD})"
        ) from error


def check_batch_only(name: str, tensor: str, shape: tuple[int, ...]) -> None:
    """Raise BackendError if a tensor's shape leaves more free than the batch."""
    if FREE in shape[1:]:
        raise BackendError(
            f"graph '{name}' leaves more than the batch of '{tensor}' free: "
            f"export it again with fixed sizes, or {INSTEAD}"
        )


def _add_batches(name: str, builder: Any, network: Any, config: Any) -> None:
    inputs = [network.get_input(number) for number in range(network.num_inputs)]
    shapes = {tensor.name: tuple(tensor.shape) for tensor in inputs}
    profile = builder.create_optimization_profile()
    for tensor, shape in shapes.items():
        check_batch_only(name, tensor, shape)
        if FREE in shape:
            profile.set_shape(tensor, *((batch, *shape[1:]) for batch in BATCHES))
    if any(FREE in shape for shape in shapes.values()):
        config.add_optimization_profile(profile)


def _progress(trt: Any, name: str, tell: Tell) -> Any:
    """Turns TensorRT's phases, which lie within each other, into one share that grows."""

    class Progress(trt.IProgressMonitor):  # type: ignore[misc]  # the package may be missing
        def __init__(self) -> None:
            trt.IProgressMonitor.__init__(self)
            self._phases: dict[str, tuple[str | None, int]] = {}
            self._done: dict[str, int] = {}
            self._told = 0.0

        def phase_start(self, phase: str, parent: str | None, steps: int) -> None:
            self._phases[phase], self._done[phase] = (parent, steps), 0

        def step_complete(self, phase: str, step: int) -> bool:
            self._done[phase] = step + 1
            share, inner = 0.0, phase if phase in self._phases else None
            while inner is not None:
                parent, steps = self._phases[inner]
                share = (self._done[inner] + share) / steps
                inner = parent
            if min(share, 1.0) > self._told:
                self._told = min(share, 1.0)
                tell(name, self._told)
            return True

        def phase_finish(self, phase: str) -> None:
            pass

    return Progress()
