"""The exported network that hears, and the one that ships."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from engine.backends.onnx import OnnxBackend, OnnxGraph
from engine.types import HEARING_RATE, HEARING_TICK, Floats
from export.listen import TOLERANCE, deviation, load_network, to_onnx
from models.listen import Listen
from train.listen import Recipe, Training
from train.voices.curves import lip_opening
from train.voices.judge import listened, state_size, streamed
from train.voices.judge_mouth import Figures, correlation, judged
from train.voices.judge_prosody import ProsodyFigures, prosody_judged
from train.voices.make import heard
from train.voices.phones import Utterance
from train.voices.samples import read_test
from train.voices.spoil import noise
from train.voices.synced import SyncJudge, lips_of_mouths
from train.voices.trials import noisy

ROOT = Path(__file__).parents[3]
SHIPPED = ROOT / "engine" / "builtin" / "listen.onnx"
SPEECH = ROOT / "tests" / "data" / "speech"


@pytest.fixture(scope="module")
def network() -> Listen:
    torch.manual_seed(1)
    return Listen(width=32).eval()


@pytest.fixture(scope="module")
def exported(network: Listen) -> bytes:
    return to_onnx(network)


def test_the_file_does_what_the_network_does(network: Listen, exported: bytes) -> None:
    assert deviation(network, exported) < TOLERANCE
    torch.manual_seed(2)
    assert deviation(Listen(width=32), exported) > TOLERANCE


def test_shapes_and_names(network: Listen, exported: bytes) -> None:
    session = onnxruntime.InferenceSession(exported, providers=["CPUExecutionProvider"])
    inputs = {given.name: given.shape[1:] for given in session.get_inputs()}
    outputs = {given.name: given.shape[1:] for given in session.get_outputs()}
    assert inputs == {"mel": [4, 64], "state": [network.state_size]}
    assert outputs == {"mouth": [28], "prosody": [2], "next_state": [network.state_size]}
    assert isinstance(session.get_inputs()[0].shape[0], str)
    assert state_size(exported) == network.state_size


def test_no_file_tells_where_it_was_made(exported: bytes) -> None:
    for model in (exported, SHIPPED.read_bytes()):
        assert b"listen.py" not in model and str(ROOT).encode() not in model


def test_operators_are_plain(exported: bytes) -> None:
    model = onnx.load_from_string(exported)
    assert model.opset_import[0].version >= 17
    used = {node.op_type for node in model.graph.node}
    assert used <= {
        "Add", "Concat", "Gemm", "MatMul", "Mul", "Relu", "Reshape", "Flatten", "Sigmoid",
        "Split", "Sub", "Tanh", "Transpose",
    }  # fmt: skip


def test_a_checkpoint_goes_on_where_it_was_left(tmp_path: Path) -> None:
    recipe = Recipe(steps=4, width=16)
    training = Training(recipe)
    training.step, training.history = 3, [(2, 0.5, 0.4)]
    training.save(tmp_path / "listen.pt")
    resumed = Training(Recipe(steps=4, width=16, seed=9))
    resumed.resume(tmp_path / "listen.pt")
    assert (resumed.step, resumed.history) == (3, [(2, 0.5, 0.4)])
    loaded = load_network(tmp_path / "listen.pt")
    for name, weight in training.network.state_dict().items():
        assert torch.equal(weight, resumed.network.state_dict()[name])
        assert torch.equal(weight, loaded.state_dict()[name])


@dataclass(frozen=True)
class Shipped:
    """The network that ships, and what it makes of known speech."""

    graph: OnnxGraph
    size: int

    def mouths(self, sound: Floats) -> Floats:
        return streamed(self.graph, self.size, sound)

    def figures(self, said: Utterance) -> Figures:
        return judged(self.mouths(said.sound), said)

    def prosody(self, said: Utterance, heard: Floats | None = None) -> ProsodyFigures:
        """Of what is heard in place of the clean sound, if anything is."""
        sound = said.sound if heard is None else heard
        found = prosody_judged(listened(self.graph, self.size, sound), said)
        assert found is not None
        return found


@pytest.fixture(scope="module")
def shipped() -> Shipped:
    data = SHIPPED.read_bytes()
    return Shipped(OnnxBackend().compile("listen", data), state_size(data))


@pytest.mark.parametrize("voice", ["hibari", "rms"])
def test_lips_follow_speech_that_was_never_trained_on(shipped: Shipped, voice: str) -> None:
    figures = shipped.figures(read_test(SPEECH / f"{voice}.wav"))
    assert figures.opening >= 0.75
    assert min(figures.coefficients.values()) >= 0.6
    assert figures.closed >= 0.85
    assert figures.rest <= 0.05
    assert abs(figures.lag) <= 1


def test_lips_follow_in_noise_and_at_any_loudness(shipped: Shipped) -> None:
    said = read_test(SPEECH / "hibari.wav")
    whisper = Utterance(said.sound * np.float32(0.1), said.rate, said.phones)
    for worse in (noisy(said, 15.0), whisper):
        figures = shipped.figures(worse)
        assert figures.opening >= 0.7
        assert figures.closed >= 0.75
        assert figures.rest <= 0.05


def test_f_and_v_tuck_the_lower_lip(shipped: Shipped) -> None:
    figures = shipped.figures(read_test(SPEECH / "hibari.wav"))
    assert figures.tucked >= 0.75
    assert figures.mistaken <= 50.0


@pytest.mark.parametrize("voice", ["hibari", "rms"])
def test_accents_and_pauses_are_heard(shipped: Shipped, voice: str) -> None:
    said = read_test(SPEECH / f"{voice}.wav")
    for sound in (said.sound, noisy(said, 15.0).sound):
        figures = shipped.prosody(said, sound)
        assert figures.stress >= 0.55
        assert figures.noticed >= 0.6 and figures.made_up <= 0.35
        assert figures.pause >= 0.9
        assert abs(figures.ends) <= 0.12


def test_mouths_are_in_sync_with_what_is_said(shipped: Shipped) -> None:
    said = read_test(SPEECH / "rms.wav")
    verdict = SyncJudge.load()(heard(said.sound), lips_of_mouths(shipped.mouths(said.sound)))
    assert verdict.offset == 0 and verdict.together


@pytest.mark.parametrize("decibels", [-120.0, -60.0, -35.0])
def test_lips_rest_where_nobody_speaks(shipped: Shipped, decibels: float) -> None:
    hiss = noise(HEARING_RATE * 8, np.random.default_rng(4)) * np.float32(10 ** (decibels / 20))
    assert lip_opening(shipped.mouths(hiss))[5:].max() < 0.03


def test_a_long_silence_does_not_change_what_follows(shipped: Shipped) -> None:
    said = read_test(SPEECH / "rms.wav")
    silence = HEARING_RATE * 120
    late = shipped.mouths(np.pad(said.sound, (silence, 0)))[silence // HEARING_TICK :]
    soon = shipped.mouths(said.sound)
    assert correlation(lip_opening(late), lip_opening(soon)) > 0.98
