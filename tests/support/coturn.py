"""A real TURN server on this machine, with the secret `SECRET`."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

PROGRAM: Final = shutil.which("turnserver")
SECRET: Final = b"north"
READY_SECONDS: Final = 10.0


@contextmanager
def coturn(folder: Path) -> Iterator[int]:
    """Its UDP port, while the block runs; what it says is in `folder`/log."""
    assert PROGRAM is not None
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    options = [
        "-n", "--use-auth-secret", f"--static-auth-secret={SECRET.decode()}", "--realm=visavis",
        "--listening-ip=127.0.0.1", "--relay-ip=127.0.0.1", f"--listening-port={port}",
        "--no-tls", "--no-dtls", "--no-tcp", "--no-cli", "--allow-loopback-peers",
        "--relay-threads=1", "--log-file=stdout", "--simple-log",
        f"--pidfile={folder / 'pid'}", f"--db={folder / 'db'}",
    ]  # fmt: skip
    with (folder / "log").open("w") as output:
        process = subprocess.Popen([PROGRAM, *options], stdout=output, stderr=output)
        try:
            _wait_for(port)
            yield port
        finally:
            process.terminate()
            process.wait(10)


def _wait_for(port: int) -> None:
    """Until it answers a STUN binding request (RFC 8489, section 5)."""
    request = bytes.fromhex("000100002112a442") + b"twelve bytes"
    until = time.monotonic() + READY_SECONDS
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(0.2)
        asking.connect(("127.0.0.1", port))
        while time.monotonic() < until:
            with suppress(OSError):
                asking.send(request)
                asking.recv(2048)
                return
            time.sleep(0.05)
    raise RuntimeError("coturn did not start")
