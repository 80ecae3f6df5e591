"""TensorRT for RTX takes every graph that EDTalk's networks become.

It builds engines ahead of time for GPUs that this machine need not have. The package is
NVIDIA's and optional (`pip install 'visavis[tensorrt]'`); without it nothing is tested here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from export.edtalk.graphs import Graphs, listen
from export.edtalk.seeded import seeded_audio2lip, seeded_generator
from models.edtalk.layout import OFFICIAL
from tests.support.edtalk import SMALL
from tests.support.lengths import length

trt = pytest.importorskip("tensorrt_rtx", reason="TensorRT for RTX is not installed")
LAYOUT = length(SMALL, OFFICIAL)
GPUS = ("SM80", "SM86", "SM89", "SM120")
"""A100, RTX 30, RTX 40, RTX 50."""
BATCHES = (1, 4, 8)
"""Fewest, usual and most sessions at once."""


def files() -> Iterator[tuple[str, bytes]]:
    for expressive in (True, False):
        generator = seeded_generator(LAYOUT, expressive=expressive)
        for half in (False, True):
            kind = f"{'expressive' if expressive else 'plain'}{' half' * half}"
            for name, model in Graphs.of(generator, half=half).files().items():
                yield f"{name}, {kind}", model
    yield "listen", listen(seeded_audio2lip())


@pytest.fixture(scope="module")
def logger() -> Any:
    return trt.Logger(trt.Logger.ERROR)


@pytest.fixture(scope="module")
def models() -> dict[str, bytes]:
    return dict(files())


def engine(logger: Any, model: bytes, gpus: tuple[str, ...]) -> bytes:
    """An engine for these GPUs; fails with what the parser complains of."""
    builder = trt.Builder(logger)
    strong = 1 << int(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED)
    network = builder.create_network(strong)
    parser = trt.OnnxParser(network, logger)
    assert parser.parse(model), [parser.get_error(n).desc() for n in range(parser.num_errors)]
    config = builder.create_builder_config()
    config.num_compute_capabilities = len(gpus)
    for place, gpu in enumerate(gpus):
        config.set_compute_capability(getattr(trt.ComputeCapability, gpu), place)
    profile = builder.create_optimization_profile()
    for number in range(network.num_inputs):
        tensor = network.get_input(number)
        assert tensor.shape[0] == -1
        profile.set_shape(tensor.name, *((batch, *tensor.shape[1:]) for batch in BATCHES))
    config.add_optimization_profile(profile)
    built = builder.build_serialized_network(network, config)
    assert built is not None
    return bytes(built)


def test_every_graph_builds_for_every_gpu(logger: Any, models: dict[str, bytes]) -> None:
    for name, model in models.items():
        assert len(engine(logger, model, GPUS)) > 10_000, name


def test_what_is_no_graph_does_not(logger: Any) -> None:
    with pytest.raises(AssertionError):
        engine(logger, b"no graph", GPUS)
