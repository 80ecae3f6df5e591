"""Exported graphs compute what was published, at any batch, in plain operators."""

from __future__ import annotations

import onnx
import pytest
import torch

from export.edtalk.graphs import Graphs, as_levels, listen
from export.edtalk.seeded import seeded_audio2lip, seeded_generator
from export.edtalk.sessions import run, session
from export.parity import Apart, files_apart, hearing_apart, rewrite_apart, table
from models.edtalk.audio2lip import BANDS, COLUMNS
from models.edtalk.generator import Generator
from tests.support.edtalk import SMALL

PLAIN = {
    "Abs", "Add", "Cast", "Clip", "Concat", "Constant", "ConstantOfShape", "Conv",
    "ConvTranspose", "Div", "Equal", "Expand", "Flatten", "Gather", "Gemm", "GridSample",
    "Identity", "InstanceNormalization", "LeakyRelu", "MatMul", "Mul", "ReduceMax", "Relu",
    "Reshape", "Round", "Shape", "Sigmoid", "Slice", "Split", "Sqrt", "Sub", "Tanh",
    "Transpose", "Unsqueeze", "Where",
}  # fmt: skip


@pytest.fixture(scope="module", params=[True, False], ids=["expressive", "plain"])
def generator(request: pytest.FixtureRequest) -> Generator:
    return seeded_generator(SMALL, expressive=request.param)


def assert_same(found: list[Apart]) -> None:
    assert all(it.fine for it in found), [it for it in found if not it.fine]


@pytest.mark.parametrize("half", [False, True])
def test_files_compute_what_was_published(generator: Generator, half: bool) -> None:
    files = Graphs.of(generator, half=half).files()
    for batch in (1, 3):
        assert_same(files_apart(generator, files, half=half, batch=batch, seed=batch))


def test_a_difference_is_seen(generator: Generator) -> None:
    other = seeded_generator(SMALL, expressive=generator.expressive)
    other.enc.net_app.convs[0][1].bias.add_(0.3)  # type: ignore[index]
    found = files_apart(generator, Graphs.of(other).files())
    assert {"code", "picture"} <= {it.value for it in found if not it.fine}
    shown = table(found)
    assert shown.row_count == len(found)


def test_the_rewrite_is_judged_in_both_precisions(generator: Generator) -> None:
    for kind in (torch.float64, torch.float32):
        found = rewrite_apart(generator, kind, batch=2)
        assert [it.value for it in found] == ["code", "picture"]
        assert_same(found)


def test_tensors_have_their_names_and_any_batch(generator: Generator) -> None:
    graphs = Graphs.of(generator)
    opened = {name: session(model) for name, model in graphs.files().items()}
    maps = [f"maps_{cells}" for cells in SMALL.levels]
    assert ("expression" in opened) == generator.expressive
    steps = ["mouth", "pose", "expression"][: 2 + generator.expressive]
    assert [it.name for it in opened["render"].get_inputs()] == [*steps, "code", *maps]
    assert [it.name for it in opened["watch"].get_outputs()] == steps
    kept = {it.name for it in opened["portrait"].get_outputs()}
    wanted = {it.name for it in opened["render"].get_inputs()}
    if generator.expressive:
        taken = {it.name for it in opened["expression"].get_inputs()} - {"expression"}
        assert taken <= kept
        wanted -= {it.name for it in opened["expression"].get_outputs()}
    assert wanted - set(steps) <= kept
    for graph in opened.values():
        for tensor in (*graph.get_inputs(), *graph.get_outputs()):
            assert tensor.shape[0] == "batch"
    picture = opened["render"].get_outputs()[0]
    assert (picture.shape, picture.type) == (["batch", 32, 32, 3], "tensor(uint8)")


def test_half_precision_keeps_its_islands(generator: Generator) -> None:
    model = onnx.load_from_string(Graphs.of(generator, half=True).render())
    kinds = {it.name: it.data_type for it in model.graph.initializer}
    for node in model.graph.node:
        for name in node.input:
            if node.op_type == "MatMul" and name in kinds:
                assert kinds[name] == onnx.TensorProto.FLOAT, "styles and tables"
            if node.op_type == "Conv" and name in kinds:
                assert kinds[name] == onnx.TensorProto.FLOAT16
    shaped = onnx.shape_inference.infer_shapes(model, strict_mode=True)
    known = {it.name: it.type.tensor_type.elem_type for it in shaped.graph.value_info}
    sampled = [node for node in model.graph.node if node.op_type == "GridSample"]
    assert len(sampled) == len(SMALL.levels)
    for node in sampled:
        assert [known[name] for name in node.input] == [onnx.TensorProto.FLOAT] * 2


def test_operators_are_plain_and_no_file_tells_where_it_was_made(generator: Generator) -> None:
    files = {**Graphs.of(generator).files(), "listen": listen(seeded_audio2lip())}
    for model in files.values():
        opened = onnx.load_from_string(model)
        assert opened.opset_import[0].version >= 17
        assert {node.op_type for node in opened.graph.node} <= PLAIN
        assert b".py" not in model


def test_the_network_that_hears() -> None:
    network = seeded_audio2lip()
    assert hearing_apart(network).fine
    model = listen(network)
    given = {"windows": torch.zeros(4, 1, BANDS, COLUMNS)}
    assert run(session(model), given)["mouth"].shape == (4, 20)


def test_grey_levels_are_a_fixed_map() -> None:
    colours = torch.tensor([-1.5, -1.0, 0.0, 1.0, 2.0]).reshape(1, 1, 1, 5).expand(1, 3, 1, 5)
    assert as_levels(colours)[0, 0, :, 0].tolist() == [0, 0, 128, 255, 255]
