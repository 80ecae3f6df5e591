"""The relay does what it is told, so a test that passes through it has met that weather."""

from __future__ import annotations

import itertools
import socket
import statistics
import time
from collections.abc import Iterator

import pytest

from tests.support.leaks import until
from tests.support.relay import CLEAR, CUT, Link, Relay
from tests.support.relaying import OVERTAKEN, Way, Weather

SECOND = 1.0


def way(weather: Weather, seed: int = 1) -> Way:
    made = Way(seed)
    made.weather = weather
    return made


def passed(through: Way, count: int, *, every: float = 0.001, size: int = 100) -> list[list[float]]:
    return [through.times(n * every, size) for n in range(count)]


def test_clear_weather_changes_nothing() -> None:
    assert passed(way(CLEAR), 3) == [[0.0], [0.001], [0.002]]


@pytest.mark.parametrize("share", [0.01, 0.05, 0.2])
def test_as_much_is_lost_as_asked(share: float) -> None:
    through = way(Weather(loss=share))
    passed(through, 20_000)
    assert through.count.lost / 20_000 == pytest.approx(share, rel=0.2)
    assert through.count.passed + through.count.lost == through.count.came == 20_000


def test_losses_come_in_bursts() -> None:
    times = passed(way(Weather(loss=0.05, burst=10)), 50_000)
    runs = [len(list(run)) for lost, run in itertools.groupby(not it for it in times) if lost]
    assert sum(runs) / 50_000 == pytest.approx(0.05, rel=0.3)
    assert statistics.mean(runs) == pytest.approx(10, rel=0.3)


def test_jitter_keeps_the_order_and_stays_in_its_bounds() -> None:
    times = [it[0] for it in passed(way(Weather(delay=0.05, jitter=0.03)), 500, every=0.02)]
    assert times == sorted(times)
    waits = [leaves - n * 0.02 for n, leaves in enumerate(times)]
    assert 0.02 <= min(waits) < 0.03 and 0.07 < max(waits) <= 0.08


def test_some_are_overtaken_and_some_come_twice() -> None:
    through = way(Weather(reorder=0.02, duplicate=0.01))
    times = passed(through, 10_000)
    late = [n for n, it in enumerate(times) if it[0] == pytest.approx(n * 0.001 + OVERTAKEN)]
    assert len(late) == through.count.reordered == pytest.approx(200, rel=0.3)
    assert sum(len(it) == 2 for it in times) == through.count.duplicated
    assert through.count.duplicated == pytest.approx(100, rel=0.4)


def test_a_narrow_link_passes_its_rate_and_drops_the_rest() -> None:
    through = way(Weather(rate=300_000, queue=0.3))
    times = passed(through, 1_000, size=125)  # a megabit a second
    out = [it[0] for it in times if it]
    assert through.count.passed_bytes * 8 / out[-1] == pytest.approx(300_000, rel=0.02)
    assert through.count.overflowed > 500
    waits = [it[0] - n * 0.001 for n, it in enumerate(times) if it]
    assert max(waits) == pytest.approx(0.3, abs=0.01)


def test_the_same_seed_is_the_same_weather() -> None:
    weather = Weather(loss=0.1, jitter=0.01, delay=0.02, reorder=0.1, duplicate=0.1)
    one, same, other = (passed(way(weather, seed), 500) for seed in (1, 1, 2))
    assert one == same != other


@pytest.fixture
def relay() -> Iterator[Relay]:
    with Relay(7) as running:
        yield running


@pytest.fixture
def ends(relay: Relay) -> Iterator[tuple[Link, socket.socket, socket.socket]]:
    """A link, the client's socket and the server's."""
    link = relay.link()
    with (
        socket.socket(type=socket.SOCK_DGRAM) as client,
        socket.socket(type=socket.SOCK_DGRAM) as server,
    ):
        for end in (client, server):
            end.bind(("127.0.0.1", 0))
            end.settimeout(SECOND)
        relay.lead(link, *server.getsockname())
        yield link, client, server


def test_datagrams_go_both_ways_and_are_delayed(
    relay: Relay, ends: tuple[Link, socket.socket, socket.socket]
) -> None:
    link, client, server = ends
    relay.weather(up=Weather(delay=0.05))
    waits = []
    for _ in range(20):
        start = time.monotonic()
        client.sendto(b"up", ("127.0.0.1", link.front))
        data, back = server.recvfrom(100)
        waits.append(time.monotonic() - start)
        assert (data, back[1]) == (b"up", link.back)
        server.sendto(b"down", back)
        assert client.recvfrom(100) == (b"down", ("127.0.0.1", link.front))
    assert min(waits) >= 0.05
    assert statistics.median(waits) < 0.052
    assert relay.counts()["up"].passed == relay.counts()["down"].passed == 20


async def test_a_cut_lets_nothing_through_and_heals(
    relay: Relay, ends: tuple[Link, socket.socket, socket.socket]
) -> None:
    link, client, server = ends
    relay.weather(CUT)
    client.sendto(b"lost", ("127.0.0.1", link.front))
    await until(lambda: relay.counts()["up"].cut == 1)
    relay.weather(CLEAR)
    client.sendto(b"found", ("127.0.0.1", link.front))
    assert server.recv(100) == b"found"


def test_each_address_of_a_client_gets_its_own_answers(
    ends: tuple[Link, socket.socket, socket.socket],
) -> None:
    link, client, server = ends
    with socket.socket(type=socket.SOCK_DGRAM) as other:
        other.settimeout(SECOND)
        for n, end in enumerate((client, other)):
            end.sendto(bytes([n]), ("127.0.0.1", link.front))
            data, back = server.recvfrom(100)
            server.sendto(data + b"!", back)
            assert end.recv(100) == bytes([n]) + b"!"


def test_descriptions_name_the_relay(relay: Relay) -> None:
    link = relay.link()
    offer = (
        "v=0\r\nm=audio 9 X\r\na=candidate:7 1 udp 99 192.0.2.1 5000 typ host\r\n"
        "a=candidate:8 1 tcp 98 192.0.2.1 9 typ host tcptype active\r\na=end-of-candidates\r\n"
        "m=application 9 X\r\na=mid:1\r\n"
    )
    moved = link.offer(offer)
    assert "192.0.2.1" not in moved
    assert moved.count("a=candidate:") == 1
    assert f"a=candidate:1 1 udp 99 127.0.0.1 {link.back} typ host\r\na=end-of" in moved
    assert f"127.0.0.1 {link.front} typ host" in link.answer(offer)
