"""25 pictures a second in step with their sound, for as long as the call lasts."""

from __future__ import annotations

import asyncio
import datetime
import statistics
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

import aiortc.clock
import httpx
import numpy as np
import pytest

from client.call import Conversation, connected
from client.devices import Silence
from engine.studio import Studio
from server.limits import Limits
from server.media import tracks
from server.protocol import SessionRequest
from tests.support.leaks import until
from tests.support.lengths import length
from tests.support.probe import Beeps, ProbeMark, Witness
from tests.support.serving import Serving, serving

pytestmark = [pytest.mark.e2e, pytest.mark.timing, pytest.mark.usefixtures("clean")]
ADA: Final = SessionRequest(presenter="ada", size=256)
SECONDS: Final = length(15.0, 60.0)
GAP_P99_MS: Final = 60.0
SKEW_P95_MS: Final = 5.0
JUMP_GAP_MS: Final = 200.0
SHIFT_TICKS: Final = 5
SHIFT_MS: Final = 200.0
HOUR: Final = 3_600.0
REFUSED_SECONDS: Final = 0.1
PICTURE_CLOCK: Final = 90_000
SOUND_CLOCK: Final = 48_000
RTP_WRAP: Final = 1 << 32


@dataclass
class HandedOver:
    """What the tracks gave to RTP: media time and monotonic time, both in seconds."""

    pictures: list[tuple[float, float]] = field(default_factory=list)
    sound: list[tuple[float, float]] = field(default_factory=list)
    shift: dict[str, int] = field(default_factory=lambda: {"video": 0, "audio": 0})
    """Added to time stamps, in units of their clocks: as if a call were that old."""

    def gaps_ms(self) -> list[float]:
        return [1000 * (b - a) for (_, a), (_, b) in pairwise(self.pictures)]

    def skews_ms(self) -> list[float]:
        """How far a picture's hand-over is from that of its own sound."""
        sound = {round(media * 50): at for media, at in self.sound}
        found = ((at, sound.get(round(media * 50))) for media, at in self.pictures)
        return [1000 * abs(at - other) for at, other in found if other is not None]


@pytest.fixture
def handed(monkeypatch: pytest.MonkeyPatch) -> Iterator[HandedOver]:
    """Looks on as the real tracks hand over."""
    found = HandedOver()
    for kind, track in (("video", tracks.PictureTrack), ("audio", tracks.SoundTrack)):
        monkeypatch.setattr(track, "recv", _noting(track.recv, found, kind))
    yield found


def _noting(really: Any, found: HandedOver, kind: str) -> Any:
    kept = found.pictures if kind == "video" else found.sound

    async def recv(track: Any) -> Any:
        given = await really(track)
        kept.append((float(given.pts * given.time_base), time.monotonic()))
        given.pts += found.shift[kind]
        return given

    return recv


@pytest.fixture
async def server(studio: Studio, clean: None) -> AsyncIterator[Serving]:
    async with serving(studio, Limits(sessions=2)) as running:
        yield running


async def test_pictures_keep_their_pace_and_their_sound(
    server: Serving, handed: HandedOver
) -> None:
    async with connected(server.url, Beeps(), ADA) as talk:
        await until(lambda: talk.report().pictures > 25)
        handed.pictures.clear()
        handed.sound.clear()
        await asyncio.sleep(SECONDS)
        report = talk.report()
    first, last = handed.pictures[0][1], handed.pictures[-1][1]
    rate = (len(handed.pictures) - 1) / (last - first)
    gap, skew = np.percentile(handed.gaps_ms(), 99), np.percentile(handed.skews_ms(), 95)
    print(
        f"{rate:.3f} a second, gaps p99 {gap:.1f} ms, at most {max(handed.gaps_ms()):.0f} ms, "
        f"sound and picture p95 {skew:.1f} ms apart"
    )
    assert rate == pytest.approx(25.0, abs=0.05)
    assert gap <= GAP_P99_MS
    assert len(handed.skews_ms()) > 0.9 * len(handed.pictures)
    assert skew <= SKEW_P95_MS
    assert report.pictures_per_second == pytest.approx(25.0, abs=0.5)
    check_media_time(handed)


def check_media_time(handed: HandedOver) -> None:
    """Time stamps grow, by one picture or slice at a time, and as fast as the clock."""
    for kept, step in ((handed.pictures, 1 / 25), (handed.sound, 1 / 50)):
        steps = [b - a for (a, _), (b, _) in pairwise(kept)]
        assert min(steps) > 0
        assert sum(abs(it - step) > 1e-6 for it in steps) <= 0.01 * len(steps)
        drift = (kept[-1][0] - kept[0][0]) - (kept[-1][1] - kept[0][1])
        assert abs(drift) < 0.05


async def test_the_probe_sees_sound_that_is_late(server: Serving, handed: HandedOver) -> None:
    """The detector's proof: sound that is held back by 20 ms is seen as such."""
    async with connected(server.url, Silence(), ADA) as talk:
        await until(lambda: talk.report().pictures > 50)
    handed.sound = [(media, at + 0.020) for media, at in handed.sound]
    assert np.percentile(handed.skews_ms(), 95) > SKEW_P95_MS


class Wall:
    """A wall clock that a test can set; to be made before the server, which puts a steady one
    in aiortc's place."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ahead = 0.0
        real, moment = time.time, aiortc.clock.current_datetime
        monkeypatch.setattr(time, "time", lambda: real() + self.ahead)
        monkeypatch.setattr(
            aiortc.clock,
            "current_datetime",
            lambda: moment() + datetime.timedelta(seconds=self.ahead),
        )


async def test_a_wall_clock_that_jumps_does_not_matter(
    studio: Studio, handed: HandedOver, monkeypatch: pytest.MonkeyPatch
) -> None:
    wall = Wall(monkeypatch)
    async with serving(studio) as server, connected(server.url, Beeps(), ADA) as talk:
        await until(lambda: talk.report().pictures > 25)
        handed.pictures.clear()
        seen: list[float] = []
        talk.on_picture = lambda _, at: seen.append(at)
        for wall.ahead in (HOUR, -HOUR, 1.0, 0.0, -1.0, 0.0):
            await asyncio.sleep(0.7)
    gaps = [1000 * (b - a) for a, b in pairwise(seen)]
    print(f"longest gap {max(gaps):.0f} ms, {max(handed.gaps_ms()):.0f} ms at the server")
    assert max(handed.gaps_ms()) <= JUMP_GAP_MS
    assert max(gaps) <= JUMP_GAP_MS


@pytest.mark.parametrize("kind", ["video", "audio"])
async def test_a_call_lives_through_the_end_of_rtp_time(
    server: Serving, handed: HandedOver, kind: str
) -> None:
    """RTP counts to 2 ** 32: pictures start anew after 13.3 hours, sound after 24.9."""
    clock = PICTURE_CLOCK if kind == "video" else SOUND_CLOCK
    handed.shift[kind] = RTP_WRAP - 3 * clock // 2
    seen: list[float] = []
    samples = 0

    def hear(frame: Any, at: float) -> None:
        nonlocal samples
        samples += frame.samples

    async with connected(server.url, Beeps(), ADA) as talk:
        talk.on_picture, talk.on_sound = lambda _, at: seen.append(at), hear
        await asyncio.sleep(4.0)
    media = [it for it, _ in (handed.pictures if kind == "video" else handed.sound)]
    assert media[-1] > 2.5, "it went past the end"
    assert max(b - a for a, b in pairwise(seen)) < 0.2
    assert samples / SOUND_CLOCK > 3.3


async def refusal(http: httpx.AsyncClient) -> tuple[httpx.Response, float]:
    start = time.monotonic()
    answer = await http.post("/v1/sessions", json=ADA.model_dump())
    return answer, time.monotonic() - start


async def test_a_full_server_says_so_at_once_and_nobody_suffers(
    server: Serving, handed: HandedOver
) -> None:
    async def stay(talk: Conversation) -> float:
        await asyncio.sleep(3.0)
        return talk.report().pictures_per_second

    async with (
        connected(server.url, Beeps(), ADA) as one,
        connected(server.url, Beeps(), ADA) as other,
    ):
        await until(lambda: min(it.report().pictures for it in (one, other)) > 0)
        staying = asyncio.gather(stay(one), stay(other))
        took = []
        for _ in range(10):
            answer, seconds = await refusal(server.http)
            took.append(seconds)
            assert answer.status_code == 503
            assert answer.json()["code"] == "server_full"
            assert int(answer.headers["retry-after"]) > 0
            await asyncio.sleep(0.2)
        rates = await staying
    print(f"refused in {1000 * max(took):.0f} ms; {rates[0]:.2f} and {rates[1]:.2f} a second")
    assert max(took) < REFUSED_SECONDS
    assert min(rates) == pytest.approx(25.0, abs=0.5)
    await until(lambda: len(server.sessions) == 0)
    async with connected(server.url, Silence(), ADA) as talk:
        await until(lambda: talk.report().pictures > 5)


async def offset_here(studio: Studio, ticks: int) -> float:
    """The same without a browser: arrival of flashes minus arrival of beeps, median, ms."""
    witness = Witness()
    async with serving(studio, mark=ProbeMark(ticks)) as server:
        async with connected(server.url, Beeps(), ADA) as talk:
            talk.on_picture, talk.on_sound = witness.picture, witness.sound
            await until(lambda: len(witness.offsets_ms(1.0)) >= 4, 10)
    return statistics.median(witness.offsets_ms(1.0))


async def test_flash_and_beep_arrive_together(studio: Studio) -> None:
    """This caller's buffers take 40 ms of a picture and 80 ms of sound."""
    found = {ticks: await offset_here(studio, ticks) for ticks in (0, SHIFT_TICKS, -SHIFT_TICKS)}
    print({40 * ticks: round(offset) for ticks, offset in found.items()})
    assert -100 <= found[0] <= 30
    assert found[SHIFT_TICKS] - found[0] == pytest.approx(SHIFT_MS, abs=25)
    assert found[-SHIFT_TICKS] - found[0] == pytest.approx(-SHIFT_MS, abs=25)
