"""The networks are the published ones: keys, shapes, golden values, and what has no effect."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from export.edtalk.golden import EVERY_WINDOW, KEPT_WINDOWS, WHOLE_CROP
from export.edtalk.seeded import seeded, seeded_audio2lip, seeded_generator
from models.edtalk.audio2lip import Audio2Lip
from models.edtalk.dead import dead_keys
from models.edtalk.discriminator import Discriminator, deviation
from models.edtalk.encoder import Seen
from models.edtalk.exact.avatar import Avatar
from models.edtalk.fir import Upsample
from models.edtalk.generator import Generator, Steps
from models.edtalk.synthesis import grid, warped
from tests.support.edtalk import (
    SMALL,
    any_steps,
    assert_close,
    assert_picture,
    golden,
    golden_keys,
    golden_pictures,
    smooth_pictures,
)


def network(checkpoint: str) -> nn.Module:
    """On no device: shapes alone, without memory."""
    with torch.device("meta"):
        if checkpoint.startswith("Audio2Lip"):
            return Audio2Lip()
        return Generator(expressive="lip_pose" not in checkpoint)


@pytest.mark.parametrize("checkpoint", golden_keys())
def test_keys_and_shapes_are_those_of_the_official_checkpoints(checkpoint: str) -> None:
    state = network(checkpoint).state_dict()
    assert {key: list(value.shape) for key, value in state.items()} == golden_keys()[checkpoint]


def test_what_has_no_effect_is_known_to_the_last_parameter() -> None:
    whole = network("EDTalk.pt/gen").state_dict()
    assert sum(whole[key].numel() for key in dead_keys([*whole])) == 8_761_427
    generator = seeded_generator(SMALL)
    steps, seen = any_steps(generator, 1), generator.look(smooth_pictures(1, SMALL))
    before = generator(seen, steps)
    state = generator.state_dict()
    for key in dead_keys([*state]):
        state[key].zero_()
    assert torch.equal(generator(seen, steps), before)
    state["dec.fineadainresblock.1.conv2.weight"].zero_()
    assert not torch.equal(generator(seen, steps), before)


class Golden:
    """Golden values and what both readings of the same weights make of the same pictures."""

    def __init__(self) -> None:
        self.wanted = golden()
        self.pictures = golden_pictures()
        self.expressive = seeded_generator()
        self.plain = Generator(expressive=False).eval().requires_grad_(False)
        self.plain.load_state_dict(  # seeded by key, so that what both have is the same
            {key: self.expressive.state_dict()[key] for key in self.plain.state_dict()}
        )
        self.seen = self.expressive.look(self.pictures["source"])
        self.mouth = torch.from_numpy(self.wanted["in.alpha_mouth"])
        self.expression = torch.from_numpy(self.wanted["in.alpha_expression"])
        self.read = {
            name: self.expressive.read(self.expressive.look(self.pictures[name]).code)
            for name in ("lip", "pose", "exp")
        }

    def steps(self, name: str) -> Steps:
        model, mode = name.split(".")
        mouth = self.mouth if mode[0] in "Aaf" else self.read["lip"].mouth
        pose = self.read["pose"].pose
        if mode == "fixed":
            pose = self.plain.read(self.seen.code).pose
        if model == "lip_pose":
            return Steps(mouth, pose, None)
        preset = mode.endswith("preset")
        return Steps(mouth, pose, self.expression if preset else self.read["exp"].expression)


@pytest.fixture(scope="module")
def known() -> Golden:
    return Golden()


def test_codes_banks_and_steps_are_golden(known: Golden) -> None:
    wanted = known.wanted
    assert_close(known.seen.code, wanted["enc.code"])
    assert_close(known.expressive.bank()[::8], wanted["bank.Q"])
    assert_close(known.plain.bank()[::8], wanted["bank.Q"][:, :26])
    assert_close(known.read["lip"].mouth, wanted["alpha.mouth"])
    assert_close(known.read["pose"].pose, wanted["alpha.pose"])
    expression = known.read["exp"].expression
    assert expression is not None
    assert_close(expression, wanted["alpha.expression"])


@pytest.mark.parametrize("name", ["edtalk.V", "edtalk.A_preset", "lip_pose.audio"])
def test_pictures_are_golden(known: Golden, name: str) -> None:
    generator = known.expressive if name.startswith("edtalk") else known.plain
    made = generator(known.seen, known.steps(name))
    assert_picture(made, known.wanted, name)
    if name == WHOLE_CROP:
        with pytest.raises(AssertionError):
            assert_picture(made + 0.01, known.wanted, name)


@pytest.mark.parametrize(
    ("model", "modes"),
    [("edtalk", ["V", "V_preset", "A", "A_preset"]), ("lip_pose", ["audio", "fixed", "V"])],
)
def test_the_rewrite_makes_every_golden_picture(
    known: Golden, model: str, modes: list[str]
) -> None:
    avatar = Avatar(known.expressive if model == "edtalk" else known.plain)
    identity = avatar.portraits(known.pictures["source"])
    assert_close(identity.code, known.wanted["enc.code"])
    for mode in modes:
        made = avatar(identity, known.steps(f"{model}.{mode}"))
        assert_picture(made, known.wanted, f"{model}.{mode}")


def test_mouths_heard_are_golden() -> None:
    wanted = golden()
    windows = torch.from_numpy(wanted["audio.windows"])[:, None]
    pictures = [EVERY_WINDOW * kept for kept in KEPT_WINDOWS]
    assert_close(seeded_audio2lip()(windows), wanted["audio.raw"][pictures])


def test_a_zero_flow_stretches_and_fades_as_the_weights_have_learnt_it() -> None:
    ramp = torch.arange(8.0).expand(1, 1, 8, 8)
    seen = warped(ramp, grid(8, ramp).expand(1, -1, -1, -1))[0, 0, 4].numpy()
    wanted = [0, 0.64, 1.79, 2.93, 4.07, 5.21, 6.36, 3.5]
    np.testing.assert_allclose(seen, wanted, atol=0.006)


def test_doubling_keeps_what_is_flat_but_for_the_rim() -> None:
    made = Upsample()(torch.ones(1, 2, 8, 8))
    assert made.shape == (1, 2, 16, 16)
    torch.testing.assert_close(made[..., 1:-1, 1:-1], torch.ones(1, 2, 14, 14))


def test_seeds_depend_on_the_key_alone() -> None:
    one: NDArray[Any] = seeded("enc.net_app.convs.7.weight", (4, 4)).numpy()
    assert np.array_equal(one, seeded("enc.net_app.convs.7.weight", (4, 4)).numpy())
    assert not np.array_equal(one, seeded("enc.net_app.convs.6.weight", (4, 4)).numpy())


def test_a_batch_is_its_samples() -> None:
    generator = seeded_generator(SMALL)
    seen = generator.look(smooth_pictures(3, SMALL))
    steps = any_steps(generator, 3)
    together = generator(seen, steps)
    assert steps.expression is not None
    for n in range(3):
        one = Seen(seen.code[n, None], tuple(maps[n, None] for maps in seen.features))
        alone = generator(one, Steps(*(part[n, None] for part in steps if part is not None)))
        torch.testing.assert_close(together[n, None], alone, atol=1e-4, rtol=1e-4)


def test_everything_that_lives_learns() -> None:
    generator = seeded_generator(SMALL).requires_grad_(True)
    seen = generator.look(smooth_pictures(2, SMALL))
    generator(seen, generator.read(seen.code)).square().mean().backward()
    dead = set(dead_keys([*generator.state_dict()]))
    for name, weight in generator.named_parameters():
        if name in dead:
            assert weight.grad is None, name
        else:
            assert weight.grad is not None and weight.grad.abs().sum() > 0, name


def test_the_discriminator_is_as_large_as_the_published_one_and_compares_within_groups() -> None:
    with torch.device("meta"):
        assert sum(it.numel() for it in Discriminator().parameters()) == 24_001_089
    judge = Discriminator(SMALL)
    assert judge(smooth_pictures(8, SMALL)).shape == (8, 1)
    same = torch.ones(4, 5, 4, 4)
    assert deviation(same).max() < 1e-3
    varied = torch.cat([torch.zeros(2, 5, 4, 4), torch.ones(2, 5, 4, 4)])
    torch.testing.assert_close(deviation(varied), torch.full((4, 1, 4, 4), 0.5))
