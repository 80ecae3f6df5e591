"""The whole way in miniature: from an empty folder to a bundle that corrects its mesh."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from engine.backends.onnx import OnnxBackend
from engine.bundle import BUILTIN, Bundle
from engine.errors import BundleError
from engine.portrait import Portrait
from engine.render import MeshIdentity
from engine.renderers import presenter_portrait
from engine.studio import Studio
from engine.tracker import FaceTracker
from engine.types import Floats, Picture, floats
from export.bundle import make
from export.lite.__main__ import load_network
from export.lite.__main__ import main as export
from export.lite.examples import (
    Example,
    apart,
    ask_file,
    ask_network,
    pictures,
    read_examples,
)
from export.lite.files import full_file, host_file, portrait_file
from models.lite.network import Lite
from tests.support.motions import motion
from tests.support.takes import MOVES, presenter_take
from train.faces.batches import Sampler
from train.faces.learnt import read_network
from train.faces.training import Recipe, Training
from train.judges.contenders import MESH, NETWORKS, renderers
from train.lite import CHECKPOINT, read_material, run

STEPS = 120
SPOKEN = motion(jawOpen=0.6, mouthLowerDown=0.3, yaw=3.0)


@dataclass(frozen=True)
class Made:
    """What the way leads to."""

    network: Lite
    files: Path
    pairs: Path
    bundle: Path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("way")
    takes, out, files, bundle = (folder / it for it in ("takes", "lite", "files", "bundle"))
    takes.mkdir()
    for presenter, name in (
        ("ada", "one"),
        ("amara", "two"),
        ("kenji", "three"),
        ("samuel", "seven"),
    ):
        presenter_take(presenter, name).save(takes / f"{name}.npz")
    recipe = Recipe(size="tiny", minutes=1.0, people=1, targets=3, rate=4e-3, adversary=0.0)
    training = Training(recipe, None, torch.device("cpu"))
    out.mkdir()
    material = read_material(takes, out / "pairs", most=5, judges=2)
    sampler = Sampler([(material.taught, 1.0)], recipe.people, recipe.targets)
    for step in range(STEPS):
        training.spent = 54.0 * step / STEPS  # a minute's schedule, however quick the machine
        training.advance(sampler.draw(np.random.default_rng(step)))
    training.spent = 59.9
    run(training, material, read_material(None, out, 0, 0), out)
    assert {"loss.png", "sheet.png", "index.html"} <= {path.name for path in out.iterdir()}
    export(out / CHECKPOINT, out / "pairs", files, calibrate=6, full=False)
    shutil.copytree(BUILTIN, bundle)
    for name in ("portrait", "render", "render_int8"):
        shutil.copy(files / f"{name}.onnx", bundle / f"{name}.onnx")
    make(bundle)
    return Made(load_network(out / CHECKPOINT), files, out / "pairs", bundle)


def examples(made: Made) -> list[Example]:
    return read_examples(made.pairs, made.network, 6, seed=3)


def identity(bundle: Path, presenter: str = "samuel") -> MeshIdentity:
    opened = Studio(Bundle.open(bundle), OnnxBackend())
    found = opened.presenter(presenter, 256)
    assert isinstance(found, MeshIdentity)
    return found


def portrait_of(picture: Picture) -> Portrait:
    tracker = FaceTracker(Bundle.open().asset("tracker"), most=1)
    face = tracker(picture)[0]
    tracker.close()
    return Portrait(picture, face)


def test_what_was_taught_is_drawn_on_a_face_never_taught(made: Made) -> None:
    truth = presenter_take("samuel", "seven")
    wrong = {}
    portrait, drawing = portrait_of(truth.pictures[0]), renderers(made.bundle)
    for name, renderer in (("network", NETWORKS["render"]), ("mesh", MESH)):
        who = drawing[renderer].identity(portrait, 256)
        mouths = [who.draw(move)[120:200, 80:176].astype(int) for move in MOVES]
        wrong[name] = np.abs(mouths - truth.pictures[:, 120:200, 80:176]).mean()
    print(f"network {wrong['network']:.2f}, mesh {wrong['mesh']:.2f} levels off")
    assert wrong["network"] < 0.95 * wrong["mesh"]


def test_the_exported_file_is_the_network(made: Made) -> None:
    seen = examples(made)
    wanted = pictures(ask_network(made.network), seen)
    found = pictures(ask_file((made.files / "render.onnx").read_bytes()), seen)
    assert apart(found, wanted)[1] <= 1
    assert apart(wanted, np.stack([it.drawn for it in seen]))[1] > 20  # it does say something


def test_a_training_can_start_from_the_exported_files(made: Made) -> None:
    known = read_network(made.files)
    seen = examples(made)
    wanted = pictures(ask_network(made.network), seen)
    assert apart(pictures(ask_network(known), seen), wanted)[1] <= 1
    training = Training(Recipe(size=known.size), None, torch.device("cpu"))
    training.start(known)
    for network in (training.network, training.mean):
        assert apart(pictures(ask_network(network), seen), wanted)[1] <= 1


def test_only_a_network_of_this_kind_can_be_started_from(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"no portrait\.onnx"):
        read_network(tmp_path)
    for name in ("portrait", "render"):
        shutil.copy(BUILTIN / "listen.onnx", tmp_path / f"{name}.onnx")
    with pytest.raises(BundleError, match="another network"):
        read_network(tmp_path)


@pytest.mark.parametrize("name", ["render_int8", "render_int8_trt"])
def test_eight_bits_lose_little(made: Made, name: str) -> None:
    seen = examples(made)
    wanted = pictures(ask_network(made.network), seen)
    model = (made.files / f"{name}.onnx").read_bytes()
    mean, _ = apart(pictures(ask_file(model), seen), wanted)
    corrected, _ = apart(np.stack([it.drawn for it in seen]), wanted)
    print(f"{name}: {mean:.3f} levels off, the correction is {corrected:.3f}")
    assert mean < 0.25 * corrected + 0.02


def test_eight_bits_are_of_the_kind_that_the_backend_wants(made: Made) -> None:
    kinds = {}
    for name in ("render_int8", "render_int8_trt"):
        model = onnx.load(made.files / f"{name}.onnx")
        used = [node for node in model.graph.node if node.op_type == "Conv"]
        stored = {it.name: it for it in model.graph.initializer}
        zeros = {
            stored[node.input[2]].data_type
            for node in model.graph.node
            if node.op_type == "QuantizeLinear"
        }
        kinds[name] = zeros
        biases = {node.input[2] in stored for node in used}
        assert biases == ({True} if name.endswith("trt") else {True, False})
    assert kinds == {
        "render_int8": {onnx.TensorProto.UINT8},
        "render_int8_trt": {onnx.TensorProto.INT8},
    }


def test_a_bundle_with_an_untrained_network_draws_the_mesh(made: Made, tmp_path: Path) -> None:
    bundle = tmp_path / "untrained"
    shutil.copytree(BUILTIN, bundle)
    untrained = Lite("tiny")
    (bundle / "portrait.onnx").write_bytes(portrait_file(untrained))
    (bundle / "render.onnx").write_bytes(host_file(untrained))
    make(bundle)
    assert {"portrait", "render"} <= Bundle.open(bundle).manifest.graphs.keys()
    assert Studio.open(bundle).drawn_by == "render"
    silent = identity(bundle)
    mesh = renderers(BUILTIN)[MESH].identity(presenter_portrait(Bundle.open(), "samuel"), 256)
    for asked in (motion(), SPOKEN, motion(eyeBlink=1.0, pitch=6.0)):
        np.testing.assert_array_equal(silent.draw(asked), mesh.draw(asked))


def test_the_full_graph_draws_what_the_engine_draws(made: Made) -> None:
    whole = OnnxBackend().compile("full", full_file(made.network))
    moves = [SPOKEN, motion(mouthSmile=0.6, pitch=4.0, eyeBlink=0.4)]
    people = [identity(made.bundle), identity(made.bundle, "ada")]
    wanted = np.stack([who.draw(it) for who, it in zip(people, moves, strict=True)])
    statics = [who.correction.statics for who in people if who.correction]
    layers = [who.layers(it) for who, it in zip(people, moves, strict=True)]
    given = {
        "skin": np.concatenate([_planes(floats(who.skin / 255)) for who in people]),
        "flow": np.concatenate([_planes(floats(flow / 256)) for flow, _, _ in layers]),
        "overlay": np.concatenate([_planes(painted) for _, painted, _ in layers]),
        "opening": np.stack([opening[None] for _, _, opening in layers]),
        "mouth": np.stack([it.mouth for it in moves]),
        "pose": np.stack([it.pose for it in moves]),
        "expression": np.stack([it.expression for it in moves]),
        **{name: np.concatenate([it[name] for it in statics]) for name in statics[0]},
    }
    found = whole.run(given)["picture"]
    assert found.dtype == np.uint8 and found.shape == wanted.shape
    wrong = np.abs(found.astype(int) - wanted)
    # OpenCV warps in fixed point: a place that lies between two of its steps may fall either way
    assert (wrong <= 1).mean() > 0.995 and wrong.mean() < 0.2 and wrong.max() <= 8


def _planes(values: Floats) -> Floats:
    return np.ascontiguousarray(values.transpose(2, 0, 1)[None], np.float32)
