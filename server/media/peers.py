"""Everybody who is connected with one session: its page, a publisher, viewers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

from engine.errors import OfferRefused, PublisherTaken, ServerFull, UnknownSession
from server import limits
from server.media.peer import Host, Line, Peer, Role
from server.protocol import Message


class Peers:
    """The connections of a session.

    Args:
        line: gives how the next connection is made.
        host: the session.
    """

    def __init__(self, line: Callable[[], Line], host: Host) -> None:
        self._line, self._host = line, host
        self._all: dict[str, Peer] = {}
        self._closing: set[asyncio.Task[None]] = set()

    def __iter__(self) -> Iterator[Peer]:
        return iter(tuple(self._all.values()))

    def __len__(self) -> int:
        return len(self._all)

    @property
    def page(self) -> Peer | None:
        """The page in the call: who connected last, or else who is to connect."""
        pages = [it for it in self if it.role is Role.PAGE]
        there = [it for it in pages if it.connected and not it.closed]
        return next(reversed(there or pages), None)

    @property
    def speaker(self) -> Peer | None:
        """Whose microphone is heard: two in one mouth cannot be understood."""
        speakers = [it for it in self if it.speaks and not it.closed]
        return next((it for it in speakers if it.role is Role.PUBLISHER), None) or next(
            iter(speakers), None
        )

    @property
    def filmed(self) -> Peer | None:
        """Whose camera is watched: a publisher's, or else the page's."""
        filming = [it for it in self if it.films and not it.closed]
        return next((it for it in filming if it.role is Role.PUBLISHER), None) or next(
            reversed(filming), None
        )

    def find(self, peer_id: str) -> Peer:
        """The one of that id (UnknownSession if it has left)."""
        peer = self._all.get(peer_id)
        if peer is None:
            raise UnknownSession("no such connection: it has ended; make another")
        return peer

    async def connect(self, role: Role, offer: str) -> Peer:
        """Answer an offer; a page that is there goes on until this one has connected.

        Raises:
            OfferRefused: it cannot be answered; who was there stays.
            PublisherTaken: somebody publishes already.
            ServerFull: as many watch as may.
        """
        peer = Peer(role, self._line(), self._host)
        self._admit(peer)
        try:
            await peer.connect(offer)
        except OfferRefused:
            await self._close(peer)
            raise
        if role is Role.PAGE:
            for other in self._others(peer):
                if not other.connected:
                    self.drop(other)
        return peer

    def replace(self, peer: Peer) -> None:
        """A page has connected: those before it go."""
        for other in self._others(peer):
            self.drop(other)

    def drop(self, peer: Peer) -> None:
        """End a connection, in the background."""
        if self._all.pop(peer.id, None) is None:
            return
        peer.leave()
        task = asyncio.create_task(peer.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def hang_up(self, peer_id: str) -> None:
        """End the connection of that id (UnknownSession if it has left)."""
        await self._close(self.find(peer_id))

    def send(self, message: Message) -> bool:
        """Tell the page; False if it could not be told."""
        page = self.page
        return page is None or page.send(message)

    async def close(self) -> None:
        """End all."""
        for peer in self:
            self.drop(peer)
        await asyncio.gather(*self._closing)

    async def _close(self, peer: Peer) -> None:
        self.drop(peer)
        await asyncio.gather(*self._closing)

    def _others(self, peer: Peer) -> list[Peer]:
        return [it for it in self if it.role is peer.role and it is not peer]

    def _admit(self, peer: Peer) -> None:
        role = peer.role
        if role is Role.PUBLISHER and any(it.role is role for it in self):
            raise PublisherTaken("somebody publishes to this session: wait until they end")
        if role is Role.VIEWER and sum(it.role is role for it in self) >= limits.VIEWERS:
            raise ServerFull(f"{limits.VIEWERS} watch this session already: try again later")
        self._all[peer.id] = peer
