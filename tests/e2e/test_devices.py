"""`visavis call` with a microphone, a camera, a speaker and a virtual camera, as a person has it.

Sound cards are those of a real PulseAudio, reached through PortAudio; the camera is a film;
the virtual camera's device is a fake (tests/contract says what it must do).
"""

from __future__ import annotations

import asyncio
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import httpx
import numpy as np
import pytest

from bench.live import server
from engine.bundle import Bundle
from engine.controls import Controls
from engine.film import make_film
from engine.studio import Studio
from engine.tracker import FaceTracker
from engine.types import SOUND_RATE
from tests.support.lips import SPEECH
from tests.support.probe import Beeps, Onsets, ProbeMark, offsets_ms
from tests.support.probe import read as read_probe
from tests.support.pulse import Heard, Pulse, pulse
from tests.support.serving import serving
from tests.support.shown import Shown, read
from tests.support.sound import loudness, offset
from tests.support.speech import tone, write_wav

pytestmark = pytest.mark.e2e
SIZE = 256
SECONDS = 9
CALL = (sys.executable, "-m", "visavis", "call", "--presenter", "ada", "--size", str(SIZE))
BOTH = ("microphone", "speaker")
SETTLING = 3.0
"""Seconds until both ends' buffers have settled."""


@pytest.fixture
def sound_cards(tmp_path: Path) -> Iterator[Pulse]:
    with pulse(tmp_path) as running:
        yield running


@pytest.fixture
def shown(tmp_path: Path) -> Shown:
    return Shown(tmp_path / "shown", tmp_path / "unplugged")


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with server() as (url, _, _):
        yield url


@pytest.fixture(scope="module")
def driver(studio: Studio, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of somebody in front of a camera."""
    folder = tmp_path_factory.mktemp("driver")
    sound = write_wav(folder / "speech.wav", tone(2.0), SOUND_RATE)
    film = folder / "driver.mp4"
    make_film(studio, studio.presenter("samuel", 512), sound, film, seed=1, controls=Controls())
    return film


@contextmanager
def calling(
    *options: str, environment: dict[str, str], errors: IO[str] | int = subprocess.PIPE
) -> Iterator[subprocess.Popen[str]]:
    """A call that is on its way; it ends with the block at the latest."""
    with subprocess.Popen(
        [*CALL, *options], env=environment, stdout=subprocess.PIPE, stderr=errors, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def camera_pictures(url: str) -> float:
    found = re.search(
        r"^visavis_camera_pictures_total (\S+)", httpx.get(f"{url}/metrics").text, re.M
    )
    assert found is not None
    return float(found[1])


@pytest.mark.timing
def test_voice_and_camera_go_in_and_the_avatar_comes_out(
    address: str, sound_cards: Pulse, shown: Shown, driver: Path
) -> None:
    microphone, speaker = sound_cards.listen("room"), sound_cards.listen()
    options = (
        "--seconds", str(SECONDS), "--microphone", "--camera", str(driver),
        "--speaker", "--virtual-camera",
    )  # fmt: skip
    environment = {**sound_cards.environment, **shown.environment}
    with calling(address, *options, environment=environment) as call:
        sound_cards.say(SPEECH / "hibari.wav")
        output, complaints = call.communicate(timeout=60)
    assert call.returncode == 0, complaints
    check_sound(speaker.stop(), microphone.stop())
    assert camera_pictures(address) > 15 * SECONDS, "the film has 25 a second"
    check_pictures(*read(shown.path, SIZE))
    for device in ("microphone", "camera", "speaker", "virtual camera /dev/video9"):
        assert device in output


def check_sound(heard: Heard, said: Heard) -> None:
    """What was said is what was heard, later: five seconds of it, when all had settled."""
    begin = len(said.samples) - 7 * SOUND_RATE
    part = said.samples[begin : begin + 5 * SOUND_RATE]
    later, alike = offset(loudness(heard.samples), loudness(part))
    delay = heard.began + later - (said.began + begin / SOUND_RATE)
    print(f"from microphone to speaker: {1000 * delay:.0f} ms, alike {alike:.2f}")
    assert alike > 0.7
    assert 0.15 < delay < 1.5


def check_pictures(times: np.ndarray[tuple[int], np.dtype[np.float64]], pictures: object) -> None:
    """25 a second, and the avatar's face is in them."""
    assert isinstance(pictures, np.ndarray) and pictures.shape[1:] == (SIZE, SIZE, 3)
    rate = (len(times) - 1) / (times[-1] - times[0])
    assert 23 < rate < 26.5
    tracker = FaceTracker(Bundle.open().asset("tracker"), 1)
    some = pictures[len(pictures) // 2 :: 20]
    faces = sum(bool(tracker(np.ascontiguousarray(picture))) for picture in some)
    tracker.close()
    assert faces == len(some) > 3


@pytest.mark.timing
async def test_pictures_are_shown_when_their_sound_is_heard(
    studio: Studio, sound_cards: Pulse, shown: Shown, tmp_path: Path
) -> None:
    voice = Beeps()
    beeps = np.concatenate([voice.slice() for _ in range(50 * (SECONDS + 2))])
    sound = write_wav(tmp_path / "beeps.wav", beeps, SOUND_RATE)
    ear = sound_cards.listen()
    async with serving(studio, mark=ProbeMark()) as running:
        options = ("--seconds", str(SECONDS), "--file", str(sound), "--speaker", "--virtual-camera")
        environment = {**sound_cards.environment, **shown.environment}
        with calling(running.url, *options, environment=environment) as call:
            _, complaints = await asyncio.to_thread(call.communicate, timeout=60)
    assert call.returncode == 0, complaints
    flashes, heard = flashes_in(*read(shown.path, SIZE)), beeps_in(ear.stop())
    offsets = offsets_ms(flashes, heard, flashes[0] + SETTLING)
    print("picture after sound, ms:", np.round(offsets).tolist())
    assert len(offsets) >= 4
    assert abs(np.median(offsets)) < 40


def flashes_in(
    times: np.ndarray[tuple[int], np.dtype[np.float64]],
    pictures: np.ndarray[tuple[int, ...], np.dtype[np.uint8]],
) -> list[float]:
    """When each flash began."""
    lit = np.array([read_probe(picture)[1] for picture in pictures])
    return [float(it) for it in times[1:][lit[1:] & ~lit[:-1]]]


def beeps_in(heard: Heard) -> list[float]:
    """When each beep began."""
    onsets, found, step = Onsets(SOUND_RATE), [], SOUND_RATE // 50
    for at in range(0, len(heard.samples), step):
        begins = onsets(heard.floats[at : at + step])
        if begins is not None:
            found.append(heard.began + (at + begins) / SOUND_RATE)
    return found


@pytest.mark.timing
def test_sound_cards_that_are_pulled_out_are_taken_again(
    address: str, sound_cards: Pulse, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    options = (address, "--seconds", "60", "--microphone", "--speaker")
    with (
        log.open("w") as errors,
        calling(*options, environment=sound_cards.environment, errors=errors) as call,
    ):
        wait_for(lambda: httpx.get(f"{address}/health").json()["sessions"] == 1)
        time.sleep(1.0)
        sound_cards.unplug()
        wait_for(lambda: log.read_text().count("is gone: the call goes on") == 2)
        sound_cards.plug()
        wait_for(lambda: all(f"the {it} is back" in log.read_text() for it in BOTH))
        ear = sound_cards.listen()
        sound_cards.say(SPEECH / "rms.wav")
        time.sleep(4.0)
        assert np.abs(ear.stop().samples).max() > 3_000, "the avatar is heard again"
        call.send_signal(signal.SIGINT)
        output, _ = call.communicate(timeout=20)
    assert "Expression" not in log.read_text(), "PortAudio says nothing beside it"
    assert call.returncode == 0
    assert "a second, longest gap" in output, "Ctrl+C ends it in order, with the report"
    assert httpx.get(f"{address}/health").json()["sessions"] == 0


def wait_for(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not come about"
        time.sleep(0.05)


def test_devices_are_listed(sound_cards: Pulse) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "visavis", "devices"],
        env={**sound_cards.environment, "COLUMNS": "120"}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0
    assert re.search(r"microphone.*--microphone \d+.*pulse", done.stdout)
    assert re.search(r"speaker.*--speaker \d+.*default.*the default", done.stdout)


@pytest.mark.parametrize(
    ("option", "sentence"),
    [("--mouth", "'banana' cannot drive mouth"), ("--pose", "'banana' cannot drive pose")],
)
def test_a_source_that_the_server_does_not_have_is_told_in_its_words(
    address: str, option: str, sentence: str
) -> None:
    done = subprocess.run(
        [*CALL, address, "--seconds", "1", option, "banana"], capture_output=True, text=True
    )
    assert done.returncode == 1
    assert sentence in done.stderr and "there are:" in done.stderr
    assert "Traceback" not in done.stderr
