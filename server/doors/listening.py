"""Where the server listens, and what it must have before others can reach it."""

from __future__ import annotations

import ipaddress
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine.errors import DeviceError

LOCAL_NAMES: Final = frozenset({"localhost", "127.0.0.1", "::1"})
UNGUARDED: Final = (
    "others can reach the server {}: give it a secret with --secret-file, "
    "and make tokens for them with 'visavis token'"
)
UNENCRYPTED: Final = (
    "{} is open to other machines: add --tls-cert and --tls-key, or put a proxy that "
    "encrypts in front and add --behind-proxy"
)


@dataclass(frozen=True, slots=True)
class Tls:
    """What the server proves its name with; PEM files.

    Raises:
        DeviceError: they cannot be read or do not belong together.
    """

    certificate: Path
    key: Path

    def __post_init__(self) -> None:
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(
                self.certificate, self.key, password=lambda: ""
            )
        except (OSError, ssl.SSLError) as error:
            raise DeviceError(
                "the certificate and its key cannot be used: both must be PEM files, belong "
                "together, and the key must have no password"
            ) from error


def is_beyond(host: str, *, secret: bool, tls: bool, behind_proxy: bool) -> bool:
    """Whether others than this machine's people will reach a server on `host`.

    Raises:
        DeviceError: they will, and it has no secret, or nothing encrypts.
    """
    local = _is_local(host)
    if local and not behind_proxy:
        return False
    if not secret:
        raise DeviceError(UNGUARDED.format("through the proxy" if local else f"on {host}"))
    if not (tls or behind_proxy):
        raise DeviceError(UNENCRYPTED.format(host))
    return True


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; callers can connect from now on, though they wait a moment.

    Raises:
        DeviceError: the address is not this machine's, or the port is taken.
    """
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


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
