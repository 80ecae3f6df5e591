from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from engine.bundle import Bundle, ComponentSpec, GraphFile
from engine.controls import Controls, Setting, sources
from engine.errors import ControlError
from engine.mixer import VOICE_STAYS, Mixer
from engine.types import Component, Motion
from tests.support.motions import motion

STILL = motion()
SPEAKING = motion(jawOpen=0.5)
TURNED = motion(yaw=10.0, eyeBlink=1.0)


def moving(voice: Motion = SPEAKING, idle: Motion = TURNED) -> dict[str, Motion]:
    return {"voice": voice, "idle": idle, "still": STILL}


@pytest.fixture
def mixer(bundle: Bundle) -> Mixer:
    return Mixer(bundle.manifest, Controls())


def test_each_component_has_its_own_source(mixer: Mixer) -> None:
    mixed = mixer.mix(moving())
    np.testing.assert_allclose(mixed.mouth, SPEAKING.mouth)
    np.testing.assert_allclose(mixed.pose, TURNED.pose)
    np.testing.assert_allclose(mixed.expression, TURNED.expression)


@pytest.mark.parametrize("part", Component)
def test_a_change_of_source_fades_and_touches_no_other_component(
    mixer: Mixer, part: Component
) -> None:
    before = mixer.mix(moving())
    parts = {other: mixer.controls[other] for other in Component} | {part: Setting("still")}
    mixer.change(
        Controls(parts[Component.MOUTH], parts[Component.POSE], parts[Component.EXPRESSION])
    )
    steps = [mixer.mix(moving()) for _ in range(mixer.controls.fade_ticks + 1)]
    size = [float(np.abs(step[part]).max()) for step in steps]
    assert size == sorted(size, reverse=True) and size[-1] == 0.0
    assert size[0] > 0.9 * np.abs(before[part]).max(), "no jump at the start"
    for other in set(Component) - {part}:
        for step in steps:
            np.testing.assert_array_equal(step[other], before[other])


def test_gain_scales_and_limits_hold(mixer: Mixer) -> None:
    mixer.change(replace(mixer.controls, mouth=Setting("voice", gain=2.0)))
    assert mixer.mix(moving()).mouth.max() == 1.0
    mixer.change(replace(mixer.controls, mouth=Setting("voice", gain=0.5)))
    assert mixer.mix(moving()).mouth.max() == pytest.approx(0.25)
    far = mixer.mix(moving(idle=motion(yaw=90.0)))
    assert far.pose[0] == 20.0


def test_smoothing_is_slower_but_arrives(mixer: Mixer) -> None:
    mixer.change(replace(mixer.controls, mouth=Setting("voice", smoothing=0.7)))
    jaw = [float(mixer.mix(moving()).mouth.max()) for _ in range(60)]
    assert jaw[0] < 0.3 and jaw == sorted(jaw) and jaw[-1] == pytest.approx(0.5, abs=1e-3)


def test_an_emotion_comes_softly_and_is_added(mixer: Mixer) -> None:
    mixer.change(replace(mixer.controls, emotion="happy", emotion_strength=0.5))
    first = mixer.mix(moving(idle=STILL)).expression.max()
    for _ in range(60):
        last = mixer.mix(moving(idle=STILL))
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


CAMERA = motion(jawOpen=0.2, yaw=-10.0, browInnerUp=0.8)


def driven_by(controls: Controls, parts: dict[Component, Setting], **more: Any) -> Controls:
    """The same controls with other settings of some components."""
    named: dict[str, Any] = {part.value: setting for part, setting in parts.items()}
    return replace(controls, **named, **more)


def live(**more: Motion) -> dict[str, Motion]:
    return {**moving(), "camera": CAMERA, **more}


def test_while_a_voice_speaks_it_has_the_mouth(mixer: Mixer) -> None:
    mixer.change(replace(mixer.controls, mouth=Setting("camera"), voice_first=True))
    settled = [mixer.mix(live()) for _ in range(8)][-1]
    np.testing.assert_allclose(settled.mouth, CAMERA.mouth)
    speaking = [float(mixer.mix(live(), speaking=True).mouth.max()) for _ in range(8)]
    assert speaking[0] < 0.3 and speaking[-1] == pytest.approx(0.5), "after a cross-fade"
    pause = [float(mixer.mix(live()).mouth.max()) for _ in range(VOICE_STAYS + 8)]
    assert min(pause[: VOICE_STAYS - 1]) == pytest.approx(0.5), "between two words it stays"
    assert pause[-1] == pytest.approx(0.2)
    mixer.change(replace(mixer.controls, voice_first=False))
    for _ in range(8):
        mixed = mixer.mix(live(), speaking=True)
    np.testing.assert_allclose(mixed.mouth, CAMERA.mouth)


@pytest.mark.parametrize("part", Component)
def test_what_is_held_stays_and_is_let_go_softly(mixer: Mixer, part: Component) -> None:
    before = mixer.mix(moving())[part]
    held = replace(mixer.controls[part], hold=True)
    mixer.change(driven_by(mixer.controls, {part: held}))
    for _ in range(5):
        np.testing.assert_array_equal(mixer.mix(moving(voice=STILL, idle=STILL))[part], before)
    mixer.change(driven_by(mixer.controls, {part: replace(held, hold=False)}))
    sizes = [np.abs(mixer.mix(moving(voice=STILL, idle=STILL))[part]).max() for _ in range(7)]
    assert sizes[0] > 0.9 * np.abs(before).max() and sizes[-1] == 0


def test_a_limit_is_a_share_of_the_range(mixer: Mixer) -> None:
    mixer.change(replace(mixer.controls, pose=Setting("idle", limit=0.25)))
    assert mixer.mix(moving(idle=motion(yaw=15.0))).pose[0] == 5.0
    mixer.change(replace(mixer.controls, pose=Setting("idle", limit=0.0)))
    assert not mixer.mix(moving(idle=motion(yaw=15.0))).pose.any()


def test_sliders_are_a_source(mixer: Mixer) -> None:
    sliders = {"jawOpen": 0.7, "yaw": 6.0}
    parts = dict.fromkeys((Component.MOUTH, Component.POSE), Setting("sliders"))
    mixer.change(driven_by(mixer.controls, parts, sliders=sliders, fade_ms=0))
    mixed = mixer.mix({**live(), "sliders": mixer.sliders})
    assert mixed.mouth.max() == pytest.approx(0.7) and mixed.pose[0] == 6.0
    with pytest.raises(ControlError, match="jawopen"):
        mixer.change(replace(mixer.controls, sliders={"jawopen": 1.0}))


def test_idle_motion_stands_in_for_a_source_that_has_nothing(mixer: Mixer) -> None:
    mixer.change(replace(mixer.controls, pose=Setting("file")))
    for _ in range(8):
        mixed = mixer.mix(moving())
    np.testing.assert_allclose(mixed.pose, TURNED.pose)
    playing = [float(mixer.mix(live(file=motion(yaw=-10.0))).pose[0]) for _ in range(8)]
    assert playing == sorted(playing, reverse=True) and playing[0] > 8 and playing[-1] == -10
    ended = [float(mixer.mix(live()).pose[0]) for _ in range(8)]
    assert ended == sorted(ended) and ended[0] < -8, "and its end is no jump"


@pytest.mark.parametrize("fade_ms", [80, 200, 1000])
def test_no_change_of_source_is_a_jump(mixer: Mixer, fade_ms: int) -> None:
    """A hundred changes in the middle of whatever is going on."""
    rng = np.random.default_rng(5)
    names = ("idle", "camera", "still", "motion", "sliders")
    ticks = round(fade_ms / 40)
    steepest = 2 * 10 * 1.6 / (ticks + 1)  # of a soft step between -10 and 10 degrees
    yaws = []
    for tick in range(1200):
        if tick % 12 == 0:
            chosen = {it: Setting(str(rng.choice(names))) for it in Component}
            mixer.change(driven_by(mixer.controls, chosen, fade_ms=fade_ms))
        turned = motion(yaw=10 * np.sin(tick / 9))
        other = motion(yaw=-10 * np.sin(tick / 9))
        mixed = mixer.mix({**live(), "motion": turned, "sliders": other, "camera": CAMERA})
        yaws.append(float(mixed.pose[0]))
    assert np.abs(np.diff(yaws)).max() < steepest + 10 / 9


def test_a_camera_moves_only_what_is_read_on_faces(bundle: Bundle) -> None:
    spec = ComponentSpec(names=["a"], low=[0.0], high=[1.0])
    yaw = spec.model_copy(update={"names": ["yaw"]})
    parts = {Component.MOUTH: spec, Component.POSE: yaw, Component.EXPRESSION: spec}
    learnt = bundle.manifest.model_copy(update={"components": parts})
    there = sources(learnt)
    assert "camera" not in there[Component.MOUTH] and "camera" not in there[Component.EXPRESSION]
    assert "camera" in there[Component.POSE]
    assert there[Component.MOUTH][0] == "voice" and there[Component.EXPRESSION][0] == "idle"


def test_a_graph_that_reads_faces_lets_a_camera_move_what_it_tells(bundle: Bundle) -> None:
    spec = ComponentSpec(names=["a"], low=[0.0], high=[1.0])
    nothing = ComponentSpec(names=[], low=[], high=[])
    told: dict[str, list[int | str]] = {"mouth": [1, 1], "pose": [1, 1]}
    watch = GraphFile(file="watch.onnx", sha256="0" * 64, inputs={"picture": []}, outputs=told)
    parts = {Component.MOUTH: spec, Component.POSE: spec, Component.EXPRESSION: nothing}
    learnt = bundle.manifest.model_copy(update={"components": parts, "graphs": {"watch": watch}})
    there = sources(learnt)
    assert "camera" in there[Component.MOUTH] and "camera" in there[Component.POSE]
    assert "camera" not in there[Component.EXPRESSION]
