"""What one picture costs, stage by stage, on one thread."""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.audio import Decimator
from engine.controls import Controls
from engine.idle import Idle, Liveliness
from engine.mel import LogMel
from engine.mixer import Mixer
from engine.pipeline import Pipeline
from engine.studio import Studio
from engine.types import SOUND_RATE, SOUND_TICK, TICKS_PER_SECOND, Motion, Picture, Samples, Sound
from server.limits import PICTURE_START_BITRATE
from server.media.encoder import PICTURE_STEP, SLICE, Codec, SoundEncoder, open_picture_encoder
from server.media.tracks import as_yuv

ROUNDS = 200
CODECS: Final[tuple[Codec, ...]] = ("H264", "VP8")


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
        measure("encode Opus, 20 ms", sound_encoder()),
    ]
    for size in studio.sizes:
        found += _picture_stages(studio, size, sound)
    return found


def _picture_stages(studio: Studio, size: int, sound: list[Samples]) -> list[Stage]:
    identity = studio.presenter(studio.presenters[0].id, size)
    motions = recorded(studio.pipeline(identity, seed=0, jitter=0), sound)
    turn = itertools.cycle(motions)
    pictures = itertools.cycle([identity.draw(motion) for motion in motions[:TICKS_PER_SECOND]])
    pipeline = studio.pipeline(identity, seed=0, jitter=0)
    said = itertools.cycle(sound)

    def encoding(encode: Callable[[Picture], object]) -> Callable[[], object]:
        return lambda: encode(next(pictures))

    def whole() -> object:
        pipeline.push(Sound(next(said), SOUND_RATE))
        return pipeline.pull()

    return [
        measure(f"draw {size}", lambda: identity.draw(next(turn))),
        *(measure(f"encode {codec} {size}", encoding(encoder(size, codec))) for codec in CODECS),
        measure(f"whole tick {size}, not encoded", whole),
    ]


def recorded(pipeline: Pipeline, sound: list[Samples]) -> list[Motion]:
    """The motions of a pipeline that hears `sound`."""
    motions = []
    for samples in sound:
        pipeline.push(Sound(samples, SOUND_RATE))
        tick = pipeline.tick()
        motions.append(pipeline.mix(pipeline.hear(tick), tick.index / TICKS_PER_SECOND))
    return motions


def encoder(size: int, codec: Codec = "H264") -> Callable[[Picture], object]:
    """A picture of RGB to a packet, as the server does it."""
    opened = open_picture_encoder(codec, size, size, PICTURE_START_BITRATE)
    count = itertools.count()

    def encode(picture: Picture) -> object:
        return opened.encode(as_yuv(picture), next(count) * PICTURE_STEP, keyframe=False)

    return encode


def sound_encoder() -> Callable[[], object]:
    """20 ms of a voice to a packet of Opus."""
    opened, count = SoundEncoder(), itertools.count()
    voice = babble(1, seed=1)[0][:SLICE]
    return lambda: opened.encode(voice, next(count) * SLICE)
