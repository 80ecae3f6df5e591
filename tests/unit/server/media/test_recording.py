"""Recordings, read back by FFmpeg and by a browser."""

from __future__ import annotations

import gc
import resource
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Route

from engine.errors import RecordingFailed
from engine.types import SOUND_RATE, TICKS_PER_SECOND
from server import limits
from server.media.broadcast import Viewer
from server.media.encoder import (
    PICTURE_STEP,
    SLICE,
    PictureEncoder,
    SoundEncoder,
    open_picture_encoder,
)
from server.media.mp4 import Mp4File, salvage
from server.media.recording import Recording
from server.media.tracks import as_yuv
from tests.support.browser import chromium
from tests.support.pictures import alike, moving

SIZE = 128
FLASHES = (40, 65, 90)
"""Ticks that are white and beep."""


class Film:
    """Encodes a face that flashes and beeps now and then, for whoever records it."""

    def __init__(self, tick: int = 0, grain: float = 0.0) -> None:
        self.tick, self.grain = tick, grain
        self._pictures: PictureEncoder = open_picture_encoder("H264", SIZE, SIZE, 600_000)
        self._sound = SoundEncoder()
        self.asked = 0

    def ask(self) -> None:
        self.asked += 1

    def play(self, recording: Viewer, ticks: int, keyframes: tuple[int, ...] = ()) -> None:
        """A tick's first slice comes before its picture."""
        for _ in range(ticks):
            tick, self.tick = self.tick, self.tick + 1
            picture = moving(SIZE, tick, grain=self.grain)
            wave = np.zeros(2 * SLICE, np.int16)
            if tick in FLASHES:
                picture = as_yuv(np.full((SIZE, SIZE, 3), 255, np.uint8))
                wave = (9_000 * np.sin(np.arange(2 * SLICE) * 2 * np.pi / 48)).astype(np.int16)
            recording.sound(self._sound.encode(wave[:SLICE], 2 * tick * SLICE))
            recording.picture(
                self._pictures.encode(picture, tick * PICTURE_STEP, tick in keyframes)
            )
            recording.sound(self._sound.encode(wave[SLICE:], (2 * tick + 1) * SLICE))


@pytest.fixture
def film() -> Film:
    return Film()


@pytest.fixture
def recording(film: Film, tmp_path: Path) -> Iterator[Recording]:
    recording = Recording(film.ask, tmp_path)
    recording.start()
    yield recording
    recording.close()


def finished(recording: Recording) -> Path:
    recording.stop()
    assert recording.path is not None
    return recording.path


def pictures(path: Path) -> list[av.VideoFrame]:
    with av.open(str(path)) as file:
        return list(file.decode(video=0))


def sound(path: Path) -> tuple[float, NDArray[np.float64]]:
    """When it begins, in seconds, and its samples."""
    with av.open(str(path)) as file:
        frames = list(file.decode(audio=0))
    wave = np.concatenate([frame.to_ndarray()[0] for frame in frames]).astype(np.float64)
    assert frames[0].pts is not None
    return float(frames[0].pts * Fraction(1, SOUND_RATE)), wave


def brightness(frame: av.VideoFrame) -> float:
    return float(frame.to_ndarray(format="gray").mean())


def test_it_plays_what_was_broadcast(recording: Recording, film: Film) -> None:
    film.play(recording, 50)
    path = finished(recording)
    shown = pictures(path)
    assert len(shown) == 50
    assert shown[0].key_frame
    assert [frame.time for frame in shown] == pytest.approx([n / 25 for n in range(50)], abs=1e-4)
    assert min(alike(frame, moving(SIZE, n)) for n, frame in enumerate(shown[:40])) > 30
    assert recording.seconds == 2.0
    assert (recording.dropped, recording.error, recording.running) == (0, None, False)


def test_picture_and_sound_stay_together_to_20_ms(recording: Recording, film: Film) -> None:
    film.tick = 7
    film.play(recording, 100)
    path = finished(recording)
    begins, wave = sound(path)
    loud = np.abs(wave) > 0.3 * np.abs(wave).max()
    onsets = np.flatnonzero(loud & ~np.r_[False, loud[:-1]])
    beeps = [onsets[0], *onsets[1:][np.diff(onsets) > SOUND_RATE // 2]]
    flashes = [frame.time for frame in pictures(path) if brightness(frame) > 240]
    assert flashes == pytest.approx([(tick - 7) / TICKS_PER_SECOND for tick in FLASHES], abs=1e-3)
    heard = [begins + sample / SOUND_RATE for sample in beeps]
    assert heard == pytest.approx(flashes, abs=0.005)


def test_it_begins_with_the_first_keyframe(recording: Recording, film: Film) -> None:
    class Late:
        """Misses the first pictures, as one that joins later does."""

        def __getattr__(self, name: str) -> object:
            return getattr(recording, name)

        def picture(self, packet: av.Packet[av.VideoStream]) -> None:
            if (packet.pts or 0) >= 10 * PICTURE_STEP:
                recording.picture(packet)

    film.play(Late(), 40, keyframes=(30,))  # type: ignore[arg-type]
    path = finished(recording)
    shown = pictures(path)
    assert len(shown) == 10
    assert shown[0].key_frame
    assert alike(shown[0], moving(SIZE, 30)) > 30
    begins, wave = sound(path)
    assert begins == 0
    assert len(wave) / SOUND_RATE == pytest.approx(0.4, abs=0.03)
    assert recording.dropped == 0


def test_a_slow_disk_drops_up_to_the_next_keyframe_and_asks_for_it(
    film: Film, tmp_path: Path
) -> None:
    recording = Recording(film.ask, tmp_path)
    go_on = threading.Event()
    recording.start()
    recording._put(lambda: print(go_on.wait(10)))
    film.play(recording, 100)
    assert recording.dropped > 40
    assert film.asked > 0
    go_on.set()
    film.play(recording, 30, keyframes=(110,))
    shown = pictures(finished(recording))
    times = np.array([frame.time for frame in shown])
    gap = int(np.argmax(np.diff(times)))
    assert shown[gap + 1].key_frame
    assert times[gap + 1] == pytest.approx(110 / TICKS_PER_SECOND, abs=1e-3)
    assert times[-1] == pytest.approx(129 / TICKS_PER_SECOND, abs=1e-3)
    recording.close()


@pytest.mark.parametrize("name", ["RECORDING_SECONDS", "RECORDING_BYTES"])
def test_it_ends_at_its_limits(
    recording: Recording, film: Film, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(limits, name, {"RECORDING_SECONDS": 1, "RECORDING_BYTES": 60_000}[name])
    film.play(recording, 60)
    path = finished(recording)
    assert 0.5 < recording.seconds <= 1.6
    assert len(pictures(path)) == round(recording.seconds * 25)
    assert path.stat().st_size < 120_000
    assert recording.error is None


@contextmanager
def no_room_after(size: int) -> Iterator[None]:
    """Files of this process may not grow beyond so many bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_ends_it_clearly_and_what_was_written_plays(tmp_path: Path) -> None:
    film = Film(grain=6)
    recording = Recording(film.ask, tmp_path)
    recording.start()
    with no_room_after(200_000):
        film.play(recording, 150)
        recording.stop()
    assert isinstance(recording.error, RecordingFailed)
    assert "disk is full" in recording.error.message
    assert not recording.running
    film.play(recording, 5)
    path = finished(recording)
    shown = pictures(path)
    assert 25 <= len(shown) < 150
    assert shown[0].key_frame
    assert len(sound(path)[1]) / SOUND_RATE == pytest.approx(len(shown) / 25, abs=0.1)
    recording.close()


def test_a_disk_that_is_full_from_the_start_leaves_no_file(tmp_path: Path) -> None:
    film = Film()
    recording = Recording(film.ask, tmp_path)
    recording.start()
    with no_room_after(1_000):
        film.play(recording, 60)
        recording.stop()
    assert recording.path is None
    assert recording.error is not None
    recording.close()


def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path, film: Film) -> None:
    with pytest.raises(RecordingFailed):
        Recording(film.ask, tmp_path / "missing")


def test_a_file_cut_short_plays_up_to_its_last_second(film: Film, tmp_path: Path) -> None:
    class Cut:
        """Records without ever closing."""

        file: Mp4File | None = None

        def picture(self, packet: av.Packet[av.VideoStream]) -> None:
            self.file = self.file or Mp4File(tmp_path / "cut.mp4", packet)
            self.file.picture(packet)

        def sound(self, packet: av.Packet[av.AudioStream]) -> None:
            if self.file is not None:
                self.file.sound(packet)

    cut = Cut()
    film.play(cut, 90)  # type: ignore[arg-type]
    copy = tmp_path / "copy.mp4"
    copy.write_bytes((tmp_path / "cut.mp4").read_bytes())
    assert len(pictures(copy)) >= 50
    copy.write_bytes(copy.read_bytes()[:-500])
    assert salvage(copy)
    assert len(pictures(copy)) >= 25
    copy.write_bytes(b"\0\0\0\x18ftyp")
    assert not salvage(copy)
    assert cut.file is not None
    cut.file.close()
    assert len(pictures(tmp_path / "cut.mp4")) == 90


def test_it_is_private_and_goes_when_closed_or_forgotten(film: Film, tmp_path: Path) -> None:
    recording = Recording(film.ask, tmp_path)
    recording.start()
    film.play(recording, 5)
    path = finished(recording)
    assert path.parent.stat().st_mode & 0o077 == 0
    recording.close()
    recording.close()
    assert list(tmp_path.iterdir()) == []
    Recording(film.ask, tmp_path)
    gc.collect()
    assert list(tmp_path.iterdir()) == []


def test_nothing_recorded_is_no_file(recording: Recording) -> None:
    recording.stop()
    assert recording.path is None
    assert recording.seconds == 0


@pytest.mark.e2e
def test_a_browser_plays_it_with_sound(recording: Recording, film: Film) -> None:
    film.play(recording, 100)
    body = finished(recording).read_bytes()

    def serve(route: Route) -> None:
        if route.request.url.endswith(".mp4"):
            route.fulfill(body=body, content_type="video/mp4")
        else:
            route.fulfill(body="<video></video>", content_type="text/html")

    with chromium() as browser:
        page = browser.new_page()
        page.route("**/*", serve)
        page.goto("http://recording.test/")
        played = page.evaluate(
            """async () => {
                const video = document.querySelector("video");
                video.src = "/recording.mp4";
                await video.play();
                await new Promise(ended => video.onended = ended);
                return {
                    seconds: video.duration, at: video.currentTime, width: video.videoWidth,
                    pictures: video.webkitDecodedFrameCount,
                    sound: video.webkitAudioDecodedByteCount, error: video.error,
                };
            }"""
        )
    assert played["error"] is None
    assert played["width"] == SIZE
    assert played["seconds"] == pytest.approx(4.0, abs=0.05)
    assert played["at"] == pytest.approx(4.0, abs=0.05)
    assert played["pictures"] >= 95
    assert played["sound"] > 1000
