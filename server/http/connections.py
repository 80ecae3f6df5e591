"""What WHIP and WHEP need of the sessions behind them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from server.doors.tokens import Grant
from server.protocol import IceServer


class Connection(Protocol):
    """One answered offer."""

    @property
    def id(self) -> str:
        """Random, not to be guessed."""

    @property
    def answer(self) -> str:
        """Session description (SDP) with all of our candidates."""

    async def trickle(self, candidate: str, mid: str | None, /) -> None:
        """Take one more address of the other end, `candidate:...`, for the medium of that name."""


class Session(Protocol):
    """A face, and everybody who is connected with it."""

    @property
    def ice_servers(self) -> Sequence[IceServer]:
        """STUN and TURN servers for the other end."""

    async def publish(self, offer: str, /) -> Connection:
        """Take sound and camera.

        Raises:
            OfferRefused: it cannot be answered.
            PublisherTaken: somebody else publishes.
        """

    async def watch(self, offer: str, /) -> Connection:
        """Give picture and sound.

        Raises:
            OfferRefused: it cannot be answered.
            ServerFull: too many watch.
        """

    def connection(self, connection_id: str, /) -> Connection:
        """The one of that id.

        Raises:
            UnknownSession: it has ended, or never was.
        """

    async def hang_up(self, connection_id: str, /) -> None:
        """End the one of that id.

        Raises:
            UnknownSession: it has ended, or never was.
        """


class Sessions(Protocol):
    """All sessions of a server."""

    @property
    def closed(self) -> bool:
        """Whether the server is stopping."""

    def find(self, session_id: str, grant: Grant, /) -> Session:
        """The one of that id, for whom it was opened.

        Raises:
            UnknownSession: it has ended, or never was, or somebody else opened it.
        """
