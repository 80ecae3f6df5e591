"""Sound of any size and content: taken or refused, and pictures go on."""

from __future__ import annotations

import random
from typing import Final

import numpy as np
import pytest

from engine.clock import ManualClock
from engine.errors import SoundError
from engine.studio import Studio
from engine.types import SOUND_TICK, Samples, Sound
from server.protocol import HelloMessage
from server.voice.pcm import Pcm
from server.voice.stream import VoiceStream
from tests.support.lengths import length

PIECES: Final = length(400, 20_000)
DRAWN: Final = 10
"""Of so many ticks one is drawn: what the sound did to the face is seen there."""
RATES: Final = (8_000, 11_025, 16_000, 22_050, 44_100, 48_000, 96_000)
STRANGE: Final = (0, -1, 1, 7, 2**31)


def samples(chance: random.Random) -> Samples:
    """Noise, full scale, silence, a lone click; no, one, few or many samples; some stereo."""
    count = chance.choice((0, 1, 2, 479, 960, 961, 4_001, 48_000))
    kind = chance.randrange(4)
    noise = np.random.default_rng(chance.getrandbits(32))
    found = {
        0: noise.integers(-32_768, 32_768, count),
        1: np.full(count, chance.choice((-32_768, 32_767))),
        2: np.zeros(count),
        3: np.eye(1, count, 0)[0] * 32_767 if count else np.zeros(0),
    }[kind].astype(np.int16)
    return np.stack([found, found], 1) if chance.random() < 0.3 else found


def test_a_pipeline_takes_any_sound(studio: Studio) -> None:
    identity = studio.presenter("ada", 256)
    pipeline, chance = studio.pipeline(identity, seed=1), random.Random(1)
    refused = 0
    for n in range(PIECES):
        rate = chance.choice(RATES if chance.random() < 0.95 else STRANGE)
        try:
            pipeline.push(Sound(samples(chance), rate))
        except SoundError:
            refused += 1
        if chance.random() < 0.05:
            pipeline.interrupt()
        tick = pipeline.tick()
        assert tick.sound.shape == (SOUND_TICK,) and np.isfinite(tick.heard).all()
        if n % DRAWN:
            pipeline.skip(tick)
            continue
        picture = pipeline.draw(tick).picture
        assert picture.shape == (256, 256, 3) and picture.std() > 10, "a face, not a hole"
    assert 0 < refused < 0.2 * PIECES


@pytest.mark.parametrize("kind", ["s16le", "f32le"])
@pytest.mark.parametrize("channels", [1, 2])
async def test_a_voice_takes_bytes_cut_anywhere(kind: str, channels: int) -> None:
    """A stream never holds more than it may, and every tick of it is whole."""
    chance, clock = random.Random(2), ManualClock()
    hello = HelloMessage.model_validate({"rate": 16_000, "channels": channels, "format": kind})
    pcm, stream = Pcm(hello), VoiceStream(clock)
    taken = 0
    for tick in range(PIECES):
        for _ in range(chance.randrange(3)):
            sound = pcm(chance.randbytes(chance.choice((0, 1, 2, 3, 5, 640, 4_097, 65_536))))
            assert sound.samples.dtype == np.int16
            if channels == 2:
                assert sound.samples.ndim == 2
            stream.push(sound)
        if chance.random() < 0.02:
            stream.end()
            pcm.end()
        if chance.random() < 0.02:
            stream.clear()
        waiting = stream.queue
        assert 0 <= waiting.depth <= waiting.capacity
        found = stream.take(tick)
        if found is not None:
            taken += 1
            assert found[0].shape == (SOUND_TICK,) and found[0].dtype == np.int16
        stream.handed(tick)
        clock.advance(0.04)
    assert taken > PIECES / 4
