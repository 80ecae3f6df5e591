"""The network that hears: one tick at a time, or all at once, it is the same."""

from __future__ import annotations

from dataclasses import fields

import pytest
import torch

from engine.arkit import MOUTH
from engine.mel import BANDS, FRAMES_PER_TICK
from engine.prosody import Prosody
from models import listen
from models.listen import Listen
from train.voices.phones import ORDER
from train.voices.prosody import KINDS


@pytest.fixture
def network() -> Listen:
    torch.manual_seed(0)
    return Listen(width=24, layers=2).eval()


def heard(ticks: int, batch: int = 3) -> torch.Tensor:
    return torch.rand(batch, ticks, listen.FRAMES, listen.BANDS) * 2.0 - 1.0


def test_sizes_are_those_of_engine_and_voices() -> None:
    assert (listen.FRAMES, listen.BANDS, listen.MOUTH) == (FRAMES_PER_TICK, BANDS, len(MOUTH))
    assert (listen.PROSODY, listen.PHONES) == (len(KINDS), len(ORDER))
    assert list(KINDS) == [field.name for field in fields(Prosody)]


@torch.no_grad()
def test_streaming_is_the_whole_sequence(network: Listen) -> None:
    mel = heard(40)
    state = torch.zeros(3, network.state_size)
    whole = network.sequence(mel)
    for tick in range(40):
        mouth, prosody, state = network(mel[:, tick], state)
        torch.testing.assert_close(mouth, whole.mouth[:, tick], atol=1e-6, rtol=0)
        torch.testing.assert_close(prosody, whole.prosody[:, tick], atol=1e-6, rtol=0)


@torch.no_grad()
def test_a_sequence_goes_on_from_a_state(network: Listen) -> None:
    mel = heard(20)
    state = torch.zeros(3, network.state_size)
    for tick in range(10):
        *_, state = network(mel[:, tick], state)
    whole, rest = network.sequence(mel).mouth, network.sequence(mel[:, 10:], state).mouth
    torch.testing.assert_close(rest, whole[:, 10:], atol=1e-6, rtol=0)


@torch.no_grad()
def test_the_past_does_not_change_with_the_future(network: Listen) -> None:
    mel = heard(20)
    other = mel.clone()
    other[:, 12:] += 0.5
    one, two = network.sequence(mel).mouth, network.sequence(other).mouth
    assert torch.equal(one[:, :12], two[:, :12])
    assert not torch.allclose(one[:, 12], two[:, 12], atol=1e-4)


@torch.no_grad()
def test_sessions_in_a_batch_do_not_meet(network: Listen) -> None:
    mel = heard(10)
    together, alone = network.sequence(mel).mouth, network.sequence(mel[1:2]).mouth
    torch.testing.assert_close(together[1:2], alone, atol=1e-6, rtol=0)


@torch.no_grad()
def test_coefficients_stay_in_range(network: Listen) -> None:
    understood = network.sequence(heard(50) * 100.0)
    assert understood.mouth.shape == (3, 50, len(MOUTH))
    assert understood.prosody.shape == (3, 50, len(KINDS))
    for values in (understood.mouth, understood.prosody):
        assert values.min() >= 0.0 and values.max() <= 1.0
