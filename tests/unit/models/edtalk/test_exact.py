"""The rewrite equals what was published, in float64 to the last digits."""

from __future__ import annotations

import pytest
import torch

from export.edtalk.seeded import seeded_generator
from models.edtalk.exact.avatar import Avatar
from tests.support.edtalk import SMALL, any_steps, smooth_pictures


@pytest.mark.parametrize("expressive", [True, False])
@pytest.mark.parametrize(("kind", "close"), [(torch.float64, 1e-10), (torch.float32, 1e-3)])
def test_both_readings_agree(expressive: bool, kind: torch.dtype, close: float) -> None:
    generator = seeded_generator(SMALL, expressive=expressive).to(kind)
    avatar = Avatar(generator)
    pictures = smooth_pictures(3, SMALL).to(kind)
    seen, identity = generator.look(pictures), avatar.portraits(pictures)
    torch.testing.assert_close(identity.code, seen.code, atol=close, rtol=0)
    for wanted, *found in zip(
        generator.read(seen.code), identity.steps, avatar.watcher(pictures), strict=True
    ):
        for part in found:
            assert (part is None) == (wanted is None)
            if wanted is not None:
                torch.testing.assert_close(part, wanted, atol=close, rtol=0)
    steps = any_steps(generator, 3).to(kind)
    torch.testing.assert_close(
        avatar(identity, steps), generator(seen, steps), atol=close, rtol=close
    )


def test_the_last_level_keeps_three_channels_and_the_others_three_more() -> None:
    generator = seeded_generator(SMALL)
    avatar = Avatar(generator)
    identity = avatar.portraits(smooth_pictures(1, SMALL))
    maps = avatar.maps(identity, torch.zeros(1, 10))
    assert [it.shape[1] for it in maps] == [
        *(SMALL.channels(cells) + 3 for cells in SMALL.levels[:-1]),
        3,
    ]


def test_styles_a_hundred_times_as_large_change_nothing() -> None:
    generator = seeded_generator(SMALL).double()
    state = generator.state_dict()
    for key, value in state.items():
        if ".modulation." in key and "to_flows" not in key:
            value.mul_(100.0)
    pictures = smooth_pictures(1, SMALL).double()
    steps = any_steps(generator, 1).to(torch.float64)
    avatar = Avatar(generator)
    made = avatar(avatar.portraits(pictures), steps)
    torch.testing.assert_close(made, generator(generator.look(pictures), steps))
    styles, _ = avatar.renders.synthesis.styles(torch.randn(2, SMALL.latent).double())
    assert max(float(style.scale.abs().max()) for style in styles) <= 1.0


def test_the_rewrite_is_a_copy() -> None:
    generator = seeded_generator(SMALL)
    avatar = Avatar(generator)
    pictures = smooth_pictures(1, SMALL)
    before = avatar.portraits(pictures).code.clone()
    for weight in generator.parameters():
        weight.zero_()
    assert torch.equal(avatar.portraits(pictures).code, before)
