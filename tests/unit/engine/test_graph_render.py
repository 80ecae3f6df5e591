"""Pictures of graphs: what they are given, and when an expression is laid over anew."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from onnx import helper

from engine.backends import Backend, Graph, Kept, Tensors
from engine.backends.onnx import OnnxBackend
from engine.errors import BundleError
from engine.graph_render import GraphRenderer
from engine.portrait import Portrait
from engine.resample import resized_picture
from engine.types import Motion
from engine.wiring import Shape, Wired
from export.bundle import graph_file
from export.edtalk.graphs import Graphs, as_levels
from export.edtalk.seeded import seeded_generator
from models.edtalk.generator import Generator, Steps
from tests.support.edtalk import THIN
from tests.support.fakes.fake_cuda import FakeCuda
from tests.support.gpu import fake_backend
from tests.support.graphs import flat_pictures, graph, portrait_mean
from tests.support.motions import motion

SIZES = (28, 6, 24)


def wired(compiled: Graph, inputs: str, **outputs: Shape) -> Wired:
    return Wired(compiled, "test", frozenset(inputs.split()), outputs)


def test_a_bundle_of_graphs_makes_whole_pictures(portrait: Portrait) -> None:
    backend = OnnxBackend()
    renderer = GraphRenderer(
        wired(backend.compile("portrait", portrait_mean()), "picture", identity=(1, 3)),
        wired(
            backend.compile("render", flat_pictures(*SIZES)),
            "identity mouth pose expression",
            picture=(1, 256, 256, 3),
        ),
    )
    identity = renderer.identity(portrait, 512)
    picture, brighter = identity.draw(motion()), identity.draw(motion(jawForward=0.2))
    assert picture.shape == (512, 512, 3)
    mean = portrait.picture.reshape(-1, 3).mean(axis=0)
    np.testing.assert_allclose(picture[0, 0], mean, atol=3)
    assert (brighter.astype(int) - picture).min() > 20


class Counted:
    """A graph that keeps what it was given."""

    def __init__(self, graph: Graph) -> None:
        self._graph, self.given = graph, list[dict[str, Kept]]()

    def run(self, inputs: Mapping[str, Kept]) -> Tensors:
        self.given.append(dict(inputs))
        return self._graph.run(inputs)

    def keep(self, inputs: Mapping[str, Kept]) -> Mapping[str, Kept]:
        self.given.append(dict(inputs))
        return self._graph.keep(inputs)


@pytest.fixture(scope="module", params=[True, False], ids=["expressive", "plain"])
def generator(request: pytest.FixtureRequest) -> Generator:
    return seeded_generator(THIN, expressive=request.param)


@pytest.fixture(scope="module")
def graphs(generator: Generator, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Wired]:
    folder = tmp_path_factory.mktemp("graphs")
    return compiled(OnnxBackend(), Graphs.of(generator).files(), folder)


def compiled(backend: Backend, files: Mapping[str, bytes], folder: Path) -> dict[str, Wired]:
    made = {}
    for name, model in files.items():
        (folder / f"{name}.onnx").write_bytes(model)
        stated = graph_file(folder, f"{name}.onnx")
        counted = Counted(backend.compile(name, model))
        made[name] = Wired(counted, name, frozenset(stated.inputs), stated.outputs)
    return made


def renderer(graphs: dict[str, Wired]) -> GraphRenderer:
    return GraphRenderer(graphs["portrait"], graphs["render"], graphs.get("expression"))


def steps(expressive: bool, mouth: float, pose: float, expression: float) -> Motion:
    sizes = (20, 6, 10 if expressive else 0)
    values = (mouth, pose, expression)
    return Motion(
        *(np.full(size, value, np.float32) for size, value in zip(sizes, values, strict=True))
    )


def test_pictures_are_the_published_networks(
    portrait: Portrait, generator: Generator, graphs: dict[str, Wired]
) -> None:
    """Pose and expression are added to what the portrait does, a mouth is as it is told."""
    identity = renderer(graphs).identity(portrait, 256)
    drawn = identity.draw(steps(generator.expressive, 0.7, 0.4, 0.9))
    small = resized_picture(portrait.picture, 256)
    seen = generator.look(torch.from_numpy(small.transpose(2, 0, 1)[None] / 127.5 - 1).float())
    rest = generator.read(seen.code)
    expression = None if rest.expression is None else rest.expression + 0.9
    told = Steps(torch.full((1, 20), 0.7), rest.pose + 0.4, expression)
    wanted = as_levels(generator(seen, told))[0].numpy()
    assert np.abs(drawn.astype(int) - wanted).max() <= 1
    still = identity.draw(steps(generator.expressive, 0.0, 0.0, 0.0))
    assert np.abs(drawn.astype(int) - still).mean() > 1


def test_an_expression_is_laid_over_when_it_changes(
    portrait: Portrait, generator: Generator, graphs: dict[str, Wired]
) -> None:
    identity = renderer(graphs).identity(portrait, 256)
    if not generator.expressive:
        assert "expression" not in graphs
        identity.draw(steps(False, 0.0, 0.0, 0.0))
        return
    lay = graphs["expression"].graph
    assert isinstance(lay, Counted)
    lay.given.clear()
    drawn = [
        identity.draw(steps(True, 0.0, 0.0, value)) for value in (0.5, 0.5, 0.5 + 1e-5, 0.9, 0.5)
    ]
    assert len(lay.given) == 3
    assert np.array_equal(drawn[0], drawn[1]) and np.array_equal(drawn[0], drawn[4])
    assert not np.array_equal(drawn[0], drawn[3])


@pytest.mark.parametrize("half", [False, True], ids=["single", "half"])
def test_on_a_gpu_only_steps_and_pictures_travel(
    portrait: Portrait, generator: Generator, graphs: dict[str, Wired], half: bool, tmp_path: Path
) -> None:
    library = FakeCuda()
    files = Graphs.of(generator, half=half).files()
    drawing = compiled(fake_backend(tmp_path / "cache", library), files, tmp_path)
    identity = renderer(drawing).identity(portrait, 256)
    there = renderer(graphs).identity(portrait, 256)
    library.uploaded = library.downloaded = 0
    for number in range(4):
        told = steps(generator.expressive, 0.1 * number, 0.0, 0.2 * number)
        drawn, wanted = identity.draw(told).astype(int), there.draw(told)
        assert np.abs(drawn - wanted).mean() <= (2 if half else 0.01)
    assert library.uploaded <= 4 * 2 * 36 * 4, "steps of a picture, and of its expression"
    assert library.downloaded == 4 * 256 * 256 * 3


def test_pictures_are_enlarged_where_more_is_asked_for(
    portrait: Portrait, generator: Generator, graphs: dict[str, Wired]
) -> None:
    identity = renderer(graphs).identity(portrait, 512)
    assert identity.draw(steps(generator.expressive, 0.1, 0.0, 0.0)).shape == (512, 512, 3)


def test_what_is_no_picture_is_refused(portrait: Portrait) -> None:
    backend = OnnxBackend()
    encode = wired(backend.compile("portrait", portrait_mean()), "picture", identity=(1, 3))
    model = graph(
        {"identity": [1, 3]},
        {"picture": [1, 3]},
        [helper.make_node("Identity", ["identity"], ["picture"])],
        {},
    )
    draws = wired(backend.compile("render", model), "identity", picture=(1, 3))
    with pytest.raises(BundleError, match="uint8"):
        GraphRenderer(encode, draws).identity(portrait, 256).draw(motion())
