from __future__ import annotations

import numpy as np
import pytest
from onnx import helper

from engine.backends.onnx import OnnxBackend
from engine.controls import Controls
from engine.listen import Listener, TickListener
from engine.pipeline import Pipeline
from engine.prosody import Prosody
from engine.studio import Studio
from engine.types import HEARING_RATE, HEARING_TICK, SOUND_RATE, Floats, Sound, floats
from tests.support.graphs import graph
from tests.support.lips import SPEECH
from tests.support.sound import read
from tests.support.speech import heard


def ticks(seconds: float) -> list[Floats]:
    """Real speech at 16 kHz, in ticks."""
    speech = heard(read(SPEECH / "rms.wav")[::3])
    return np.split(speech[: round(seconds * 25) * HEARING_TICK], round(seconds * 25))


def hear(listener: Listener, sound: list[Floats]) -> Floats:
    return np.array([listener.hear(tick).mouth for tick in sound])


def test_the_mouth_moves_with_speech_and_rests_in_silence(studio: Studio) -> None:
    speech = hear(studio.listener(), ticks(6.0))
    quiet = hear(studio.listener(), [np.zeros(HEARING_TICK, np.float32)] * 100)
    assert speech.shape == (150, 28)
    jaw = 2
    assert speech[:, jaw].max() > 0.15
    assert quiet[:, jaw].var() < 0.01 * speech[:, jaw].var()
    assert speech.min() >= 0.0 and speech.max() <= 1.0


def test_reset_equals_a_new_listener(studio: Studio) -> None:
    sound = ticks(2.0)
    listener = studio.listener()
    first = hear(listener, sound)
    listener.reset()
    np.testing.assert_array_equal(hear(listener, sound), first)


def test_two_listeners_do_not_hear_each_other(studio: Studio) -> None:
    sound = ticks(2.0)
    alone = hear(studio.listener(), sound)
    one, other = studio.listener(), studio.listener()
    mixed = []
    for tick in sound:
        mixed.append(one.hear(tick).mouth)
        other.hear(tick[::-1].copy())
    np.testing.assert_array_equal(np.array(mixed), alone)


@pytest.mark.parametrize("prosody", [None, Prosody(0.75, 0.25)])
def test_a_graph_may_tell_prosody_or_not(prosody: Prosody | None) -> None:
    graph = OnnxBackend().compile("listen", listening(prosody))
    speech = TickListener(graph, 5).hear(np.zeros(HEARING_TICK, np.float32))
    assert speech.mouth.shape == (28,)
    assert speech.prosody == prosody


def test_pipelines_draw_with_either_kind_of_graph(studio: Studio) -> None:
    """Head and brows go with speech whether the network hears accents or loudness does."""
    sound = np.concatenate(ticks(6.0))
    for prosody in (None, Prosody(0.75, 0.25)):
        listener = TickListener(OnnxBackend().compile("listen", listening(prosody)), 5)
        pipeline = Pipeline(
            studio.manifest, studio.presenter("ada", 256), listener, studio.watcher(), seed=1,
            controls=Controls(), limit=10 * SOUND_RATE, jitter=0,
        )  # fmt: skip
        pipeline.push(Sound((sound * 32767).astype(np.int16), HEARING_RATE))
        nods = [pipeline.hear(pipeline.tick()).stress.pose[1] for _ in range(150)]
        assert np.std(nods) > 0.1, "degrees"


def listening(prosody: Prosody | None) -> bytes:
    """A `listen` graph that always hears the same."""
    told = {} if prosody is None else {"prosody": floats([[prosody.stress, prosody.pause]])}
    fixed = {"mouth": np.zeros((1, 28), np.float32), **told}
    return graph(
        {"mel": [1, 4, 64], "state": [1, 5]},
        {**{name: list(value.shape) for name, value in fixed.items()}, "next_state": [1, 5]},
        [
            helper.make_node("ReduceMean", ["mel"], ["mean"], keepdims=0),
            helper.make_node("Mul", ["mean", "nothing"], ["zero"]),
            helper.make_node("Add", ["state", "zero"], ["next_state"]),
            *(helper.make_node("Add", [f"fixed_{name}", "zero"], [name]) for name in fixed),
        ],
        {"nothing": floats(0.0), **{f"fixed_{name}": value for name, value in fixed.items()}},
    )
