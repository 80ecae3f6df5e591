"""What one picture costs, stage by stage, on one thread."""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np

from engine.audio import Decimator
from engine.idle import Idle, Liveliness
from engine.mel import LogMel
from engine.mixer import Controls, Mixer
from engine.pipeline import Pipeline
from engine.studio import Studio
from engine.types import SOUND_RATE, SOUND_TICK, TICKS_PER_SECOND, Motion, Picture, Samples, Sound

ROUNDS = 200


@dataclass(frozen=True, slots=True)
class Stage:
    """Median and 95th percentile in milliseconds, and CPU milliseconds, of one call."""

    name: str
    median_ms: float
    p95_ms: float
    cpu_ms: float


def measure(name: str, work: Callable[[], object], rounds: int = ROUNDS) -> Stage:
    """Time `work` after a short warm-up."""
    for _ in range(10):
        work()
    times = []
    cpu = time.process_time()
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        times.append((time.perf_counter() - start) * 1000)
    used = (time.process_time() - cpu) * 1000 / rounds
    times.sort()
    return Stage(name, statistics.median(times), times[len(times) * 95 // 100], used)


def babble(ticks: int, seed: int = 0) -> list[Samples]:
    """Sound with the rhythm of syllables, so that the mouth moves; pieces of one tick."""
    random = np.random.default_rng(seed)
    time_axis = np.arange(ticks * SOUND_TICK) / SOUND_RATE
    loud = np.clip(np.sin(2 * np.pi * 4.0 * time_axis), 0, 1)
    wave = sum(np.sin(2 * np.pi * 130 * n * time_axis) / n for n in range(1, 20))
    sound = 4_000 * loud * (wave + 0.2 * random.normal(size=len(time_axis)))
    return np.split(sound.astype(np.int16), ticks)


def stages(studio: Studio) -> list[Stage]:
    """All stages of the built-in bundle, the parts first, then the whole."""
    sound = babble(ROUNDS)
    names = {part: spec.names for part, spec in studio.manifest.components.items()}
    idle, mixer, lively = Idle(names, 0), Mixer(studio.manifest, Controls()), Liveliness()
    decimator, mel, listener = Decimator(), LogMel(), studio.listener()
    heard = decimator(sound[3])
    rest = idle.step(lively)
    mixed = {"voice": rest, "idle": rest, "still": rest}
    found = [
        measure("hear: 48 to 16 kHz", lambda: decimator(sound[3])),
        measure("hear: log-mel", lambda: mel(heard)),
        measure("listen: log-mel and network", lambda: listener.hear(heard)),
        measure("idle", lambda: idle.step(lively)),
        measure("mix", lambda: mixer.mix(mixed)),
    ]
    for size in studio.sizes:
        found += _picture_stages(studio, size, sound)
    return found


def _picture_stages(studio: Studio, size: int, sound: list[Samples]) -> list[Stage]:
    identity = studio.presenter(studio.presenters[0].id, size)
    motions = recorded(studio.pipeline(identity, seed=0, cushion=0), sound)
    turn = itertools.cycle(motions)
    pictures = itertools.cycle([identity.draw(motion) for motion in motions[:TICKS_PER_SECOND]])
    encode = encoder(size)
    pipeline = studio.pipeline(identity, seed=0, cushion=0)
    said = itertools.cycle(sound)

    def whole() -> object:
        pipeline.push(Sound(next(said), SOUND_RATE))
        return pipeline.pull()

    return [
        measure(f"draw {size}", lambda: identity.draw(next(turn))),
        measure(f"encode VP8 {size}", lambda: encode(next(pictures))),
        measure(f"whole tick {size}, not encoded", whole),
    ]


def recorded(pipeline: Pipeline, sound: list[Samples]) -> list[Motion]:
    """The motions of a pipeline that hears `sound`."""
    motions = []
    for samples in sound:
        pipeline.push(Sound(samples, SOUND_RATE))
        motions.append(pipeline.move(pipeline.tick()))
    return motions


def encoder(size: int) -> Callable[[Picture], object]:
    """VP8 as the server sends it: real time, one thread."""
    codec = av.CodecContext.create("libvpx", "w")
    codec.width = codec.height = size
    codec.pix_fmt = "yuv420p"
    codec.bit_rate = 800_000
    codec.framerate = Fraction(TICKS_PER_SECOND)
    codec.options = {"cpu-used": "-6", "deadline": "realtime", "noise-sensitivity": "4"}
    codec.thread_count = 1
    count = itertools.count()

    def encode(picture: Picture) -> object:
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="yuv420p")
        frame.pts = next(count)
        return codec.encode(frame)

    return encode
