"""The loss of hearing: nothing for what is wanted, and most for the errors that are seen most."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from engine.types import Floats
from models.listen import LOOKAHEAD, Understood
from train.voices.batches import Batch
from train.voices.loss import hearing_loss, lip_loss
from train.voices.phones import ORDER
from train.voices.targets import shape

TICKS = 20
OPEN = shape(jawOpen=0.3, mouthLowerDown=0.2)
CLOSED = shape(jawOpen=0.1, mouthClose=0.1, mouthPress=0.35, mouthRollLower=0.22)
TUCKED = shape(jawOpen=0.07, mouthRollLower=0.4)


def batch(*middle: Tensor) -> Batch:
    """An open mouth with other mouths in the middle."""
    mouth = torch.from_numpy(OPEN).repeat(1, TICKS, 1)
    closure = torch.zeros(1, TICKS)
    for place, other in enumerate(middle, start=8):
        mouth[0, place] = other
        closure[0, place] = float(torch.equal(other, torch.from_numpy(CLOSED)))
    phone = torch.zeros(1, TICKS, dtype=torch.int64)
    return Batch(
        torch.zeros(1, TICKS, 4, 64), mouth, closure, torch.full((1, TICKS, 2), 0.5), phone
    )


def in_time(values: Tensor) -> Tensor:
    """As a network puts it out: late by its look-ahead."""
    return values.roll(LOOKAHEAD, dims=1)


def test_the_wanted_mouth_costs_next_to_nothing() -> None:
    wanted = batch(torch.from_numpy(TUCKED))
    assert lip_loss(in_time(wanted.mouth), wanted).item() < 1e-3
    assert lip_loss(wanted.mouth, wanted).item() > 0.02, "too early"


@pytest.mark.parametrize("mouth", [CLOSED, TUCKED], ids=["p", "f"])
def test_a_missed_consonant_costs_more_than_one_made_up(mouth: Floats) -> None:
    special = torch.from_numpy(mouth)
    asked, plain = batch(special), batch(torch.from_numpy(OPEN))
    missed = lip_loss(in_time(plain.mouth), asked).item()
    made_up = lip_loss(in_time(asked.mouth), plain).item()
    assert missed > made_up > 0.0


def test_prosody_and_phones_count_beside_the_mouth() -> None:
    wanted = batch()
    mouth = in_time(wanted.mouth)
    right, wrong = torch.zeros(1, TICKS, len(ORDER)), torch.zeros(1, TICKS, len(ORDER))
    right[..., 0], wrong[..., 1] = 20.0, 20.0
    perfect = hearing_loss(Understood(mouth, wanted.prosody, right), wanted).item()
    deaf = hearing_loss(Understood(mouth, wanted.prosody, wrong), wanted).item()
    flat = hearing_loss(Understood(mouth, wanted.prosody * 0.0, right), wanted).item()
    assert perfect < 1e-3
    assert deaf > perfect + 0.1 and flat > perfect + 0.05
