"""TensorRT for RTX takes every graph that EDTalk's networks become, and is what its fake says.

It builds engines ahead of time for GPUs that this machine need not have. The package is
NVIDIA's and optional (`pip install 'visavis[tensorrt]'`); without it nothing is tested here.
What needs a GPU is in `test_backend.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from engine.backends.tensorrt_build import build
from engine.errors import BackendError
from export.edtalk.graphs import Graphs, listen
from export.edtalk.seeded import seeded_audio2lip, seeded_generator
from models.edtalk.layout import OFFICIAL
from tests.support.edtalk import SMALL
from tests.support.fakes import fake_tensorrt as fake_package
from tests.support.fakes.fake_cuda import FakeCuda
from tests.support.fakes.fake_tensorrt import fake_tensorrt
from tests.support.gpu import nothing
from tests.support.graphs import adding
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


def test_the_backend_builds_for_one_gpu_and_tells_how_far_it_is(
    logger: Any, models: dict[str, bytes]
) -> None:
    shares: list[float] = []
    target = trt.ComputeCapability.SM89
    model = models["render, expressive half"]
    built = build("render", model, trt, logger, target, lambda name, share: shares.append(share))
    assert len(built) > 10_000
    assert shares[0] == 0.0 and shares[-1] == 1.0 and shares == sorted(shares)
    assert len(shares) > 20


@pytest.mark.parametrize("model", [b"", b"no graph", adding(1.0)[:40]])
def test_what_is_no_graph_is_refused(logger: Any, model: bytes) -> None:
    with pytest.raises(BackendError, match="'broken'.*export it again"):
        build("broken", model, trt, logger, trt.ComputeCapability.SM89, nothing)


def test_the_fake_has_nothing_that_this_has_not() -> None:
    fake = fake_tensorrt(FakeCuda(), trt.__name__)
    known = {name for name in vars(fake) if not name.startswith("_")} - {"package"}
    assert known <= set(dir(trt))
    for kind, real in {
        fake.Builder: trt.Builder,
        fake.Runtime: trt.Runtime,
        fake_package.Network: trt.INetworkDefinition,
        fake_package.Profile: trt.IOptimizationProfile,
        fake_package.Config: trt.IBuilderConfig,
        fake_package.Parser: trt.OnnxParser,
        fake_package.Engine: trt.ICudaEngine,
        fake_package.RuntimeConfig: trt.IRuntimeConfig,
        fake_package.RuntimeCache: trt.IRuntimeCache,
        fake_package.RtxContext: trt.IExecutionContext,
        fake_package.Mode: trt.TensorIOMode,
        fake_package.Strategy: trt.ExecutionContextAllocationStrategy,
        fake_package.Flag: trt.NetworkDefinitionCreationFlag,
        fake_package.Capability: trt.ComputeCapability,
    }.items():
        ours = {name for it in kind.__mro__[:2] for name in vars(it) if name[0] != "_"}
        assert ours <= set(dir(real)), kind.__name__
    config = trt.Builder(trt.Logger(trt.Logger.ERROR)).create_builder_config()
    assert hasattr(config, "progress_monitor") and hasattr(config, "num_compute_capabilities")
    assert trt.BuilderFlag.REQUIRE_USER_ALLOCATION is not None
    assert trt.DynamicShapesKernelSpecializationStrategy.EAGER is not None
    kinds = {trt.nptype(kind) for kind in (trt.float32, trt.float16, trt.uint8)}
    assert kinds == set(fake_package.KINDS.values())
