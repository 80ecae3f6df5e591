"""Speaks the training sentences and writes what is heard and how the mouth moves.

    python -m train.voices.make --out data/voices

writes `train.npz` and `check.npz` (held-out sentences, also by the voice that is held
out), each with `mel` float16 [ticks, 4, 64], `mouth` float16 [ticks, 28], `closure`
float16 [ticks], `prosody` float16 [ticks, 2] and `phone` uint8 [ticks], a number in
`phones.ORDER`: utterance after utterance, with silence between them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any, Final, TypeAlias

import numpy as np
import typer
from numpy.random import Generator
from numpy.typing import NDArray
from rich.progress import track

from engine.arkit import MOUTH
from engine.mel import FRAMES_PER_TICK, LogMel
from engine.types import HEARING_RATE, HEARING_TICK, Floats, floats
from train.voices.corpus import HELD_OUT, sentences
from train.voices.curves import mouth_curves, tick_centres
from train.voices.flite import Flite
from train.voices.hibari import Hibari
from train.voices.phones import ORDER, SILENCE, Phone, Utterance
from train.voices.prosody import KINDS, prosody_curves
from train.voices.sound import resampled
from train.voices.spoil import quiet, spoiled
from train.voices.stress import Stresses

HELD_OUT_VOICE: Final = "rms"
TAKES: Final = {"hibari": 2300, "slt": 1300, "awb": 1300, "kal16": 1100}
"""Sentences that each voice speaks for training."""


Voice: TypeAlias = Flite | Hibari


@dataclass(frozen=True, slots=True)
class Material:
    """One stretch to learn from: what is heard, and what belongs to each tick of it."""

    mel: Floats
    mouth: Floats
    closure: Floats
    prosody: Floats
    phone: NDArray[np.uint8]


def at_hearing_rate(said: Utterance, faster: float = 1.0) -> Utterance:
    """The utterance at 16 kHz, played `faster` times as fast (and as high)."""
    sound = resampled(said.sound, said.rate * faster, HEARING_RATE)
    return Utterance(sound, HEARING_RATE, tuple(p.moved(speed=faster) for p in said.phones))


def padded(said: Utterance, before: float, after: float) -> Utterance:
    """With silence around it, in seconds; the whole a multiple of a tick long."""
    lead, tail = round(before * said.rate), round(after * said.rate)
    tail += -(lead + len(said.sound) + tail) % (said.rate // 25)
    sound = np.pad(said.sound, (lead, tail))
    start, end = lead / said.rate, (lead + len(said.sound)) / said.rate
    phones = (
        Phone(SILENCE, 0.0, start),
        *(phone.moved(start) for phone in said.phones),
        Phone(SILENCE, end, len(sound) / said.rate),
    )
    return Utterance(sound, said.rate, phones)


def heard(sound: Floats) -> Floats:
    """Log-mel frames of 16 kHz sound by ticks, [ticks, 4, 64]; an unfinished tick is left out."""
    whole = sound[: len(sound) // HEARING_TICK * HEARING_TICK]
    mel = LogMel()(whole)
    return mel.reshape(len(mel) // FRAMES_PER_TICK, FRAMES_PER_TICK, -1)


def phone_numbers(said: Utterance) -> NDArray[np.uint8]:
    """The phone in the middle of each tick, as a number in `ORDER`."""
    ends = np.array([phone.end for phone in said.phones])
    numbers = np.array([ORDER.index(phone.name) for phone in said.phones], np.uint8)
    places = np.searchsorted(ends, tick_centres(said.seconds), side="right")
    return numbers[np.minimum(places, len(numbers) - 1)]


def take(voice: Voice, text: str, random: Generator) -> Utterance:
    """A sentence at a random pace, pitch and size of the speaker."""
    pace = float(random.uniform(0.78, 1.3))
    faster = float(random.uniform(0.82, 1.2)) if random.random() < 0.65 else 1.0
    if isinstance(voice, Hibari):
        tone = float(random.uniform(0.5, 1.25)) if random.random() < 0.55 else 1.0
        said = voice.speak(text, pace / faster, tone, int(random.integers(2**31)))
    else:
        tone = float(random.uniform(0.75, 1.3)) if random.random() < 0.5 else 1.0
        said = voice.speak(text, pace / faster, tone)
    before, after = random.uniform(0.0, 1.0, 2)
    return padded(at_hearing_rate(said, faster), before, after)


def material(said: Utterance, random: Generator | None) -> Material:
    """What an utterance teaches; with `random` its sound is spoiled first."""
    mouth, closure = mouth_curves(said)
    sound = said.sound if random is None else spoiled(said.sound, random)
    return Material(heard(sound), mouth, closure, prosody_curves(said), phone_numbers(said))


def silence(seconds: float, random: Generator) -> Material:
    """A stretch in which nobody speaks and the mouth rests."""
    mel = heard(quiet(seconds, random))
    ticks = len(mel)
    return Material(
        mel,
        mouth=np.zeros((ticks, len(MOUTH)), np.float32),
        closure=np.zeros(ticks, np.float32),
        prosody=np.tile(floats([kind == "pause" for kind in KINDS]), (ticks, 1)),
        phone=np.full(ticks, ORDER.index(SILENCE), np.uint8),
    )


def training(seed: int, share: float) -> Iterator[Material]:
    """All that is learnt from, voices mixed."""
    random = np.random.default_rng(seed)
    stresses = Stresses()
    voices: dict[str, Voice] = {
        name: Hibari() if name == "hibari" else Flite(name, stresses) for name in TAKES
    }
    plan: list[tuple[str, str]] = []
    for index, (name, count) in enumerate(TAKES.items()):
        texts = sentences(max(1, int(count * share)), seed + index)
        plan += [(name, text) for text in texts if text not in HELD_OUT]
    random.shuffle(plan)
    for index, (name, text) in enumerate(track(plan, description="Training sentences")):
        yield material(take(voices[name], text, random), random)
        if index % 12 == 0:
            yield silence(float(random.uniform(2.0, 8.0)), random)


def checking() -> Iterator[Material]:
    """Held-out sentences by the voices that are known and by the one that is not."""
    voices: list[Voice] = [Hibari(), Flite("awb"), Flite(HELD_OUT_VOICE), Flite(HELD_OUT_VOICE)]
    for index, text in enumerate(track(HELD_OUT, description="Held-out sentences")):
        said = at_hearing_rate(voices[index % len(voices)].speak(text))
        yield material(padded(said, 0.4, 0.6), None)


def write(path: Path, parts: Iterator[Material]) -> int:
    """Write stretches one after the other; returns the number of ticks."""
    arrays: dict[str, list[NDArray[Any]]] = {field.name: [] for field in fields(Material)}
    for part in parts:
        for name, pieces in arrays.items():
            piece = getattr(part, name)
            pieces.append(piece if piece.dtype == np.uint8 else piece.astype(np.float16))
    joined: dict[str, Any] = {name: np.concatenate(pieces) for name, pieces in arrays.items()}
    np.savez(path, **joined)
    return sum(len(piece) for piece in arrays["closure"])


def main(
    out: Annotated[Path, typer.Option(help="Folder to write to.")] = Path("data/voices"),
    seed: Annotated[int, typer.Option(help="Draws sentences, paces, noises.")] = 1,
    share: Annotated[float, typer.Option(help="Share of the sentences to speak.")] = 1.0,
) -> None:
    """Speak the sentences of the corpus and write what is heard and how the mouth moves."""
    out.mkdir(parents=True, exist_ok=True)
    for name, parts in (("check", checking()), ("train", training(seed, share))):
        ticks = write(out / f"{name}.npz", parts)
        typer.echo(f"{name}.npz: {ticks / 25 / 60:.1f} minutes")


if __name__ == "__main__":
    typer.run(main)
