"""From takes to batches, losses and a training that goes on where it was left."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from engine.arkit import EXPRESSION, MOUTH
from engine.errors import BundleError
from engine.types import Floats, floats
from models.lite.decoder import Correction
from tests.support.takes import MOVES, presenter_take
from train.faces.batches import Batch, Sampler, mirrored, plain_batch
from train.faces.losses import Weights, applied, lite_losses
from train.faces.pair_maker import PairMaker
from train.faces.pairs import Pairs, residual_of
from train.faces.regions import feature_crops, soft_boxes
from train.faces.training import Recipe, Training
from train.lite import read_material
from train.takes import Take, held_out

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def take() -> Take:
    return presenter_take("ada", "ada")


@pytest.fixture(scope="module")
def maker(tmp_path_factory: pytest.TempPathFactory) -> PairMaker:
    return PairMaker(tmp_path_factory.mktemp("pairs"), share=1.0)


@pytest.fixture(scope="module")
def pairs(take: Take, maker: PairMaker) -> Pairs:
    made = maker.make(take)
    assert made is not None
    return made


@pytest.fixture
def batch(pairs: Pairs) -> Batch:
    return plain_batch(pairs, np.flatnonzero(pairs.source == 0))


def test_a_pair_is_what_the_engine_would_be_asked(pairs: Pairs) -> None:
    own = np.flatnonzero(pairs.source == 0)
    assert pairs.target[own].tolist() == list(range(len(MOVES)))
    asked = floats([np.concatenate([m.mouth, m.pose, m.expression]) for m in MOVES])
    np.testing.assert_allclose(pairs.motions[own], asked, atol=0.1)
    wrong = np.abs(pairs.drawn[own].astype(int) - pairs.wanted[pairs.target[own]])
    assert wrong.mean() < 3
    assert pairs.inside[2].any() and not pairs.inside[0].any()


def test_a_second_portrait_is_seen_as_far_as_it_differs(pairs: Pairs) -> None:
    calm, other = (np.flatnonzero(pairs.source == number) for number in (1, 2))
    assert len(calm) == len(other) == len(MOVES)
    assert np.abs(pairs.readings[2] - pairs.readings[0]).max() > 0.1
    assert not pairs.readings[1, : len(MOUTH)].any()
    mouths = pairs.drawn[:, 120:200, 80:176].astype(int)
    truth = pairs.wanted[0, 120:200, 80:176]
    wrong = [
        np.abs(mouths[own[0]] - truth).mean() for own in (calm, np.flatnonzero(pairs.source == 0))
    ]
    assert wrong[0] < wrong[1]  # told to rest, the mesh leaves the portrait's mouth alone


def test_pairs_are_kept_until_their_take_changes(
    take: Take, maker: PairMaker, tmp_path: Path
) -> None:
    path = tmp_path / "ada.npz"
    take.save(path)
    first = maker(path)
    kept = maker(path)
    assert first is not None and kept is not None
    np.testing.assert_array_equal(kept.drawn, first.drawn)
    path.rename(tmp_path / "bob.npz")
    with pytest.raises(BundleError, match="rename"):
        maker(tmp_path / "bob.npz")


def test_the_residual_makes_up_for_the_mesh() -> None:
    def mesh(x: Floats, y: Floats) -> Floats:
        return floats(np.stack([0.03 * np.sin(y / 12), 0.02 * np.cos(x / 10)], axis=2))

    x, y = np.meshgrid(np.arange(64, dtype=np.float32), np.arange(64, dtype=np.float32))
    true = floats(np.stack([0.02 * np.cos(x / 15), 0.01 * np.sin(y / 9)], axis=2))
    residual = residual_of(mesh(x, y), true)
    there = mesh(x + 64 * residual[..., 0], y + 64 * residual[..., 1])
    inner = slice(4, -4)
    np.testing.assert_allclose((residual + there)[inner, inner], true[inner, inner], atol=0.02 / 64)


def test_a_mirror_changes_sides_and_twice_nothing(batch: Batch) -> None:
    part = {name: getattr(batch, name).numpy() for name in Batch.__slots__}
    once = mirrored(part)
    for name, values in mirrored(once).items():
        np.testing.assert_allclose(values, part[name], atol=1e-6, err_msg=name)
    jaw, funnel = MOUTH.index("jawLeft"), MOUTH.index("mouthFunnel")
    part["mouth"] = part["mouth"].copy()
    part["mouth"][:, jaw] = 0.7
    turned = mirrored(part)
    assert (turned["mouth"][:, MOUTH.index("jawRight")] == np.float32(0.7)).all()
    np.testing.assert_array_equal(turned["mouth"][:, funnel], part["mouth"][:, funnel])
    np.testing.assert_array_equal(turned["pose"][:, 0], -part["pose"][:, 0])
    np.testing.assert_array_equal(turned["pose"][:, 1], part["pose"][:, 1])
    assert EXPRESSION[8] == "eyeBlinkLeft"


def test_crops_and_weights_lie_on_the_features(batch: Batch, take: Take) -> None:
    soft = soft_boxes(batch.boxes, 128)
    x, y = (take.points[0, 13, :2] / 2).astype(int)
    assert soft[0, 0, y, x] > 0.9 > 0.1 > soft[0, 1, y, x]
    marked = batch.wanted.clone()
    marked[:, :, 2 * y, 2 * x] = -5.0
    mouths, eyes = feature_crops(marked, batch.boxes)
    assert mouths[0].min() == -5.0 and eyes.min() >= 0.0
    assert mouths.shape[2:] == (96, 96) and eyes.shape == (2 * len(batch), 3, 64, 64)


def test_batches_follow_from_their_seed(pairs: Pairs) -> None:
    sampler = Sampler([([pairs], 0.7), ([], 0.3)], people=2, targets=3)
    one, same, other = (sampler.draw(np.random.default_rng((1, n))) for n in (5, 5, 6))
    assert torch.equal(one.drawn, same.drawn) and not torch.equal(one.drawn, other.drawn)
    assert one.repeats == 3 and len(one) == 6
    assert one.drawn.min() >= 0 and one.drawn.max() <= 1


def _said(batch: Batch, alpha: float) -> Correction:
    count = len(batch)
    logit = torch.full((count, 1, 128, 128), alpha, requires_grad=True)
    change = torch.nn.functional.avg_pool2d(batch.wanted - batch.drawn, 2)
    return Correction(torch.zeros(count, 2, 64, 64), change, logit.clamp(0, 1), logit)


def test_alpha_is_told_to_be_in_wrong_mouths_and_nowhere_else(batch: Batch) -> None:
    answer = applied(batch, _said(batch, 0.0))
    losses = lite_losses(batch, answer, Weights(), 0.0)
    gradient = torch.autograd.grad(losses["guided"], answer.said.logit)[0]
    wrong = batch.inside.bool()
    assert gradient[wrong].min() < 0 and not gradient[~wrong].any()
    assert "guided" not in lite_losses(batch, answer, Weights(), 0.6)
    everywhere = lite_losses(batch, applied(batch, _said(batch, 0.5)), Weights(), 0.0)
    assert everywhere["alpha"] > 0.005 and losses["alpha"] == 0
    assert everywhere["whole"] < losses["whole"]  # the colours are right


def test_the_true_residual_costs_nothing_and_none_does(batch: Batch) -> None:
    said = _said(batch, 0.0)
    true = said._replace(residual=batch.residual)
    known = lite_losses(batch, applied(batch, true), Weights(), 0.0)
    nothing = lite_losses(batch, applied(batch, said), Weights(), 0.0)
    assert known["flow"] == 0 < nothing["flow"]
    assert known["near"] < nothing["near"]


def test_less_of_a_movement_than_is_right_is_dear_and_more_is_not(batch: Batch) -> None:
    moved = []
    for share in (-0.3, 0.0, 0.3):
        said = _said(batch, 0.0)._replace(residual=batch.residual + share * batch.flow)
        moved.append(float(lite_losses(batch, applied(batch, said), Weights(), 0.0)["moved"]))
    assert moved[0] > 0.1 and moved[1:] == [0.0, 0.0]


def test_held_out_people_judge_and_never_teach(take: Take, tmp_path: Path) -> None:
    names = ["one", "two", "seven", "eve"]
    assert [held_out(name) for name in names] == [False, False, True, True]
    for name in names:
        Take(name, *(getattr(take, field) for field in Take.__slots__[1:])).save(
            tmp_path / f"{name}.npz"
        )
    np.savez(tmp_path / "other.npz", values=np.zeros(3))
    material = read_material(tmp_path, tmp_path / "pairs", most=1, judges=5)
    assert (len(material.taught), len(material.judging)) == (1, 2)


def test_a_training_goes_on_where_it_was_left(batch: Batch, tmp_path: Path) -> None:
    recipe = Recipe(size="tiny", minutes=1.0)
    whole = Training(recipe, None, CPU)
    parts = Training(recipe, None, CPU)
    for training in (whole, parts):
        training.advance(batch)
    parts.spent = whole.spent = 50.0  # the adversary has joined in
    for training in (whole, parts):
        training.advance(batch)
    parts.save(tmp_path / "lite.pt")
    resumed = Training(Recipe(size="tiny", minutes=1.0, seed=9), None, CPU)
    resumed.resume(tmp_path / "lite.pt")
    assert (resumed.step, resumed.spent) == (2, 50.0)
    assert "adversary" in whole.advance(batch)
    resumed.advance(batch)
    for name, weight in whole.mean.state_dict().items():
        torch.testing.assert_close(weight, resumed.mean.state_dict()[name])
