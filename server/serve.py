"""Run the server on this machine until it is told to stop, then let its sessions finish."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any, Final

import uvicorn

from engine.clock import MonotonicClock
from engine.errors import BackendError
from engine.mark import Mark, badge
from engine.render_processes import RenderProcesses
from engine.scheduler import Pool
from engine.studio import Backends, Studio, on_cpu
from server import heap
from server import limits as fixed
from server.app import create_app
from server.doors.doors import Doors
from server.doors.listening import LOCAL_NAMES, Tls, is_beyond, listen
from server.doors.protocols import ImpatientHttp, RefusableSocket
from server.limits import Limits
from server.looks import Looks
from server.sessions import Sessions

DEFAULT_PORT: Final = 8080


def serve(
    host: str = "127.0.0.1",
    port: int = DEFAULT_PORT,
    *,
    bundle: Path | None = None,
    backends: Backends = on_cpu,
    web: Path | None = None,
    limits: Limits | None = None,
    ice_host: str | None = None,
    doors: Doors | None = None,
    tls: Tls | None = None,
    behind_proxy: bool = False,
    proxies: Sequence[str] = ("127.0.0.1", "::1"),
    vp8_only: bool = False,
    mark: Mark = badge,
    looks: Path | None = None,
    say: Callable[[str], None] = print,
) -> None:
    """Serve until SIGINT or SIGTERM, then take no more sessions and end with the last one.

    A second signal ends the process at once.

    Args:
        host: address to listen on.
        port: TCP port; 0 takes a free one.
        bundle: folder of a bundle; the built-in one when left out.
        backends: what may run its graphs, best first.
        web: folder of the page.
        limits: how many sessions, how large bodies, how long.
        ice_host: the only local address to offer to pages.
        doors: who may come in; `hosts` are further names, `beyond` is found out here.
        tls: encrypt with this certificate.
        behind_proxy: a proxy encrypts, and tells who asks (X-Forwarded-For, -Proto).
        proxies: addresses and networks of proxies that are believed.
        vp8_only: never encode H.264; then there are no recordings.
        mark: what is done to every picture before it leaves.
        looks: file that keeps people's looks; without one they end with the server.
        say: gets the line that tells the address, and why a backend is not used.

    Raises:
        DeviceError: the port is taken or the address is not this machine's; or others
            can reach it, and it has no secret, or nothing encrypts.
        BundleError: the bundle cannot be loaded.
    """
    doors, limits = doors or Doors(), limits or Limits()
    beyond = is_beyond(
        host, secret=doors.tokens is not None, tls=tls is not None, behind_proxy=behind_proxy
    )
    if doors.hosts or not beyond:
        # A foreign page that points its own name at this machine has another one.
        doors = replace(doors, hosts=doors.hosts | LOCAL_NAMES | {host})
    heap.share_arenas()
    with listen(host, port) as listener:
        address, taken = listener.getsockname()[:2]
        studio = Studio.open(bundle, live=True, backends=backends, say=say)
        pool, trimmer = Pool(), heap.Trimmer()
        processes = _processes(studio, say)
        server = None
        try:
            app = create_app(
                studio,
                pool,
                MonotonicClock(),
                limits,
                web=web,
                ice_host=ice_host,
                doors=replace(doors, beyond=beyond),
                vp8_only=vp8_only,
                mark=mark,
                looks=Looks(looks),
                processes=processes,
            )
            shown = f"[{address}]" if ":" in address else address
            line = (
                f"Visavis: http{'s' if tls else ''}://{shown}:{taken}/ "
                f"({limits.sessions} sessions, {studio.backend}; Ctrl+C ends it)"
            )
            config = configured(app, tls=tls, proxies=proxies if behind_proxy else ())
            server = Server(config, app.state.sessions, limits.drain_seconds, say, line)
            app.state.sessions.on_ended = trimmer.ask
            heap.freeze()
            if processes is not None:
                processes.wait()
            server.run(sockets=[listener])
        finally:
            pool.close()
            if processes is not None:
                processes.close()
            studio.close()
            trimmer.close()
            if server is not None:
                server.gone()


def _processes(studio: Studio, say: Callable[[str], None]) -> RenderProcesses | None:
    """Those that draw for a bundle, one a core; None where threads do it."""
    if not studio.portable:
        return None
    try:
        return RenderProcesses(os.cpu_count() or 1)
    except BackendError as error:
        say(error.message)
        return None


def configured(
    app: Callable[..., Any], *, tls: Tls | None = None, proxies: Sequence[str] = ()
) -> uvicorn.Config:
    """How uvicorn is to serve an application.

    Compression of WebSockets stays off: sound in PCM does not get smaller, and what is
    small as it comes cannot be large when it is unpacked.
    """
    return uvicorn.Config(
        app,
        loop="asyncio",  # uvloop knows nothing of how our sockets are read
        http=ImpatientHttp,
        h11_max_incomplete_event_size=fixed.HEADER_BYTES,
        limit_concurrency=fixed.CONNECTIONS,
        ws=RefusableSocket,
        ws_max_size=fixed.SOCKET_MESSAGE_BYTES,
        ws_ping_interval=fixed.SOCKET_PING_SECONDS,
        ws_ping_timeout=fixed.SOCKET_PING_SECONDS,
        ws_per_message_deflate=False,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=list(proxies),
        ssl_certfile=tls.certificate if tls else None,
        ssl_keyfile=tls.key if tls else None,
        log_level=logging.WARNING,
        access_log=False,  # addresses name sessions
        server_header=False,
        timeout_graceful_shutdown=fixed.ANSWER_SECONDS,
    )


class Server(uvicorn.Server):
    """Says where it is, and ends in order.

    Args:
        config: of uvicorn.
        sessions: whose end is waited for.
        drain_seconds: for so long.
        say: gets what somebody in front of it should read.
        line: what is said once the server can be stopped in order.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        sessions: Sessions,
        drain_seconds: float,
        say: Callable[[str], None],
        line: str,
    ) -> None:
        super().__init__(config)
        self._sessions, self._drain_seconds = sessions, drain_seconds
        self._say, self._line = say, line
        self._loop: asyncio.AbstractEventLoop | None = None
        self._draining: asyncio.Task[None] | None = None
        self._signals = 0
        self._watchdogs: list[threading.Timer] = []

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to serve."""
        await super().startup(sockets)
        self._loop = asyncio.get_running_loop()
        self._say(self._line)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Take a signal: the first asks to finish, the second ends."""
        self._signals += 1
        if self._loop is None or self._signals > 1:
            self._end_within(fixed.FORCED_END_SECONDS)
        else:
            self._loop.call_soon_threadsafe(self._begin_to_drain)

    def gone(self) -> None:
        """Everything is closed: nobody has to be put an end to."""
        for watchdog in self._watchdogs:
            watchdog.cancel()

    def _begin_to_drain(self) -> None:
        self._draining = asyncio.create_task(self._drain())

    async def _drain(self) -> None:
        finishing = asyncio.create_task(self._sessions.drain())
        await asyncio.sleep(0)  # those that nobody is connected with are gone now
        if not finishing.done() and len(self._sessions):
            self._say(
                f"Visavis: ends when its calls have ended ({len(self._sessions)}), or in "
                f"{self._drain_seconds:g} s; Ctrl+C again ends it at once"
            )
        try:
            async with asyncio.timeout(self._drain_seconds):
                await finishing
        except TimeoutError:
            pass  # closing ends the sessions that are left
        finally:
            self._end_within(fixed.END_SECONDS)

    def _end_within(self, seconds: float) -> None:
        """Leave the main loop; should anything be stuck, the process ends all the same."""
        self.should_exit = True
        watchdog = threading.Timer(seconds, os._exit, [1])
        watchdog.daemon = True
        watchdog.start()
        self._watchdogs.append(watchdog)
