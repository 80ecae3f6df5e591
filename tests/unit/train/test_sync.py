"""The judge of lip-sync finds shifts and strangers in speech that it was not trained on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from engine.types import Floats
from models.sync import SEEN, Sync
from train.sync import STRANGERS, TOGETHER, agreement, seen, sync_loss, write
from train.voices.batches import Batch
from train.voices.curves import lip_opening, mouth_curves
from train.voices.judge_sync import WINDOW, sync_judged
from train.voices.make import heard
from train.voices.samples import read_test
from train.voices.synced import (
    FURTHEST,
    WEIGHTS,
    SyncJudge,
    lips_of_mouths,
    lips_of_points,
    usual,
)
from train.voices.targets import shape
from train.voices.trials import noisy

SPEECH = Path(__file__).parents[2] / "data" / "speech"


@pytest.fixture(scope="module")
def judge() -> SyncJudge:
    return SyncJudge.load()


def spoken(voice: str, noise: float | None = None) -> tuple[Floats, Floats]:
    """Log-mel frames and lips of a test recording; noise so many decibels below."""
    said = read_test(SPEECH / f"{voice}.wav")
    mouths, _ = mouth_curves(said)
    mel = heard(said.sound if noise is None else noisy(said, noise).sound)
    return mel[: len(mouths)], lips_of_mouths(mouths)


@pytest.mark.parametrize("noise", [None, 15.0])
@pytest.mark.parametrize("voice", ["hibari", "rms"])
def test_shifts_are_found_in_speech_never_heard(
    judge: SyncJudge, voice: str, noise: float | None
) -> None:
    figures = sync_judged(judge, *spoken(voice, noise))
    assert figures.found >= 0.95
    assert figures.together >= 0.9
    assert figures.strangers <= 0.3


@pytest.mark.parametrize("shift", [-11, -3, 3, 11])
def test_the_offset_is_that_of_the_lips(judge: SyncJudge, shift: int) -> None:
    mel, lips = spoken("hibari")
    verdict = judge(mel, np.roll(lips, shift, axis=0))
    assert verdict.offset == shift
    assert verdict.together


def test_lips_of_another_voice_are_not_together(judge: SyncJudge) -> None:
    mel, _ = spoken("hibari")
    _, other = spoken("rms")
    true = judge(mel, spoken("hibari")[1])
    swapped = judge(mel[: len(other)], other)
    assert not swapped.together and swapped.confidence < 0.5 * true.confidence


def test_how_far_lips_are_apart_is_enough(judge: SyncJudge) -> None:
    mel, lips = spoken("rms")
    lips[:, 1] = 0.0
    verdict = judge(mel[:WINDOW], lips[:WINDOW])
    assert verdict.offset == 0 and verdict.together


def test_lips_are_read_alike_from_coefficients_and_landmarks() -> None:
    mouths = np.stack([shape(), shape(jawOpen=0.5), shape(mouthStretch=0.5, mouthSmile=0.5)])
    apart, spread = lips_of_mouths(mouths).T
    assert apart[1] > apart[0] and spread[2] > spread[0]
    np.testing.assert_allclose(apart, lip_opening(mouths))
    points = np.zeros((2, 468, 3), np.float32)
    points[:, 263, 0] = 100.0
    points[:, 14, 1] = [0.0, 20.0]
    points[:, 291, 0] = [60.0, 50.0]
    np.testing.assert_allclose(lips_of_points(points), [[0.0, 0.6], [0.2, 0.5]], atol=1e-6)


def test_usual_lips_have_no_size_and_resting_ones_no_motion() -> None:
    lips = np.random.default_rng(0).random((50, 2)).astype(np.float32)
    lips[:, 1] = 0.3
    np.testing.assert_allclose(usual(lips), usual(lips * 7 + 1), atol=1e-4)
    assert not usual(lips)[:, 1].any()


@torch.no_grad()
def test_a_vector_sees_few_ticks_around_it() -> None:
    torch.manual_seed(0)
    network = Sync(8, 4)
    mel = torch.rand(1, 30, 4, 64)
    other = mel.clone()
    other[:, 20:] += 0.5
    one, two = (network(each, torch.zeros(1, 30, 2))[0] for each in (mel, other))
    reach = SEEN // 2
    assert torch.equal(one[:, : 20 - reach], two[:, : 20 - reach])
    assert not torch.allclose(one[:, 20 - reach], two[:, 20 - reach])
    torch.testing.assert_close(one.norm(dim=2), torch.ones(1, 30))


def test_agreement_has_the_true_lips_in_the_middle() -> None:
    vectors = torch.nn.functional.normalize(torch.randn(8, 60, 16), dim=2)
    alike = agreement(vectors, vectors)
    assert alike.shape[:2] == (8, 60 - 2 * FURTHEST)
    torch.testing.assert_close(alike[:, :, FURTHEST], torch.ones(alike.shape[:2]))
    assert (alike.argmax(dim=2) == FURTHEST).all()


def test_a_few_steps_lower_the_loss_and_weights_come_back(tmp_path: Path) -> None:
    torch.manual_seed(0)
    mel, _ = spoken("hibari")
    mouths, _ = mouth_curves(read_test(SPEECH / "hibari.wav"))
    ticks = 2 * FURTHEST + 2 * TOGETHER
    crops = [slice(start, start + ticks) for start in range(0, 8 * 60, 60)]
    batch = Batch(
        mel=torch.from_numpy(np.stack([mel[crop] for crop in crops])),
        mouth=torch.from_numpy(np.stack([mouths[crop] for crop in crops])),
        closure=torch.zeros(0), prosody=torch.zeros(0), phone=torch.zeros(0),
    )  # fmt: skip
    network = Sync(48, 16)
    optimizer = torch.optim.Adam(network.parameters(), 3e-3)
    losses = []
    for _ in range(35):
        loss = sync_loss(network, batch, np.random.default_rng(0))
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        losses.append(loss.item())
    chance = np.log(2 * FURTHEST + 1 + STRANGERS)
    assert losses[0] > chance - 0.1 and losses[-1] < chance - 0.2
    write(network, tmp_path / "sync.npz")
    again = SyncJudge.load(tmp_path / "sync.npz")
    mel, lips = spoken("rms")
    assert again(mel, lips).confidence == pytest.approx(
        SyncJudge(network)(mel, lips).confidence, abs=0.01
    )


def test_lips_are_seen_with_faults_but_in_time() -> None:
    mouths, _ = mouth_curves(read_test(SPEECH / "hibari.wav"))
    crops = np.stack([mouths[start : start + 100] for start in range(0, 1000, 100)])
    read = seen(crops, np.random.default_rng(0))
    true = np.stack([usual(each) for each in lips_of_mouths(crops)])
    assert read.shape == (10, 100, 2)
    fit = [float(np.corrcoef(a, b)[0, 1]) for a, b in zip(read[..., 0], true[..., 0], strict=True)]
    assert 0.75 < min(fit) < max(fit) < 1.0


def test_the_weights_are_small() -> None:
    assert WEIGHTS.stat().st_size < 300_000
