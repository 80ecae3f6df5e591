"""The pictures of a film: in their own time, or 25 a second, forwards then backwards, without end.

A film is decoded as it is needed. Backwards it is read in short stretches, so that never more
than one of them is kept, however long the film is.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import av
import av.error
import numpy as np
from av.video.reformatter import VideoReformatter

from engine.errors import FilmUnreadable
from engine.types import TICKS_PER_SECOND, Picture

STRETCH: Final = 16
"""Pictures that are kept at once on the way back: 50 MB as they are decoded at 1080p."""
EARLY_SECONDS: Final = 0.002
"""By which a picture may be shown before its time: clocks of films count in milliseconds."""
USUAL_SECONDS: Final = 1 / TICKS_PER_SECOND
"""How long a last picture lasts in a film that does not say how many there are a second."""


def timed(path: Path, begin: float = 0.0) -> Iterator[tuple[float, av.VideoFrame]]:
    """The film's frames and their times in seconds, the film's first at 0.

    Args:
        path: of the film.
        begin: seconds; the first frame is at or before this time: the film's first where it
            cannot be entered later.

    Raises:
        FilmUnreadable: no film that PyAV can read, damaged, or without pictures.
    """
    try:
        with av.open(str(path)) as container:
            video = _pictures(container)
            start = float((video.start_time or 0) * video.time_base) if video.time_base else 0.0
            if begin > 0:
                _enter(container, video, start + begin)
            empty = True
            for frame in container.decode(video):
                yield (frame.time or 0.0) - start, frame
                empty = False
            if empty:
                raise FilmUnreadable("there are no pictures in this film")
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise FilmUnreadable("this file cannot be read as a film: use MP4, WebM or MOV") from error


def pictures_of(container: av.container.InputContainer) -> av.VideoStream | None:
    """The pictures of a film; a picture on the cover of a song is none."""
    for stream in container.streams.video:
        if not stream.disposition & av.stream.Disposition.attached_pic:
            return stream
    return None


def film_seconds(path: Path) -> float:
    """How long a film's pictures last, in seconds; nothing is decoded (FilmUnreadable)."""
    try:
        with av.open(str(path)) as container:
            video = _pictures(container)
            if video.duration and video.time_base:
                return float(video.duration * video.time_base)
            if container.duration:
                return container.duration / av.time_base
            count = sum(1 for packet in container.demux(video) if packet.size)
            return float(count / (video.average_rate or TICKS_PER_SECOND))
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise FilmUnreadable("this file cannot be read as a film: use MP4, WebM or MOV") from error


class Rgb:
    """Makes pictures of one film's frames; what that takes is kept from frame to frame."""

    def __init__(self) -> None:
        self._reformatter = VideoReformatter()

    def __call__(self, frame: av.VideoFrame) -> Picture:
        """A frame's picture, RGB uint8 [h, w, 3], upright: phones film lying on their side."""
        plain = self._reformatter.reformat(frame, format="rgb24", threads=1)
        picture = np.asarray(plain.to_ndarray(), np.uint8)
        turns = round(frame.rotation / 90) % 4
        return np.ascontiguousarray(np.rot90(picture, turns)) if turns else picture


class Footage:
    """A film at 25 pictures a second, played forwards, backwards, and so on.

    Args:
        path: of the film.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._rgb = path, Rgb()

    def __iter__(self) -> Iterator[Picture]:
        """Its pictures, RGB uint8 [h, w, 3], without end.

        Raises:
            FilmUnreadable: see `timed`.
        """
        last = -1
        for frame in self._ticks(0):
            yield self._rgb(frame)
            last += 1
        while True:
            yield from map(self._rgb, self._back(last))
            ahead = self._ticks(0)
            for tick, frame in enumerate(ahead):
                if tick or not last:
                    yield self._rgb(frame)

    def _back(self, last: int) -> Iterator[av.VideoFrame]:
        """The frames before the last, the latest first."""
        for end in range(last, 0, -STRETCH):
            begin = max(0, end - STRETCH)
            stretch: list[av.VideoFrame] = []
            for frame in self._ticks(begin):
                if len(stretch) == end - begin:
                    break
                stretch.append(frame)
            yield from reversed(stretch)

    def _ticks(self, tick: int) -> Iterator[av.VideoFrame]:
        """The frames that are shown from that tick on, one a tick, up to the film's end."""
        shown: tuple[float, av.VideoFrame] | None = None
        lasts = USUAL_SECONDS
        for time, frame in timed(self._path, tick / TICKS_PER_SECOND):
            while shown is not None and tick / TICKS_PER_SECOND < time - EARLY_SECONDS:
                yield shown[1]
                tick += 1
            if shown is not None and time > shown[0]:
                lasts = time - shown[0]
            shown = time, frame
        while shown is not None and tick / TICKS_PER_SECOND < shown[0] + lasts - EARLY_SECONDS:
            yield shown[1]
            tick += 1


def _pictures(container: av.container.InputContainer) -> av.VideoStream:
    video = pictures_of(container)
    if video is None:
        raise FilmUnreadable("there are no pictures in this file: use a video")
    return video


def _enter(container: av.container.InputContainer, video: av.VideoStream, time: float) -> None:
    """Go on at the last picture that can be decoded by itself and is not after `time`."""
    place = int(time / video.time_base) if video.time_base else 0
    container.seek(place, stream=video)
    entered = next(container.decode(video), None)
    late = entered is None or (entered.time or 0.0) > time
    container.seek(0 if late else place, stream=video)
