"""STUN and TURN servers as headers: `Link: <turn:...>; rel="ice-server"; username=...`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from server.protocol import IceServer


def links(servers: Sequence[IceServer]) -> Iterator[str]:
    """The values of the Link headers, one for each address (RFC 9725, section 4.6)."""
    for server in servers:
        rights = ""
        if server.username is not None and server.credential is not None:
            rights = (
                f"; username={_quoted(server.username)}; credential={_quoted(server.credential)}"
                '; credential-type="password"'
            )
        for url in server.urls:
            yield f'<{url}>; rel="ice-server"{rights}'


def _quoted(text: str) -> str:
    """A quoted string (RFC 9110, section 5.6.4)."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
