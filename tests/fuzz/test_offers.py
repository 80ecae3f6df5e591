"""Offers that are almost right: refused in words, quickly, and the next caller is served."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

import httpx
import pytest

from client.call import connected
from client.devices import Silence
from engine.errors import VisavisError
from engine.studio import Studio
from server import heap, limits
from server.doors import candidates
from server.http import sdpfrag
from server.limits import Limits
from server.media.offers import check
from server.protocol import SessionRequest
from tests.support.documented import codes, is_refusal
from tests.support.leaks import until
from tests.support.lengths import length
from tests.support.mutate import Mutator
from tests.support.serving import serving
from tests.support.snapshot import Snapshot
from tests.support.stalls import BLOCKED_MS, stalls

CHECKED: Final = length(6_000, 120_000)
NEGOTIATED: Final = length(120, 5_000)
SLOWEST_MS: Final = 50.0
CORPUS: Final = Path(__file__).parents[1] / "data" / "fuzz" / "offers"
ADA: Final = SessionRequest(presenter="ada", size=256)
ROLES: Final = ((True, True), (True, False), (False, True))
FRAGMENT: Final = (
    "a=ice-ufrag:EsAw\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\n"
    "a=mid:0\r\na=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host\r\n"
    "a=end-of-candidates\r\n"
)


def corpus() -> list[Path]:
    """Offers of browsers, and those that once did harm."""
    return sorted(CORPUS.glob("*.sdp"))


def text(path: Path) -> str:
    return path.read_bytes().decode("utf-8", "surrogateescape")


def verdict(offer: str, sees: bool = True, speaks: bool = True) -> tuple[str | None, float]:
    """The error's code, None if the offer is accepted, and how long that took."""
    start = time.perf_counter()
    try:
        check(candidates.usable(offer, private=True), sees=sees, speaks=speaks)
        code = None
    except VisavisError as error:
        code = error.code
    return code, 1000 * (time.perf_counter() - start)


def test_honest_offers_are_accepted(offer: str) -> None:
    assert verdict(offer)[0] is None
    assert verdict(text(CORPUS / "chromium.sdp"))[0] is None


@pytest.mark.parametrize("path", corpus(), ids=lambda it: it.name)
def test_the_corpus(path: Path) -> None:
    for sees, speaks in ROLES:
        code, took = verdict(text(path), sees, speaks)
        assert code is None or code in codes()
        assert took < SLOWEST_MS


@pytest.mark.timing
def test_changed_offers_are_accepted_or_refused(offer: str) -> None:
    mutator, honest = Mutator(1), [offer, text(CORPUS / "chromium.sdp")]
    heap.freeze()  # as a server does: a collection of all that tests hold takes 100 ms
    verdicts = [
        verdict(mutator.text(honest[n % 2])[: limits.SDP_BYTES], *ROLES[n % 3])
        for n in range(CHECKED)
    ]
    refused = [code for code, _ in verdicts if code is not None]
    slowest = max(took for _, took in verdicts)
    print(f"{len(refused)} of {CHECKED} refused, slowest {slowest:.1f} ms")
    assert set(refused) <= codes()
    assert 0.1 * CHECKED < len(refused) < 0.95 * CHECKED, "both must be met"
    assert slowest < SLOWEST_MS


def test_changed_fragments_are_read_or_refused() -> None:
    mutator, refused = Mutator(2), 0
    for _ in range(CHECKED):
        try:
            sdpfrag.read(mutator.text(FRAGMENT))
        except VisavisError as error:
            assert error.code in codes() and 400 <= error.status < 500
            refused += 1
    assert 0.1 * CHECKED < refused < 0.95 * CHECKED


async def negotiate(http: httpx.AsyncClient, offer: str) -> int:
    """A session, its offer, its end; the status that the offer was answered with."""
    session = (await http.post("/v1/sessions", json=ADA.model_dump())).json()["id"]
    path = f"/v1/sessions/{session}"
    answer = await http.post(f"{path}/offer", json={"type": "offer", "sdp": offer})
    assert answer.status_code == 200 or is_refusal(answer), answer.text
    await http.delete(path)
    return answer.status_code


@pytest.mark.e2e
async def test_the_corpus_is_negotiated(studio: Studio, offer: str) -> None:
    """One of them makes aiortc's `close` fail half-way: nothing may stay open for that."""
    async with serving(studio, Limits(sessions=4)) as server:
        await negotiate(server.http, offer)
        start = Snapshot.take()
        for path in corpus():
            await negotiate(server.http, text(path).encode(errors="replace").decode())
        await Snapshot.take().settles_to(start, 10)


@pytest.mark.e2e
@pytest.mark.timing
async def test_changed_offers_are_negotiated(studio: Studio, offer: str) -> None:
    """Through HTTP and aiortc, sockets and all; meanwhile the loop turns."""
    mutator, found = Mutator(3), list[int]()
    async with serving(studio, Limits(sessions=4)) as server:
        await negotiate(server.http, offer)
        start = Snapshot.take()
        async with stalls() as kept:
            for _ in range(NEGOTIATED):
                found.append(await negotiate(server.http, mutator.text(offer)))
        await until(lambda: len(server.sessions) == 0)
        await Snapshot.take().settles_to(start, 10)
        async with connected(server.url, Silence(), ADA) as talk:
            await until(lambda: talk.report().pictures > 5)
    accepted = found.count(200)
    print(f"{accepted} of {NEGOTIATED} answered, loop held {kept.longest_ms:.0f} ms at most")
    assert 0.05 * NEGOTIATED < accepted < 0.95 * NEGOTIATED
    assert kept.longest_ms < BLOCKED_MS
