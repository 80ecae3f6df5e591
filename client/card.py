"""One direction of a sound card, through PortAudio: found, opened, and opened again when lost."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Lock, Thread
from typing import Any, Final, Literal, TypeAlias

from client.elastic import RATE
from client.errors import DeviceMissing, gone

BLOCK: Final = 480
"""Samples in a call-back: 10 ms."""
LATENCY: Final = 0.05
"""Seconds that the card is asked to hold: less runs dry when this machine is busy."""
RETRY_SECONDS: Final = 2.0
"""Between two attempts to open a card that was lost."""
DEFAULT: Final = "default"
ONE_AT_A_TIME: Final = Lock()
"""PortAudio opens and closes streams in one thread at a time only."""
Direction: TypeAlias = Literal["input", "output"]
NAMES: Final[dict[Direction, str]] = {"input": "microphone", "output": "speaker"}
PORTAUDIO: Final = "PortAudio is missing: sudo apt install libportaudio2"


class Card:
    """Calls back for sound until it is closed. A card that is lost is tried again and again.

    Args:
        direction: which way the sound goes.
        device: its number, a part of its name, or `default`.
        callback: sounddevice's: (samples int16 [n, channels], n, time, status).
    """

    def __init__(
        self, direction: Direction, device: str, callback: Callable[[Any, int, Any, Any], None]
    ) -> None:
        self.name = NAMES[direction]
        self._direction, self._device, self._callback = direction, device, callback
        self._stream: Any = None
        self._finished, self._closing = Event(), Event()
        self._watching = Thread(target=self._watch, name=f"visavis-{self.name}", daemon=True)
        self.losses = 0
        self.trouble: str | None = None
        """What is wrong at the moment, and what to do."""

    def open(self) -> None:
        """Open and start it.

        Raises:
            DeviceMissing: there is no such card, or it cannot be used.
        """
        self._stream = self._opened()
        self._watching.start()

    def close(self) -> None:
        """Stop it; nothing is called back any more."""
        self._closing.set()
        self._finished.set()
        self._watching.join()
        self._give_back()

    def _watch(self) -> None:
        while True:
            self._finished.wait()
            if self._closing.is_set():
                return
            self.losses += 1
            self.trouble = gone(f"the {self.name}")
            self._give_back()
            self._open_again()

    def _open_again(self) -> None:
        while not self._closing.wait(RETRY_SECONDS):
            try:
                self._stream = self._opened()
            except DeviceMissing:
                continue
            self.trouble = None
            return

    def _give_back(self) -> None:
        with ONE_AT_A_TIME:
            self._stream.close()

    def _opened(self) -> Any:
        sounddevice = portaudio()
        device = self._found(sounddevice)
        kind = sounddevice.InputStream if self._direction == "input" else sounddevice.OutputStream
        self._finished.clear()
        try:
            with ONE_AT_A_TIME:
                stream = kind(
                    RATE,
                    BLOCK,
                    device=device["index"],
                    channels=min(2, device[f"max_{self._direction}_channels"]),
                    dtype="int16",
                    latency=LATENCY,
                    callback=self._callback,
                    finished_callback=self._finished.set,
                )
                stream.start()
        except sounddevice.PortAudioError as error:
            raise DeviceMissing(
                f"the {self.name} '{device['name']}' cannot be opened ({error.args[0]}): does "
                "another program hold it, does its sound server run (pactl info)? "
                "`visavis devices` lists what there is"
            ) from error
        return stream

    def _found(self, sounddevice: Any) -> dict[str, Any]:
        """PortAudio's description of the card."""
        wanted = None if self._device == DEFAULT else self._device
        number = int(wanted) if wanted is not None and wanted.isdecimal() else None
        try:
            found = sounddevice.query_devices(wanted if number is None else number, self._direction)
        except (ValueError, sounddevice.PortAudioError) as error:
            raise DeviceMissing(self._missing(str(error))) from error
        if not found[f"max_{self._direction}_channels"]:
            raise DeviceMissing(self._missing(f"'{found['name']}' is none"))
        return dict(found)

    def _missing(self, why: str) -> str:
        if self._device == DEFAULT:
            instead = "; send a sound file with --file instead" * (self._direction == "input")
            return f"no {self.name} is connected to this machine{instead}"
        why = why.splitlines()[0].rstrip(":")
        return f"no {self.name} '{self._device}' ({why}): `visavis devices` lists what there is"


def portaudio() -> Any:
    """The module sounddevice (DeviceMissing without PortAudio)."""
    try:
        import sounddevice
    except OSError as error:
        raise DeviceMissing(PORTAUDIO) from error
    return sounddevice
