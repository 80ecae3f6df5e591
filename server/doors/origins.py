"""Whose page asks: the names of this server, and the sites whose pages may use it."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import Scope

from engine.errors import DeviceError
from server.http.faults import Foreign

ORIGIN: Final = re.compile(r"(https?)://([a-z0-9.-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?", re.ASCII)
DEFAULT_PORTS: Final = {"http": ":80", "ws": ":80", "https": ":443", "wss": ":443"}
EXPOSED: Final = {"Access-Control-Expose-Headers": "location, etag, link, retry-after"}
PREFLIGHT: Final = {
    "Access-Control-Allow-Methods": "GET, POST, PUT, PATCH, DELETE",
    "Access-Control-Allow-Headers": "authorization, content-type, if-match",
    "Access-Control-Max-Age": "600",
}


class Origins:
    """Pages of this server, and of the sites that are named.

    Args:
        hosts: names under which the server may be addressed (a page elsewhere that
            points its own name at this machine has another); empty means any.
        allowed: origins of other sites, as `https://example.org`.

    Raises:
        DeviceError: one of `allowed` is no origin.
    """

    def __init__(self, hosts: Collection[str] = (), allowed: Collection[str] = ()) -> None:
        for it in allowed:
            if not ORIGIN.fullmatch(it):
                raise DeviceError(f"{it} is no origin: write it as https://example.org")
        self._hosts = frozenset(host.lower() for host in hosts)
        self._allowed = frozenset(allowed)

    def check(self, scope: Scope) -> Mapping[str, str]:
        """Headers that the answer to an HTTP or WebSocket request needs.

        Raises:
            Foreign: it names another host, or comes from a page of another site.
        """
        headers = Headers(scope=scope)
        host = headers.get("host", "").lower()
        if self._hosts and _name(host) not in self._hosts:
            raise Foreign("this server is not reached under that name")
        vary = {"Vary": "Origin"} if self._allowed else {}
        origins = headers.getlist("origin")
        if not origins:
            return vary
        if len(origins) == 1 and origins[0] in self._allowed:
            return {**vary, **EXPOSED, "Access-Control-Allow-Origin": origins[0]}
        if len(origins) > 1 or not _is_own(origins[0], scope["scheme"], host):
            raise Foreign("only this server's own page may do that")
        return vary


def is_preflight(scope: Scope) -> bool:
    """Whether a browser asks what a page of another site may send."""
    if scope["type"] != "http" or scope["method"] != "OPTIONS":
        return False
    headers = Headers(scope=scope)
    return "origin" in headers and "access-control-request-method" in headers


def _is_own(origin: str, scheme: str, host: str) -> bool:
    """Whether a page of that origin came from `host`.

    A proxy may have taken the encryption off, so that a page of https reaches us over
    http; the other way round it is a page that somebody on the way may have written.
    """
    found = ORIGIN.fullmatch(origin.lower())
    if found is None or (scheme in ("https", "wss") and found[1] != "https"):
        return False
    own = host.removesuffix(DEFAULT_PORTS[scheme]).removesuffix(DEFAULT_PORTS[found[1]])
    return own == (found[2] + (found[3] or "")).removesuffix(DEFAULT_PORTS[found[1]])


def _name(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None
