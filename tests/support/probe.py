"""What is measured with: pictures that carry their time, flashes that belong to beeps.

A caller says a beep each second (`Beeps`); the server draws over its pictures the time, as
a strip of 16 blocks, and a white block on the tick whose own sound starts the beep
(`ProbeMark`). Whoever sees and hears that (`Witness` here, `page_probe.js` in a browser)
knows how old pictures are, and how far apart a flash and its beep arrive.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
from playwright.sync_api import Page

from client.devices import RATE, SLICE
from engine.types import TICKS_PER_SECOND, AVFrame, Floats, Picture, Samples, floats

BITS: Final = 16
WRAP: Final = 1 << BITS
FLASH_TICKS: Final = 2
PAGE_SCRIPT: Final = Path(__file__).with_name("page_probe.js")
WORKLET: Final = Path(__file__).with_name("onsets.js")
BEEP_SECONDS: Final = 0.1
BEEP_LEVEL: Final = 0.5
LOUD: Final = 0.05
"""Of full scale: a beep, not the noise that a codec makes of silence."""
QUIET_SECONDS: Final = 0.1
"""Without anything loud before the next beep counts as one."""
SETTLING_SECONDS: Final = 5.0
"""Until a browser's buffers and clocks have settled (its first sender reports)."""


def wall_ms() -> int:
    """Milliseconds of the wall clock: pages know no other that they share with a server."""
    return time.time_ns() // 1_000_000


class Beeps:
    """A voice that says 100 ms of 1 kHz each second; the rest is silence."""

    def __init__(self) -> None:
        self._at = 0

    def slice(self) -> Samples:
        """The next 20 ms, int16 [960]."""
        time = (self._at + np.arange(SLICE)) / RATE
        self._at += SLICE
        sounds = (time % 1.0 >= 0.5) & (time % 1.0 < 0.5 + BEEP_SECONDS)
        wave = BEEP_LEVEL * 32_767 * np.sin(2 * np.pi * 1_000 * time)
        return np.asarray(np.where(sounds, wave, 0), np.int16)


class Onsets:
    """Finds where something loud begins after a pause, in pieces of sound in order.

    Args:
        rate: of the sound, Hz.
    """

    def __init__(self, rate: int) -> None:
        self._pause = round(rate * QUIET_SECONDS)
        self._quiet = 0

    def __call__(self, sound: Floats) -> int | None:
        """The first sample of a beep that begins in this piece (-1..1), if one does."""
        loud = np.flatnonzero(np.abs(sound) > LOUD)
        if not len(loud):
            self._quiet += len(sound)
            return None
        begins = int(loud[0]) if self._quiet + loud[0] >= self._pause else None
        self._quiet = len(sound) - 1 - int(loud[-1])
        return begins


class ProbeMark:
    """A mark (`engine.mark.Mark`) for the pictures of one session.

    Args:
        delay: ticks by which the flash comes after its beep; a negative one comes before,
            which needs beeps a second apart.
        stamp: gives the milliseconds that are written.
    """

    def __init__(self, delay: int = 0, stamp: Callable[[], int] = wall_ms) -> None:
        self._delay = delay % TICKS_PER_SECOND
        self._stamp = stamp
        self._onsets = Onsets(RATE)
        self._flashes: deque[int] = deque(maxlen=8)

    def __call__(self, frame: AVFrame) -> Picture:
        """The picture with strip and flash."""
        if self._onsets(floats(frame.sound) / np.float32(32_768)) is not None:
            self._flashes.append(frame.index + self._delay)
        lit = any(0 <= frame.index - begin < FLASH_TICKS for begin in self._flashes)
        picture = frame.picture.copy()
        write(picture, self._stamp() % WRAP, lit)
        return picture


def write(picture: Picture, value: int, lit: bool) -> None:
    """Put a number of 16 bits and the flash into a picture."""
    block = picture.shape[1] // BITS
    for bit in range(BITS):
        picture[:block, bit * block : (bit + 1) * block] = 255 * (value >> bit & 1)
    picture[-2 * block :, : 4 * block] = 255 * lit


def read(picture: Picture) -> tuple[int, bool]:
    """The number and the flash that `write` put there."""
    block = picture.shape[1] // BITS
    middle = picture[block // 2, block // 2 :: block, 1][:BITS]
    value = sum(1 << bit for bit, lit in enumerate(middle > 128) if lit)
    return value, bool(picture[-block, 2 * block, 1] > 128)


def as_rgb(frame: av.VideoFrame) -> Picture:
    """A decoded picture, uint8 [height, width, 3]."""
    return np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)


def as_floats(frame: av.AudioFrame) -> Floats:
    """The first channel of decoded sound, -1..1, float32 [n]."""
    sound = frame.to_ndarray().reshape(-1, frame.layout.nb_channels)[:, 0]
    return floats(sound) / np.float32(32_768)


@dataclass
class Witness:
    """Watches and listens to a call: `client.call`'s `on_picture` and `on_sound`."""

    ages_ms: list[float] = field(default_factory=list)
    """Of each picture: from its stamp to its arrival."""
    flashes: list[float] = field(default_factory=list)
    """When each began, seconds since the call was answered."""
    beeps: list[float] = field(default_factory=list)
    _onsets: Onsets = field(default_factory=lambda: Onsets(RATE))
    _lit: bool = False

    def picture(self, frame: av.VideoFrame, at: float) -> None:
        """Take a picture."""
        value, lit = read(as_rgb(frame))
        age = (wall_ms() - value) % WRAP
        self.ages_ms.append(age - WRAP if age > WRAP // 2 else age)
        if lit and not self._lit:
            self.flashes.append(at)
        self._lit = lit

    def sound(self, frame: av.AudioFrame, at: float) -> None:
        """Take a piece of sound, 48 kHz stereo."""
        begins = self._onsets(as_floats(frame))
        if begins is not None:
            self.beeps.append(at + begins / RATE)

    def offsets_ms(self, settling: float = SETTLING_SECONDS) -> list[float]:
        """Flash minus its nearest beep, of each flash after the first seconds."""
        return offsets_ms(self.flashes, self.beeps, settling)


def offsets_ms(flashes: list[float], beeps: list[float], settling: float) -> list[float]:
    """Flash minus the nearest beep in milliseconds; negative: the picture came first."""
    found = [
        min((flash - beep for beep in beeps), key=abs, default=None)
        for flash in flashes
        if flash >= settling
    ]
    return [1_000 * it for it in found if it is not None and abs(it) < 0.5]


@dataclass(frozen=True)
class Seen:
    """What a page saw of a call."""

    ages_ms: list[float]
    offsets_ms: list[float]
    pictures: int
    dropped: int
    """Decoded too late to be shown."""


def watch_page(page: Page, seconds: float) -> Seen:
    """Watch and listen in a page whose call runs in `#live`, after its first seconds.

    Its context must set `bypass_csp`: the page's own policy allows no script of ours.
    """
    kept: dict[str, Any] = page.evaluate(
        PAGE_SCRIPT.read_text(), [seconds + SETTLING_SECONDS, WORKLET.read_text()]
    )
    flashes, beeps = ([it / 1_000 for it in kept[name]] for name in ("flashes", "beeps"))
    ages = [age for at, age in kept["ages"] if at >= 1_000 * SETTLING_SECONDS]
    offsets = offsets_ms(flashes, beeps, SETTLING_SECONDS)
    return Seen(ages, offsets, kept["pictures"], kept["dropped"])
