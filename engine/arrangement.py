"""What somebody asks a film to be made of, put in order: words and files to sources.

Each component may be moved by a word of the controls or by a file of its own. A word is always
the word; everything else is a path.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from engine.controls import (
    CAMERA,
    FILE,
    IDLE,
    MOTION,
    NEUTRAL,
    SLIDERS,
    STILL,
    VOICE,
    Controls,
    Setting,
)
from engine.drive import Drive
from engine.errors import ControlError, FilmUnreadable
from engine.footage import film_seconds
from engine.material import Kind, has_sound, kind_of
from engine.motion_file import read_motion_file
from engine.soundtrack import LONGEST_SECONDS, sound_seconds
from engine.studio import Studio
from engine.types import Component

LIVE: Final = (MOTION, SLIDERS)
"""Words for what somebody does while a face is looked at."""
UNSURE: Final = (
    "nothing says how long the film is: give a sound with --sound, or a film that moves the face"
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for.

    `sources` are words or paths, by component; `sound` is what is spoken; `driver` and `motion`
    are the files that the words `camera` and `file` stand for, and move what nothing else does;
    `portrait` is a film that gets a new mouth.
    """

    sources: Mapping[Component, str] = field(default_factory=dict)
    sound: Path | None = None
    driver: Path | None = None
    motion: Path | None = None
    emotion: str = NEUTRAL
    portrait: Path | None = None


@dataclass(frozen=True, slots=True)
class Arrangement:
    """What is used: `sound`, or silence of so many seconds; `seconds` is how long all lasts."""

    controls: Controls
    drive: Drive
    sound: Path | None
    seconds: float


def arrange(asked: Asked, studio: Studio, save: Path | None = None) -> Arrangement:
    """Find out what is meant.

    Args:
        asked: for what.
        studio: of the bundle.
        save: where a motion file of what the face does is written.

    Raises:
        ControlError: a source is neither a word nor a file of a fitting kind; or nothing says
            how long the film is.
        FilmUnreadable, MotionUnreadable: a file that moves the face cannot be read.
    """
    sound, emotion = asked.sound, asked.emotion
    guides: dict[Component, Path] = {}
    settings: dict[Component, Setting] = {}
    sources = {part: _source(asked, part, bool(studio.names[part])) for part in Component}
    for path, word, option in _named(asked):
        if path is not None and word not in sources.values():
            raise ControlError(
                f"nothing is moved by {option}: leave it out, or name a part, as in --mouth {word}"
            )
    for part, source in sources.items():
        word, file = _found(asked, studio, part, source)
        kind = None if file is None else kind_of(file)
        if kind is Kind.FILM and CAMERA not in studio.sources[part]:
            raise ControlError(f"this bundle does not read the {part} of people in films")
        if file is not None and kind is Kind.SOUND:
            sound, word = _only(asked.sound, file, part), VOICE
        elif file is not None:
            guides[part] = file
        elif word not in studio.sources[part]:
            if emotion not in (NEUTRAL, word):
                raise ControlError("there are two looks: give one, by --emotion or --expression")
            emotion, word = word, IDLE
        settings[part] = Setting(word)
    mouth, pose, expression = (settings[part] for part in Component)
    controls = Controls(mouth, pose, expression, emotion)
    studio.check(controls)
    own = guides.get(Component.MOUTH) or asked.portrait
    if sound is None and own is not None and has_sound(own):
        sound = own
    seconds = sound_seconds(sound) if sound else _longest(asked, guides, studio)
    return Arrangement(controls, Drive(guides, save), sound, seconds)


def _named(asked: Asked) -> tuple[tuple[Path | None, str, str], ...]:
    """Files with a word of their own, that word, and the option that gives them."""
    return (asked.driver, CAMERA, "--driver"), (asked.motion, FILE, "--motion")


def _source(asked: Asked, part: Component, moves: bool) -> str:
    """What is to move a component, as it was said or by default; `moves`: whether it can."""
    said = asked.sources.get(part)
    if part is Component.MOUTH:
        return said or VOICE
    if asked.portrait is not None:
        if said not in (None, STILL):
            raise ControlError(
                f"of a film only the mouth is moved: leave out --{part}, or use a picture"
            )
        return STILL
    by = CAMERA if asked.driver else FILE if asked.motion else IDLE
    return said or (by if moves else IDLE)


def _found(asked: Asked, studio: Studio, part: Component, source: str) -> tuple[str, Path | None]:
    """A word of the controls, or a look; and the file where there is one."""
    files = {word: (path, option) for path, word, option in _named(asked)}
    if source in files:
        path, option = files[source]
        if path is None:
            raise ControlError(f"'{source}' is the file of {option}: add it, or name a file")
        return FILE, path
    if source in LIVE:
        raise ControlError(f"'{source}' is for calls: give a film a file, or another word")
    looks = studio.emotions if part is Component.EXPRESSION else ()
    words = [*(it for it in studio.sources[part] if it not in LIVE), *looks]
    if source in words:
        return source, None
    if not Path(source).exists():
        raise ControlError(
            f"'{Path(source).name}' cannot drive {part}: there is no such file, and the words "
            f"are: {', '.join(words)}"
        )
    return FILE, Path(source)


def _only(said: Path | None, found: Path, part: Component) -> Path:
    """The one sound of the film."""
    if part is not Component.MOUTH:
        raise ControlError(f"sound cannot drive {part}: give a film, a picture or a motion file")
    if said is not None and said != found:
        raise ControlError("there are two sounds: give one, by --sound or by --mouth")
    return found


def _longest(asked: Asked, guides: Mapping[Component, Path], studio: Studio) -> float:
    """Seconds that the longest of the files lasts."""
    paths = {*guides.values(), *([asked.portrait] if asked.portrait else [])}
    seconds = max((_lasts(path, studio) for path in paths), default=0.0)
    if not seconds:
        raise ControlError(UNSURE)
    if seconds > LONGEST_SECONDS:
        raise FilmUnreadable("the film is longer than an hour: cut it, or give a sound")
    return seconds


def _lasts(path: Path, studio: Studio) -> float:
    kind = kind_of(path)
    if kind is Kind.MOTION:
        return read_motion_file(path.read_bytes(), studio.names).seconds
    return film_seconds(path) if kind is Kind.FILM else 0.0
