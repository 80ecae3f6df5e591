"""Sound files are decoded in a process of their own, with little memory and little time.

What strangers send goes through a large library written in C. A file of 5 kB can make it ask
for gigabytes, and a fault in it ends its process: that must not be the one in which
everybody's sessions live. Their pictures do not wait for it either.
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Final

import numpy as np

from engine.errors import SoundEmpty, SoundError, SoundTooLong, SoundUnreadable
from engine.types import Samples
from server import limits
from server.voice.sounds import UNREADABLE, read_sound

REFUSALS: Final = {leaf.code: leaf for leaf in (SoundEmpty, SoundTooLong, SoundUnreadable)}
PASSED_ON: Final = ("LD_LIBRARY_PATH", "PATH", "SYSTEMROOT")
REFUSED: Final = 3
"""Exit status of a file that was refused; why is in what the process wrote."""


def decode(data: bytes) -> Samples:
    """The sound of a file, 48 kHz mono, int16 [n]. Waits for the process: a third of a second.

    Raises:
        SoundError: one of its leaves.
    """
    # Nothing else of our environment: there may be a secret in it.
    environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    environment["PYTHONPATH"] = os.pathsep.join(path or os.curdir for path in sys.path)
    environment["OPENBLAS_NUM_THREADS"] = "1"  # each thread would cost address space
    try:
        done = subprocess.run(  # noqa: S603 (nothing of it comes from outside)
            [sys.executable, "-m", "server.voice.decoding"],
            input=data,
            capture_output=True,
            timeout=limits.SPEECH_DECODE_SECONDS,
            env=environment,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise SoundTooLong("this file takes too long to decode: send it as WAV") from None
    if done.returncode == 0:
        return np.frombuffer(done.stdout, np.int16)
    if done.returncode == REFUSED:
        code, _, message = done.stderr.decode().rstrip().partition(" ")
        raise REFUSALS.get(code, SoundUnreadable)(message)
    raise SoundUnreadable(UNREADABLE)  # it asked for too much, or broke the decoder


def main() -> None:
    """In the process: sound file in, samples out."""
    _restrict()
    try:
        samples = read_sound(sys.stdin.buffer.read())
    except SoundError as error:
        print(error.code, error.message, file=sys.stderr)
        sys.exit(REFUSED)
    sys.stdout.buffer.write(samples.tobytes())


def _restrict() -> None:
    """Be slow rather than in the way; get no more memory and time than an honest file needs."""
    if sys.platform != "linux":
        return
    import resource

    os.nice(10)
    with open("/proc/self/statm", encoding="ascii") as file:
        used = int(file.read().split()[0]) * resource.getpagesize()
    most = used + limits.SPEECH_DECODE_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    seconds = int(limits.SPEECH_DECODE_SECONDS) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))


if __name__ == "__main__":
    main()
