"""People without a truth: what is read on them when they are driven, or speak."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.render import Identity, Renderer
from engine.resample import resized_picture
from engine.studio import Studio
from engine.types import SOUND_RATE, TICKS_PER_SECOND
from train.judges import closures, independence, readback, speech
from train.judges.contenders import Draw, drawn
from train.judges.drives import SHEET, motion
from train.judges.identity import Recognition, distance, recognised
from train.judges.people import SIZE, Person
from train.judges.reader import Reader
from train.judges.table import Figures

IDENTITY: Final = (
    "identity, mean motion", "identity, worst motion", "identity, worst motion of the worst",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Exam:
    """What everybody is asked; the studio hears for them."""

    studio: Studio
    reader: Reader
    recognition: Recognition | None
    cases: closures.Cases
    trial: speech.Trial


def driven(people: list[Person], renderer: Renderer, exam: Exam) -> Figures:
    """Figures of one renderer over people: medians, shares and, where it says so, the worst."""
    identities = [drawn(renderer, person) for person in people]
    figures = answered(zip(people, [it.draw for it in identities], strict=True), exam)
    shut = [closures.shares(it.draw, exam.reader, exam.cases) for it in identities]
    figures |= _closed([it for it in shut if it is not None])
    return figures | _spoken(identities, exam)


def answered(people: Iterable[tuple[Person, Draw]], exam: Exam) -> Figures:
    """What is read on people who are driven, and how far from their portraits that takes them."""
    read, changed, apart = [], [], []
    for person, draw in people:
        read.append(readback.read_back(draw, exam.reader))
        changed.append(independence.changes(draw, exam.reader))
        apart.append(_apart(person, draw, exam))
    figures = readback.medians(read)
    if known := [it for it in changed if it is not None]:
        figures |= independence.leaks(known)
    return figures | _recognised([it for it in apart if it])


def _closed(shares: list[tuple[float, float]]) -> Figures:
    closed, parted = np.mean(shares, axis=0).tolist()
    return {"p, b, m closed": closed, "vowels open": parted}


def _apart(person: Person, draw: Draw, exam: Exam) -> list[float]:
    """How far each motion of the sheet takes a person from the portrait, where one can tell."""
    recognition, reader = exam.recognition, exam.reader
    if recognition is None:
        return []
    portrait = recognised(resized_picture(person.portrait.picture, SIZE), recognition, reader)
    made = [draw(motion(drive)) for drive in SHEET.values()]
    found = [recognised(picture, recognition, reader) for picture in made]
    return [distance(portrait, it) for it in found if it is not None and portrait is not None]


def _recognised(apart: list[list[float]]) -> Figures:
    """Means of people."""
    if not apart:
        return dict.fromkeys(IDENTITY, np.nan)
    worst = [max(it) for it in apart]
    figures = np.mean([np.mean(it) for it in apart]), np.mean(worst), np.max(worst)
    return {name: float(it) for name, it in zip(IDENTITY, figures, strict=True)}


def _spoken(identities: list[Identity], exam: Exam) -> Figures:
    heard, ticks = [], 0
    for seed, identity in enumerate(identities):
        pipeline = exam.studio.pipeline(identity, seed=seed, limit=SOUND_RATE, jitter=0)
        seen = speech.watched(pipeline, exam.trial.sound, exam.reader)
        heard.append(speech.judged(seen, exam.trial.opening))
        ticks += len(seen.gap)
    return {
        "speech, correlation": float(np.median([it.correlation for it in heard])),
        "speech, lips late by, ms": float(np.median([it.lag for it in heard])),
        "lips in silence, share of speech": float(np.median([it.silence for it in heard])),
        "lips in noise, share of speech": float(np.median([it.noise for it in heard])),
        "blinks a minute": sum(it.blinks for it in heard) * 60 * TICKS_PER_SECOND / ticks,
        "lost detections": float(sum(it.lost for it in heard)),
    }
