"""The network over the mesh: silent before training, its banks orthonormal."""

from __future__ import annotations

from dataclasses import astuple

import pytest
import torch
from torch import Tensor

from models.lite.decoder import MOST_RESIDUAL, Correction, Statics, warp_maps
from models.lite.layers import as_maps, as_rows, places, warp_rows
from models.lite.motion import COMPONENTS, Banks, FixedBanks
from models.lite.network import Lite, corrected
from models.lite.sizes import SIZES


def given(count: int = 2) -> tuple[tuple[Tensor, Tensor, Tensor], Tensor, Tensor]:
    """Motion, the mesh's picture [count, 3, 256, 256] and its flow."""
    torch.manual_seed(3)
    motion = torch.rand(count, 28), torch.randn(count, 6), torch.rand(count, 24)
    return motion, torch.rand(count, 3, 256, 256), 0.02 * torch.randn(count, 2, 64, 64)


def ask(network: Lite, count: int = 2) -> tuple[Correction, Tensor]:
    motion, drawn, flow = given(count)
    statics = network.look(
        torch.rand(count, 3, 128, 128), torch.rand(count, 5, 128, 128), torch.rand(count, 55)
    )
    small = torch.nn.functional.avg_pool2d(drawn, 2)
    said: Correction = network(statics, motion, small, flow)
    return said, drawn


@pytest.fixture
def network() -> Lite:
    torch.manual_seed(1)
    return Lite("tiny")


def test_before_training_it_says_nothing(network: Lite) -> None:
    with torch.no_grad():
        said, drawn = ask(network)
    assert not said.residual.any() and not said.alpha.any()
    assert torch.equal(corrected(drawn, said), drawn)


def test_what_says_nothing_can_still_learn(network: Lite) -> None:
    said, drawn = ask(network)
    wanted = torch.zeros_like(drawn)
    made = corrected(drawn, said)
    told = (said.change - 0.2).abs().mean() + (said.logit - 0.5).abs().mean()
    ((made - wanted).abs().mean() + told).backward()  # type: ignore[no-untyped-call]
    for layer in (network.decoder.bend_fine, network.decoder.bend_middle, network.decoder.paint):
        assert layer.weight.grad is not None and layer.weight.grad.abs().sum() > 0
    paint = network.decoder.paint.weight.grad
    assert paint is not None
    assert (paint.reshape(4, 4, -1).abs().sum((1, 2)) > 0).all()  # red, green, blue and alpha


def test_what_it_says_is_bounded(network: Lite) -> None:
    with torch.no_grad():
        for layer in (network.decoder.bend_fine, network.decoder.paint):
            layer.weight.normal_(0, 50)
        said, _ = ask(network)
    assert said.residual.abs().max() <= MOST_RESIDUAL
    assert said.change.abs().max() <= 1
    assert said.alpha.min() >= 0 and said.alpha.max() <= 1
    assert said.alpha.max() > 0.9


def test_banks_are_orthonormal_and_a_component_moves_only_in_its_own(network: Lite) -> None:
    banks = network.motion.banks
    assert isinstance(banks, Banks)
    directions = banks().detach()
    torch.testing.assert_close(directions.T @ directions, torch.eye(58), atol=1e-5, rtol=0)
    still = torch.zeros(1, 28), torch.zeros(1, 6), torch.zeros(1, 24)
    start = network.motion.start(torch.zeros(1, 55))
    parts = torch.split(directions, list(COMPONENTS.values()), dim=1)
    for number in range(3):
        moved = [part.clone() for part in still]
        moved[number] += 0.5
        step = network.motion(*moved, start) - network.motion(*still, start)
        within = [float((step.detach() @ bank).norm()) for bank in parts]
        assert within[number] > 0.1 * float(step.detach().norm()) > 0
        assert all(share < 1e-5 for n, share in enumerate(within) if n != number)
    assert torch.equal(FixedBanks(banks)(), directions)


def test_both_forms_of_warp_agree_also_beyond_the_edge() -> None:
    torch.manual_seed(2)
    maps, flow = torch.randn(1, 16, 32, 32), 0.3 * torch.randn(1, 2, 32, 32)
    rows = as_rows(maps)
    assert torch.equal(as_maps(rows, 32), maps)
    torch.testing.assert_close(warp_rows(rows, flow), warp_maps(rows, flow), atol=1e-4, rtol=1e-4)


def test_a_flow_points_from_target_to_source() -> None:
    maps = torch.arange(16.0).expand(1, 1, 16, 16)
    right = torch.zeros(1, 2, 16, 16)
    right[:, 0] = 3 / 16
    assert warp_maps(as_rows(maps), right)[0, 0, 5, 4] == pytest.approx(7.0)
    assert places(right).shape == (1, 16, 16, 2)


def test_channels_are_multiples_of_16() -> None:
    for widths in SIZES.values():
        assert all(channels % 16 == 0 for channels in astuple(widths))


def test_statics_have_what_the_graphs_are_fed_with() -> None:
    assert Statics._fields == ("identity", "start", "coarse", "middle")
