"""Sound to mouths: the stream is the whole clip at once, however it is cut."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.backends.onnx import OnnxBackend, OnnxGraph
from engine.mel_windows import MelWindows
from engine.mouth_smoothing import Causal, Gaussian
from engine.mouth_stream import SMOOTHINGS, MouthStream, WindowListener
from engine.types import HEARING_RATE, HEARING_TICK, Floats, floats
from export.edtalk.graphs import listen
from export.edtalk.seeded import seeded_audio2lip
from tests.support.edtalk import golden
from tests.support.speech import heard

CLOSE = 1e-4
"""Of the largest golden mouth step, which is 160 on seeded weights."""


@pytest.fixture(scope="module")
def graph() -> OnnxGraph:
    return OnnxBackend().compile("listen", listen(seeded_audio2lip()))


@pytest.fixture(scope="module")
def clip() -> Floats:
    return heard(golden()["in.wav"])


def streamed(stream: MouthStream, parts: list[Floats]) -> Floats:
    mouths = [mouth for part in parts for mouth in stream.push(part)] + stream.finish()
    return floats(mouths).reshape(len(mouths), 20)


def test_the_stream_is_golden(graph: OnnxGraph, clip: Floats) -> None:
    wanted = golden()["audio.smoothed"]
    found = streamed(MouthStream(graph, Gaussian()), [clip])
    np.testing.assert_allclose(found, wanted, atol=CLOSE * np.abs(wanted).max())


def test_the_stream_is_the_network_on_all_windows_at_once(graph: OnnxGraph, clip: Floats) -> None:
    windows = MelWindows()
    at_once = np.concatenate([windows.push(clip), windows.finish()])
    mouths = seeded_audio2lip()(torch.from_numpy(at_once)[:, None]).numpy()
    padded = np.pad(mouths, ((1, 1), (0, 0)))
    smooth = 0.27406862 * (padded[:-2] + padded[2:]) + 0.45186276 * mouths
    found = streamed(MouthStream(graph, Gaussian()), np.split(clip, 7 * np.arange(1, 6000)))
    np.testing.assert_allclose(found, smooth, atol=CLOSE * np.abs(smooth).max())


@pytest.mark.parametrize("smoothing", SMOOTHINGS)
def test_cutting_changes_not_a_bit(graph: OnnxGraph, clip: Floats, smoothing: str) -> None:
    short = clip[: 14 * HEARING_TICK + 111]
    make = SMOOTHINGS[smoothing]
    whole = streamed(MouthStream(graph, make()), [short])

    @settings(max_examples=15, deadline=None)
    @given(cuts=st.lists(st.integers(0, len(short)), max_size=40))
    def cut(cuts: list[int]) -> None:
        parts = np.split(short, sorted(cuts))
        assert np.array_equal(streamed(MouthStream(graph, make()), parts), whole)

    cut()
    assert len(whole) == 14


@pytest.mark.parametrize(("smoothing", "needs"), [(Gaussian, 0.1725), (Causal, 0.1325)])
def test_the_look_ahead_is_what_is_said(
    graph: OnnxGraph, clip: Floats, smoothing: type[Gaussian | Causal], needs: float
) -> None:
    picture = 12
    end = picture * HEARING_TICK + round(needs * HEARING_RATE)
    short = clip[: 20 * HEARING_TICK]

    def mouth_with_silence_from(sample: int) -> Floats:
        changed = short.copy()
        changed[sample:] = 0.0
        return floats(streamed(MouthStream(graph, smoothing()), [changed])[picture])

    whole = streamed(MouthStream(graph, smoothing()), [short])[picture]
    assert np.array_equal(mouth_with_silence_from(end), whole)
    assert not np.array_equal(mouth_with_silence_from(end - 200), whole)


@pytest.mark.parametrize("smoothing", SMOOTHINGS)
def test_a_listener_gives_each_mouth_its_look_ahead_later(
    graph: OnnxGraph, clip: Floats, smoothing: str
) -> None:
    stream = MouthStream(graph, SMOOTHINGS[smoothing]())
    late = stream.lookahead_ticks
    assert late == (4 if smoothing == "exact" else 3)
    listener = WindowListener(stream, 20)
    ticks = clip[: 20 * HEARING_TICK].reshape(20, HEARING_TICK)
    told = floats([listener.hear(tick).mouth for tick in ticks])
    assert not told[:late].any()
    whole = streamed(MouthStream(graph, SMOOTHINGS[smoothing]()), [clip])
    assert np.array_equal(told[late:], whole[: 20 - late])
    listener.reset()
    again = floats([listener.hear(tick).mouth for tick in ticks])
    assert np.array_equal(again, told)
