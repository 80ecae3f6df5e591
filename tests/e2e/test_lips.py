"""The promise itself: lips in time with the voice, alive in silence, in decoded pictures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest

from bench.live import server
from client.call import call
from client.recorder import PICTURES_EARLY
from engine.bundle import Bundle
from engine.controls import Controls
from engine.film import make_film
from engine.studio import Studio
from engine.tracker import FaceTracker
from engine.types import SOUND_RATE, TICKS_PER_SECOND, Picture, Samples
from tests.support.lips import SPEECH, Seen, best_lag, count_blinks, expected_opening, rgb, see
from tests.support.sound import loudness, offset, read
from tests.support.speech import silence, write_wav

pytestmark = pytest.mark.e2e
QUIET_SECONDS = 40.0


@pytest.fixture(scope="module")
def tracker() -> Iterator[FaceTracker]:
    made = FaceTracker(Bundle.open().asset("tracker"), 1)
    yield made
    made.close()


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with server() as (url, _, _):
        yield url


def decoded(path: Path) -> Iterator[Picture]:
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            yield rgb(frame)


def filmed(studio: Studio, tracker: FaceTracker, sound: Path, target: Path, who: str) -> Seen:
    make_film(studio, studio.presenter(who, 256), sound, target, seed=1, controls=Controls())
    return see(decoded(target), tracker)


@pytest.mark.parametrize(("voice", "who"), [("hibari", "ada"), ("rms", "samuel")])
def test_lips_follow_held_out_speech_in_a_film(
    studio: Studio, tracker: FaceTracker, tmp_path: Path, voice: str, who: str
) -> None:
    seen = filmed(studio, tracker, SPEECH / f"{voice}.wav", tmp_path / "film.mp4", who)
    times = (np.arange(len(seen.gap)) + 0.5) / TICKS_PER_SECOND
    correlation, lag = best_lag(expected_opening(voice), seen.gap, times)
    print(f"{voice} by {who}: correlation {correlation:.2f} at {1000 * lag:+.0f} ms")
    assert seen.lost == 0
    assert correlation >= 0.5
    assert abs(lag) <= 0.060


def test_in_silence_the_mouth_rests_and_the_eyes_blink(
    studio: Studio, tracker: FaceTracker, tmp_path: Path
) -> None:
    quiet = write_wav(tmp_path / "quiet.wav", silence(QUIET_SECONDS, 16_000), 16_000)
    at_rest = filmed(studio, tracker, quiet, tmp_path / "quiet.mp4", "ada")
    speaking = filmed(studio, tracker, SPEECH / "rms.wav", tmp_path / "speech.mp4", "ada")
    blinks = count_blinks(at_rest.shut) * 60 / QUIET_SECONDS
    print(f"blinks a minute: {blinks:.0f}")
    assert at_rest.gap.var() <= 0.05 * speaking.gap.var()
    assert 8 <= blinks <= 25


@pytest.mark.timing
async def test_lips_follow_the_sound_that_comes_back_in_a_call(
    address: str, tracker: FaceTracker
) -> None:
    pictures: list[tuple[float, Picture]] = []
    sound: list[tuple[float, Samples]] = []

    def hear(frame: av.AudioFrame, arrived: float) -> None:
        samples = frame.to_ndarray().reshape(-1, frame.layout.nb_channels)[:, 0]
        sound.append((arrived, samples.astype(np.int16)))

    report = await call(
        address,
        presenter="ada",
        size=256,
        file=SPEECH / "rms.wav",
        on_picture=lambda frame, arrived: pictures.append((arrived, rgb(frame))),
        on_sound=hear,
    )
    assert report.seconds >= 13
    seen = see((picture for _, picture in pictures), tracker)
    begun = began(sound)
    times = np.array([arrived for arrived, _ in pictures]) - begun + PICTURES_EARLY
    correlation, lag = best_lag(expected_opening("rms"), seen.gap, times + 0.02)
    print(f"rms in a call: correlation {correlation:.2f} at {1000 * lag:+.0f} ms")
    assert correlation >= 0.5
    assert abs(lag) <= 0.060


def began(sound: list[tuple[float, Samples]]) -> float:
    """When the test recording's first sample arrived, in the caller's seconds."""
    length = len(sound[0][1]) / SOUND_RATE
    starts = np.array([arrived for arrived, _ in sound]) - np.arange(len(sound)) * length
    heard = loudness(np.concatenate([samples for _, samples in sound]))
    begun, alike = offset(heard, loudness(read(SPEECH / "rms.wav")))
    assert alike > 0.8, "the sound that comes back is the sound that was said"
    return float(np.median(starts)) - length + begun
