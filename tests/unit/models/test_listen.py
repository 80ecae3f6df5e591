"""The network that hears: one tick at a time, or all at once, it is the same."""

from __future__ import annotations

import pytest
import torch

from engine.arkit import MOUTH
from engine.mel import BANDS, FRAMES_PER_TICK
from models import listen
from models.listen import Listen


@pytest.fixture
def network() -> Listen:
    torch.manual_seed(0)
    return Listen(width=24, layers=2).eval()


def heard(ticks: int, batch: int = 3) -> torch.Tensor:
    return torch.rand(batch, ticks, listen.FRAMES, listen.BANDS) * 2.0 - 1.0


def test_sizes_are_those_of_the_engine() -> None:
    assert (listen.FRAMES, listen.BANDS, listen.MOUTH) == (FRAMES_PER_TICK, BANDS, len(MOUTH))


@torch.no_grad()
def test_streaming_is_the_whole_sequence(network: Listen) -> None:
    mel = heard(40)
    state = torch.zeros(3, network.state_size)
    for tick, expected in enumerate(network.sequence(mel).unbind(dim=1)):
        mouth, state = network(mel[:, tick], state)
        torch.testing.assert_close(mouth, expected, atol=1e-6, rtol=0)


@torch.no_grad()
def test_a_sequence_goes_on_from_a_state(network: Listen) -> None:
    mel = heard(20)
    state = torch.zeros(3, network.state_size)
    for tick in range(10):
        _, state = network(mel[:, tick], state)
    whole, rest = network.sequence(mel), network.sequence(mel[:, 10:], state)
    torch.testing.assert_close(rest, whole[:, 10:], atol=1e-6, rtol=0)


@torch.no_grad()
def test_the_past_does_not_change_with_the_future(network: Listen) -> None:
    mel = heard(20)
    other = mel.clone()
    other[:, 12:] += 0.5
    one, two = network.sequence(mel), network.sequence(other)
    assert torch.equal(one[:, :12], two[:, :12])
    assert not torch.allclose(one[:, 12], two[:, 12], atol=1e-4)


@torch.no_grad()
def test_sessions_in_a_batch_do_not_meet(network: Listen) -> None:
    mel = heard(10)
    together, alone = network.sequence(mel), network.sequence(mel[1:2])
    torch.testing.assert_close(together[1:2], alone, atol=1e-6, rtol=0)


@torch.no_grad()
def test_coefficients_stay_in_range(network: Listen) -> None:
    mouths = network.sequence(heard(50) * 100.0)
    assert mouths.shape == (3, 50, len(MOUTH))
    assert mouths.min() >= 0.0 and mouths.max() <= 1.0
