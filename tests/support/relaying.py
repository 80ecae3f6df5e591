"""The relay's own process: forwards datagrams the way its orders say (see `relay`).

A process of its own, so that its timing does not depend on what the test's interpreter does.
It reads orders from its input and answers each on its output, one line of JSON at a time.
"""

from __future__ import annotations

import heapq
import itertools
import json
import random
import selectors
import socket
import sys
import time
from dataclasses import asdict, dataclass, field
from typing import Any, Final, TypeAlias

Address: TypeAlias = tuple[str, int]
HOST: Final = "127.0.0.1"
LARGEST: Final = 65_536
OVERTAKEN: Final = 0.02
"""Seconds by which a reordered datagram is held back: a packet of sound or some of a picture."""
MOST_WAITING: Final = 10_000
"""Datagrams that wait for their time; more than any test sends in a second."""
MOST_BACKS: Final = 16
"""Addresses of one client, each of which the server sees as another."""


@dataclass(frozen=True, slots=True)
class Weather:
    """What happens to datagrams in one direction. Seconds, shares, bits a second."""

    loss: float = 0.0
    burst: float = 1.0
    """Datagrams lost in a row, on average."""
    delay: float = 0.0
    jitter: float = 0.0
    """Added to the delay: evenly spread in -jitter..jitter. Order is kept."""
    reorder: float = 0.0
    """Share of datagrams that those of the next 20 ms overtake."""
    duplicate: float = 0.0
    rate: float | None = None
    queue: float = 0.3
    """Seconds that a datagram may wait because of `rate`; beyond that it is dropped."""
    cut: bool = False


@dataclass(slots=True)
class Count:
    """What has happened to datagrams in one direction."""

    came: int = 0
    bytes: int = 0
    """Of those that came."""
    passed: int = 0
    passed_bytes: int = 0
    lost: int = 0
    overflowed: int = 0
    cut: int = 0
    duplicated: int = 0
    reordered: int = 0


class Way:
    """One direction: decides for each datagram when it leaves, if at all."""

    def __init__(self, seed: int) -> None:
        self.weather = Weather()
        self.count = Count()
        self._random = random.Random(seed)  # noqa: S311
        self._losing = False
        self._free = 0.0
        self._newest = 0.0

    def times(self, now: float, size: int) -> list[float]:
        """When a datagram of `size` bytes that comes `now` leaves: never, once or twice."""
        weather, count = self.weather, self.count
        count.came += 1
        count.bytes += size
        if weather.cut:
            count.cut += 1
            return []
        if self._is_lost():
            count.lost += 1
            return []
        through = self._through(now, size)
        if through is None:
            count.overflowed += 1
            return []
        wander = self._random.uniform(-weather.jitter, weather.jitter)
        leaves = max(self._newest, through + max(0.0, weather.delay + wander))
        if self._random.random() < weather.reorder:
            count.reordered += 1
            leaves += OVERTAKEN
        else:
            self._newest = leaves
        copies = 1 + (self._random.random() < weather.duplicate)
        count.duplicated += copies - 1
        count.passed += copies
        count.passed_bytes += copies * size
        return [leaves] * copies

    def _is_lost(self) -> bool:
        """Two states, good and bad, after E. N. Gilbert (1960): mean share and mean length."""
        weather = self.weather
        if weather.loss >= 1:
            return True
        ends = 1 / max(1.0, weather.burst)
        begins = weather.loss * ends / (1 - weather.loss)
        if weather.burst <= 1:
            return self._random.random() < weather.loss
        self._losing = self._random.random() < (1 - ends if self._losing else begins)
        return self._losing

    def _through(self, now: float, size: int) -> float | None:
        """When it has passed the narrow place; None if the queue before that is full."""
        rate = self.weather.rate
        if rate is None:
            self._free = now
            return now
        begins = max(now, self._free)
        if begins - now > self.weather.queue:
            return None
        self._free = begins + 8 * size / rate
        return self._free


@dataclass(slots=True)
class Link:
    """The sockets between one client and the server.

    `front` faces the client. Each address of the client has a back of its own, so that
    the server's answers find their way; `spare` is the first, before anything came.
    """

    front: socket.socket
    spare: socket.socket | None
    server: Address | None = None
    severed: bool = False
    backs: dict[Address, socket.socket] = field(default_factory=dict)


class Forwarder:
    """All links, both ways, and the datagrams that wait for their time."""

    def __init__(self, seed: int) -> None:
        self.ways = {"up": Way(seed), "down": Way(seed + 1)}
        self._links: list[Link] = []
        self._waiting: list[tuple[float, int, socket.socket, bytes, Address]] = []
        self._order = itertools.count()
        self._selector = selectors.DefaultSelector()

    def run(self) -> None:
        """Forward and obey until the input ends."""
        orders = open(sys.stdin.fileno(), "rb", buffering=0)  # or what is buffered is not seen
        self._selector.register(orders, selectors.EVENT_READ)
        while True:
            pause = self._waiting[0][0] - time.monotonic() if self._waiting else None
            for key, _ in self._selector.select(pause if pause is None else max(0.0, pause)):
                if key.data is not None:
                    self._take(key.fileobj, *key.data)  # type: ignore[arg-type]
                elif not self._obey(orders.readline()):
                    return
            self._send_due()

    def _obey(self, line: bytes) -> bool:
        if not line:
            return False
        order: dict[str, Any] = json.loads(line)
        answer: dict[str, Any] = {}
        match order.pop("do"):
            case "link":
                answer = self._open()
            case "server":
                self._links[order["link"]].server = (order["host"], order["port"])
            case "sever":
                self._links[order["link"]].severed = True
            case "weather":
                self.ways[order["way"]].weather = Weather(**order["weather"])
            case "count":
                answer = {name: asdict(way.count) for name, way in self.ways.items()}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
        return True

    def _open(self) -> dict[str, int]:
        link, number = Link(_socket(), _socket()), len(self._links)
        self._links.append(link)
        self._selector.register(link.front, selectors.EVENT_READ, (link, None))
        assert link.spare is not None
        ports = link.front.getsockname()[1], link.spare.getsockname()[1]
        return {"link": number, "front": ports[0], "back": ports[1]}

    def _take(self, source: socket.socket, link: Link, client: Address | None) -> None:
        """Read all that waits at a socket; `client` is None where the client sends to."""
        while True:
            try:
                data, address = source.recvfrom(LARGEST)
            except BlockingIOError:
                return
            except ConnectionError:
                continue  # the far end has closed its socket
            now = time.monotonic()
            if link.severed:
                continue
            if client is not None:
                self._queue(self.ways["down"].times(now, len(data)), link.front, data, client)
            elif link.server is not None and (back := self._back(link, address)) is not None:
                self._queue(self.ways["up"].times(now, len(data)), back, data, link.server)

    def _back(self, link: Link, client: Address) -> socket.socket | None:
        if client not in link.backs:
            if len(link.backs) == MOST_BACKS:
                return None
            link.backs[client], link.spare = link.spare or _socket(), None
            self._selector.register(link.backs[client], selectors.EVENT_READ, (link, client))
        return link.backs[client]

    def _queue(self, times: list[float], out: socket.socket, data: bytes, to: Address) -> None:
        for leaves in times:
            if len(self._waiting) < MOST_WAITING:
                heapq.heappush(self._waiting, (leaves, next(self._order), out, data, to))

    def _send_due(self) -> None:
        now = time.monotonic()
        while self._waiting and self._waiting[0][0] <= now:
            _, _, out, data, to = heapq.heappop(self._waiting)
            try:
                out.sendto(data, to)
            except OSError:
                continue  # nobody listens there any more, or its buffer is full: lost


def _socket() -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind((HOST, 0))
    made.setblocking(False)
    return made


if __name__ == "__main__":
    Forwarder(int(sys.argv[1])).run()
