"""Run the server on this machine until it is told to stop."""

from __future__ import annotations

import ipaddress
import logging
import signal
import socket
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Final

import uvicorn

from engine.clock import MonotonicClock
from engine.errors import DeviceError
from engine.scheduler import Pool
from engine.studio import Studio
from server.app import create_app
from server.limits import Limits
from server.protocol import IceServer

DEFAULT_PORT: Final = 8080
LOCAL_NAMES: Final = ("localhost", "127.0.0.1", "::1")
OPEN: Final = (
    "{} is open to other machines, and there is no encryption and no login: "
    "use 127.0.0.1 behind a proxy, or allow it with --insecure-open"
)
DRAIN_SECONDS: Final = 3
"""For requests that are being answered when the server is told to stop."""


def serve(
    host: str = "127.0.0.1",
    port: int = DEFAULT_PORT,
    *,
    bundle: Path | None = None,
    web: Path | None = None,
    limits: Limits | None = None,
    ice_servers: Sequence[IceServer] = (),
    ice_host: str | None = None,
    hosts: Collection[str] = (),
    insecure_open: bool = False,
    say: Callable[[str], None] = print,
) -> None:
    """Serve until SIGINT or SIGTERM, then end all sessions and return.

    Args:
        host: address to listen on.
        port: TCP port; 0 takes a free one.
        bundle: folder of a bundle; the built-in one when left out.
        web: folder of the page.
        limits: how many sessions, how large bodies, how long.
        ice_servers: STUN and TURN servers for both ends.
        ice_host: the only local address to offer to pages.
        hosts: further names under which pages may address the server (of a proxy).
        insecure_open: listen on an address that others reach, though there is no
            encryption and everybody may open sessions.
        say: gets the line that tells the address.

    Raises:
        DeviceError: the port is taken or the address is not this machine's; or it is
            open to others and `insecure_open` was not given.
        BundleError: the bundle cannot be loaded.
    """
    local = _is_local(host)
    if not local and not insecure_open:
        raise DeviceError(OPEN.format(host))
    limits = limits or Limits()
    with _listen(host, port) as listener:
        address, taken = listener.getsockname()[:2]
        studio = Studio.open(bundle)
        pool = Pool()
        try:
            app = create_app(
                studio,
                pool,
                MonotonicClock(),
                limits,
                web=web,
                ice_servers=ice_servers,
                ice_host=ice_host,
                hosts={*LOCAL_NAMES, host, *hosts} if local else hosts,
            )
            shown = f"[{address}]" if ":" in address else address
            line = f"Visavis: http://{shown}:{taken}/ ({limits.sessions} sessions; Ctrl+C ends it)"
            _run(app, listener, lambda: say(line))
        finally:
            pool.close()
            studio.close()


class _Server(uvicorn.Server):
    """Says that it is there once it can be stopped in order."""

    def __init__(self, config: uvicorn.Config, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._tell_started = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._tell_started()


def _run(app: Callable[..., object], listener: socket.socket, started: Callable[[], None]) -> None:
    """Uvicorn raises the signal that ended it once more: that must not end the process."""
    config = uvicorn.Config(
        app,
        log_level=logging.WARNING,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=DRAIN_SECONDS,
        ws="none",
    )
    before = {it: signal.signal(it, lambda *_: None) for it in (signal.SIGINT, signal.SIGTERM)}
    try:
        _Server(config, started).run(sockets=[listener])
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket; callers can connect from now on, though they wait a moment."""
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise DeviceError(f"{host} is no address of this machine: use 127.0.0.1") from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise DeviceError(
            f"port {port} of {host} cannot be used ({error.strerror}): "
            "another server may run there; choose another with --port"
        ) from error
    return listener
