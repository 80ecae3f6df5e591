"""A bad network between a caller and the server: a relay for UDP that a test gives orders.

    caller  <->  front | relay | back  <->  server

The relay stands between them because offer and answer name its addresses in place of theirs
(`Link.offer`, `Link.answer`). No rights are needed, and nothing leaves the loopback interface.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Self

import httpx
from playwright.sync_api import Page, Route

from client import requests
from client.call import CONNECT_SECONDS, Conversation
from client.devices import Voice
from server.protocol import SessionRequest
from tests.support.relaying import HOST, Count, Weather

CLEAR: Final = Weather()
CUT: Final = Weather(cut=True)
ROOT: Final = Path(__file__).parents[2]
CANDIDATE: Final = re.compile(
    r"^a=candidate:\S+ 1 udp (?P<priority>\d+) (?P<host>\S+) (?P<port>\d+) typ \w+[^\r\n]*",
    re.IGNORECASE | re.MULTILINE,
)
ANY_CANDIDATE: Final = re.compile(r"^a=candidate:[^\n]*\n", re.MULTILINE)


class Relay:
    """A relay in a process of its own; a context manager.

    Args:
        seed: the same seed and the same datagrams meet the same weather.
    """

    def __init__(self, seed: int = 0) -> None:
        command = [sys.executable, "-m", "tests.support.relaying", str(seed)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self.close()

    def weather(
        self, both: Weather | None = None, *, up: Weather = CLEAR, down: Weather = CLEAR
    ) -> None:
        """Change it, from the next datagram on; what is not named becomes clear.

        Args:
            both: both ways.
            up: caller to server only.
            down: server to caller only.
        """
        for way, weather in (("up", both or up), ("down", both or down)):
            self._order("weather", way=way, weather=asdict(weather))

    def counts(self) -> dict[str, Count]:
        """What has happened until now, by way: `up` and `down`."""
        return {way: Count(**counted) for way, counted in self._order("count").items()}

    def link(self) -> Link:
        """A way for one caller."""
        made = self._order("link")
        return Link(self, made["link"], made["front"], made["back"])

    def lead(self, link: Link, host: str, port: int) -> None:
        """Tell where the server of a link is."""
        self._order("server", link=link.number, host=host, port=port)

    def sever(self, link: Link) -> None:
        """Let nothing of one link through any more, as when its caller is killed."""
        self._order("sever", link=link.number)

    def close(self) -> None:
        """End the process; what waits in it is lost."""
        assert self._process.stdin is not None and self._process.stdout is not None
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.wait(5)
        self._process.stdout.close()

    def _order(self, what: str, **details: Any) -> dict[str, Any]:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write((json.dumps({"do": what, **details}) + "\n").encode())
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer


@dataclass(frozen=True, slots=True)
class Link:
    """Where the relay is, for one caller and the server."""

    relay: Relay
    number: int
    front: int
    back: int

    def offer(self, sdp: str) -> str:
        """The caller's offer as the server shall see it: the relay's address in it."""
        return _moved(sdp, self.back)

    def answer(self, sdp: str) -> str:
        """The server's answer as the caller shall see it."""
        found = CANDIDATE.search(sdp)
        assert found is not None, "an answer without an address"
        self.relay.lead(self, found["host"], int(found["port"]))
        return _moved(sdp, self.front)


def _moved(sdp: str, port: int) -> str:
    """The same description with one candidate in each section that had some: the relay's."""
    sections = re.split(r"(?=^m=)", sdp, flags=re.MULTILINE)
    return "".join(_moved_section(section, port) for section in sections)


def _moved_section(section: str, port: int) -> str:
    found = CANDIDATE.search(section)
    rest = ANY_CANDIDATE.sub("", section)
    if found is None and rest == section:
        return section
    priority = found["priority"] if found else 2_130_706_431
    line = f"a=candidate:1 1 udp {priority} {HOST} {port} typ host\r\n"
    head, end, tail = rest.partition("a=end-of-candidates")
    return head + line + end + tail


@asynccontextmanager
async def connected_through(
    relay: Relay, url: str, voice: Voice, settings: SessionRequest
) -> AsyncIterator[Conversation]:
    """As `client.call.connected`, with the relay between the two."""
    async with httpx.AsyncClient(base_url=url, timeout=CONNECT_SECONDS) as http:
        session = await requests.create(http, settings, None)
        conversation, link = Conversation(session, voice), relay.link()
        try:
            offer = link.offer(await conversation.offer())
            answer = await requests.exchange(http, session.id, offer)
            await conversation.take(link.answer(answer))
            yield conversation
        finally:
            await conversation.close()
            with suppress(httpx.HTTPError):
                await http.delete(f"/v1/sessions/{session.id}")


def lead_page(page: Page, relay: Relay) -> None:
    """Put the relay between a page and the server: its offers and their answers are changed."""

    def exchange(route: Route) -> None:
        link = relay.link()
        body: dict[str, Any] = route.request.post_data_json or {}
        answer = route.fetch(post_data=json.dumps({**body, "sdp": link.offer(body["sdp"])}))
        if not answer.ok:
            route.fulfill(response=answer)
            return
        given = answer.json()
        route.fulfill(response=answer, json={**given, "sdp": link.answer(given["sdp"])})

    page.route(re.compile(r"/v1/sessions/[^/]+/offer$"), exchange)
