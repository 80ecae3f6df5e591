from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.bundle import Bundle
from engine.controls import Controls, Setting
from engine.errors import ControlError
from engine.mixer import Mixer
from engine.types import Component, Motion
from tests.support.motions import motion

STILL = motion()
SPEAKING = motion(jawOpen=0.5)
TURNED = motion(yaw=10.0, eyeBlink=1.0)


def sources(voice: Motion = SPEAKING, idle: Motion = TURNED) -> dict[str, Motion]:
    return {"voice": voice, "idle": idle, "still": STILL}


@pytest.fixture
def mixer(bundle: Bundle) -> Mixer:
    return Mixer(bundle.manifest, Controls())


def test_each_component_has_its_own_source(mixer: Mixer) -> None:
    mixed = mixer.mix(sources())
    np.testing.assert_allclose(mixed.mouth, SPEAKING.mouth)
    np.testing.assert_allclose(mixed.pose, TURNED.pose)
    np.testing.assert_allclose(mixed.expression, TURNED.expression)


@pytest.mark.parametrize("part", Component)
def test_a_change_of_source_fades_and_touches_no_other_component(
    mixer: Mixer, part: Component
) -> None:
    before = mixer.mix(sources())
    parts = {other: mixer.controls[other] for other in Component} | {part: Setting("still")}
    mixer.change(
        Controls(parts[Component.MOUTH], parts[Component.POSE], parts[Component.EXPRESSION])
    )
    steps = [mixer.mix(sources()) for _ in range(mixer.controls.fade_ticks + 1)]
    size = [float(np.abs(step[part]).max()) for step in steps]
    assert size == sorted(size, reverse=True) and size[-1] == 0.0
    assert size[0] > 0.9 * np.abs(before[part]).max(), "no jump at the start"
    for other in set(Component) - {part}:
        for step in steps:
            np.testing.assert_array_equal(step[other], before[other])


def test_gain_scales_and_limits_hold(mixer: Mixer) -> None:
    mixer.change(replace(mixer.controls, mouth=Setting("voice", gain=2.0)))
    assert mixer.mix(sources()).mouth.max() == 1.0
    mixer.change(replace(mixer.controls, mouth=Setting("voice", gain=0.5)))
    assert mixer.mix(sources()).mouth.max() == pytest.approx(0.25)
    far = mixer.mix(sources(idle=motion(yaw=90.0)))
    assert far.pose[0] == 20.0


def test_smoothing_is_slower_but_arrives(mixer: Mixer) -> None:
    mixer.change(replace(mixer.controls, mouth=Setting("voice", smoothing=0.7)))
    jaw = [float(mixer.mix(sources()).mouth.max()) for _ in range(60)]
    assert jaw[0] < 0.3 and jaw == sorted(jaw) and jaw[-1] == pytest.approx(0.5, abs=1e-3)


def test_an_emotion_comes_softly_and_is_added(mixer: Mixer) -> None:
    mixer.change(replace(mixer.controls, emotion="happy", emotion_strength=0.5))
    first = mixer.mix(sources(idle=STILL)).expression.max()
    for _ in range(60):
        last = mixer.mix(sources(idle=STILL))
    assert 0 < first < last.expression.max()
    assert last.mouth.max() == pytest.approx(0.5, abs=1e-3), "the jaw still speaks"


@pytest.mark.parametrize(
    "controls",
    [
        Controls(mouth=Setting("nobody")),
        Controls(pose=Setting("voice")),
        Controls(emotion="furious"),
    ],
)
def test_what_does_not_exist_is_refused_and_nothing_changes(
    mixer: Mixer, controls: Controls
) -> None:
    before = mixer.controls
    with pytest.raises(ControlError, match="there are"):
        mixer.change(controls)
    assert mixer.controls == before
