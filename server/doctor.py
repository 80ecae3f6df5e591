"""What of this machine Visavis can use, and what to install for the rest."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from engine.backends.available import Available
from engine.errors import VisavisError
from engine.studio import Studio
from server.limits import Limits


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: is it there, what about it, and can one do without?"""

    what: str
    ok: bool
    detail: str
    optional: bool = False


def findings(cache: Path, port: int = 8080) -> list[Finding]:
    """Look at everything; takes about a second.

    Args:
        cache: folder of what was compiled for this machine's GPU.
        port: which one should be free.
    """
    return [
        Finding("python", sys.version_info >= (3, 11), sys.version.split()[0]),
        Finding("cores", True, f"{os.cpu_count()}, up to {Limits().sessions} sessions"),
        _try("bundle", _bundle),
        _try("tensorrt", lambda: Available(cache).tensorrt().describe(), optional=True),
        _try("cuda", lambda: Available(cache).cuda().describe(), optional=True),
        _try("photographs", _photographs, optional=True),
        _try("microphone", _microphone, optional=True),
        _try(f"port {port}", lambda: _port(port), optional=True),
    ]


def _try(what: str, look: Callable[[], str], optional: bool = False) -> Finding:
    try:
        return Finding(what, True, look(), optional)
    except VisavisError as error:
        return Finding(what, False, error.message, optional)
    except (ImportError, OSError) as error:
        return Finding(what, False, str(error), optional)


def _bundle() -> str:
    studio = Studio.open(live=True)
    return f"{studio.manifest.name}, {len(studio.presenters)} presenters, by {studio.drawn_by}"


def _photographs() -> str:
    studio = Studio.open()
    studio.check_tracker()
    studio.close()
    return "portraits can be uploaded"


def _microphone() -> str:
    try:
        import sounddevice
    except ImportError as error:
        raise ImportError(
            "`visavis call --microphone` needs it: pip install 'visavis[client]'"
        ) from error
    except OSError as error:
        raise OSError("PortAudio is missing: apt-get install libportaudio2") from error
    if not any(device["max_input_channels"] for device in sounddevice.query_devices()):
        raise OSError("no microphone is connected to this machine (a browser's is not needed here)")
    return "there is one"


def _port(port: int) -> str:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise OSError("taken; use `visavis serve --port` with another") from error
    return "free"
