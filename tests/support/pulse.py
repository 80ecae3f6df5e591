"""A sound server of a test's own, with a microphone and a speaker that are files to it.

PulseAudio with two sinks that nobody hears: `room`, whose monitor is the microphone, and
`ears`, which is the speaker. PortAudio reaches it through ALSA's plugin, as on a Debian
machine.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Final

import numpy as np
import pytest

from engine.types import SOUND_RATE, Floats, Samples, floats

PACKAGE: Final = "pulseaudio"
"""Brings its tools and ALSA's plugin along."""
PLUGIN: Final = "libasound_module_pcm_pulse.so"
START_SECONDS: Final = 10.0
ASOUNDRC: Final = "pcm.!default { type pulse }\nctl.!default { type pulse }\n"
RAW: Final = (f"--rate={SOUND_RATE}", "--channels=1", "--format=s16le", "--latency-msec=10")


@dataclass(frozen=True)
class Heard:
    """Sound of a sink, and when it was there."""

    samples: Samples
    began: float
    """When the first sample came, monotonic seconds."""

    @property
    def floats(self) -> Floats:
        return floats(self.samples) / np.float32(32_768)


class Ear:
    """Listens to a sink until it is told to stop."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._pieces: list[bytes] = []
        self._began = float("inf")
        self._reading = Thread(target=self._read, daemon=True)
        self._reading.start()

    def stop(self) -> Heard:
        """Everything that was heard."""
        self.terminate()
        self.wait()
        return Heard(np.frombuffer(b"".join(self._pieces), np.int16), self._began)

    def terminate(self) -> None:
        """Hear nothing more."""
        self._process.terminate()

    def wait(self) -> None:
        """Until all that was heard has been read."""
        self._reading.join()
        self._process.wait()

    def _read(self) -> None:
        """Its beginning is told by the piece that came quickest after it."""
        assert self._process.stdout is not None
        count = 0
        while piece := os.read(self._process.stdout.fileno(), 65_536):
            self._pieces.append(piece)
            count += len(piece) // 2
            self._began = min(self._began, time.monotonic() - count / SOUND_RATE)
        self._process.stdout.close()


class Pulse:
    """The sound server, and the plug by which it hangs.

    Args:
        folder: everything of it lies there.
    """

    def __init__(self, folder: Path) -> None:
        runtime = folder / "run"
        runtime.mkdir(mode=0o700)
        (folder / ".asoundrc").write_text(ASOUNDRC)
        self.environment = {
            **os.environ,
            "HOME": str(folder),
            "XDG_RUNTIME_DIR": str(runtime),
        }
        """For a program that is to use it."""
        self._process = started(self.environment)
        self._helpers: list[Ear | subprocess.Popen[bytes]] = []

    def say(self, sound: Path) -> None:
        """Speak a sound file into the microphone."""
        command = ["paplay", "--device=room", "--latency-msec=30", str(sound)]
        self._helpers.append(
            subprocess.Popen(command, env=self.environment, stderr=subprocess.DEVNULL)
        )

    def listen(self, sink: str = "ears") -> Ear:
        """Hear from now on what the speaker plays, or what the microphone (`room`) hears."""
        command = ["parec", f"--device={sink}.monitor", "--raw", *RAW]
        ear = Ear(subprocess.Popen(command, env=self.environment, stdout=subprocess.PIPE))
        self._helpers.append(ear)
        return ear

    def unplug(self) -> None:
        """All sound cards are gone."""
        self._process.terminate()
        self._process.wait(10)

    def close(self) -> None:
        """End it, and who speaks and listens."""
        for helper in self._helpers:
            helper.terminate()
            helper.wait()
        self.unplug()

    def plug(self) -> None:
        """They are back."""
        self._process = started(self.environment)


def ask(environment: dict[str, str], *command: str) -> bool:
    """Whether a question to the sound server is answered."""
    return subprocess.run(["pactl", *command], env=environment, capture_output=True).returncode == 0


@contextmanager
def pulse(folder: Path) -> Iterator[Pulse]:
    """Run it; skips a test that cannot have it."""
    there = any(Path("/usr/lib").glob(f"*/alsa-lib/{PLUGIN}"))
    if not there or not all(map(shutil.which, ("pulseaudio", "pactl", "paplay", "parec"))):
        pytest.skip(f"no PulseAudio here: apt-get install {PACKAGE}")
    server = Pulse(folder)
    try:
        yield server
    finally:
        server.close()


def started(environment: dict[str, str]) -> subprocess.Popen[bytes]:
    """The sound server, once it answers."""
    loads = (
        "module-native-protocol-unix",
        f"module-null-sink sink_name=room rate={SOUND_RATE}",
        f"module-null-sink sink_name=ears rate={SOUND_RATE}",
    )
    command = ["pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--disable-shm=yes"]
    process = subprocess.Popen(
        [*command, *(part for load in loads for part in ("-L", load))],
        env=environment,
        stderr=subprocess.DEVNULL,
    )
    until = time.monotonic() + START_SECONDS
    while not (
        ask(environment, "set-default-sink", "ears")
        and ask(environment, "set-default-source", "room.monitor")
    ):
        assert process.poll() is None and time.monotonic() < until, "PulseAudio does not start"
        time.sleep(0.05)
    return process
