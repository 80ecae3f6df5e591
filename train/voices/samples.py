"""Speech that ships: samples for the web page, and known speech for the tests.

    python -m train.voices.samples

writes MP3 files with `samples.json` for the page, and WAV files for the tests, each
with a JSON file beside it that holds the phones and the lip opening they demand. The
network is trained on none of these sentences.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Final

import numpy as np
import typer

from engine.types import Floats
from train.voices.corpus import HELD_OUT
from train.voices.curves import lip_opening, mouth_curves
from train.voices.hibari import Hibari
from train.voices.make import HELD_OUT_VOICE
from train.voices.phones import Phone, Utterance
from train.voices.sound import encoded, from_int16, read_wav, to_int16, write_wav
from train.voices.trials import held_out

SAMPLES: Final = (
    (
        "welcome",
        "A welcome",
        "Hello, and welcome. I am not a recording: every movement of my lips is made right now, "
        "from the sound that you hear.",
    ),
    (
        "story",
        "A story",
        "When the first snow fell on the village, the baker opened his window, and the smell of "
        "warm bread wandered up the hill.",
    ),
    (
        "account",
        "An explanation",
        "To open an account, have your passport ready, pick a password you can remember, and "
        "press the big blue button at the bottom of the page.",
    ),
)
"""Name, title and text of what the page can play."""
TESTS: Final = (("hibari", slice(0, 7)), (HELD_OUT_VOICE, slice(0, 2)))
"""Which held-out sentences the tests hear, by voice."""
_LOUDEST: Final = 0.7


def write_samples(folder: Path) -> None:
    """MP3 files at 24 kHz and 64 kbit/s, and `samples.json`."""
    folder.mkdir(parents=True, exist_ok=True)
    listed = []
    voice = Hibari()
    for name, title, text in SAMPLES:
        said = voice.speak(text)
        data = encoded(as_loud(said.sound), said.rate, "libmp3lame", "mp3", 64_000)
        (folder / f"{name}.mp3").write_bytes(data)
        listed.append({"id": name, "title": title, "file": f"{name}.mp3", "text": text})
    (folder / "samples.json").write_text(json.dumps(listed, indent=2) + "\n")


def write_tests(folder: Path) -> None:
    """16 kHz WAV files with their phones and lip openings."""
    folder.mkdir(parents=True, exist_ok=True)
    for voice, chosen in TESTS:
        texts = HELD_OUT[chosen]
        said = held_out(voice, texts)
        sound = from_int16(to_int16(as_loud(said.sound)))
        said = Utterance(sound, said.rate, said.phones)
        opening = lip_opening(mouth_curves(said)[0])
        write_wav(folder / f"{voice}.wav", sound, said.rate)
        known = {
            "voice": voice,
            "text": " ".join(texts),
            "phones": [[p.name, round(p.start, 4), round(p.end, 4), p.stress] for p in said.phones],
            "opening": [round(value, 4) for value in opening.tolist()],
        }
        (folder / f"{voice}.json").write_text(json.dumps(known, ensure_ascii=False) + "\n")


def read_test(wav: Path) -> Utterance:
    """Known speech: a WAV file and the phones of the JSON file beside it."""
    known = json.loads(wav.with_suffix(".json").read_text())
    sound, rate = read_wav(wav)
    phones = tuple(Phone(*phone) for phone in known["phones"])
    return Utterance(sound, rate, phones)


def as_loud(sound: Floats) -> Floats:
    """The sound with its loudest sample at 0.7 of full scale."""
    return sound * np.float32(_LOUDEST / np.abs(sound).max())


def main(
    web: Annotated[Path, typer.Option(help="Folder of the page's.")] = Path("client/web/samples"),
    tests: Annotated[Path, typer.Option(help="Folder of the tests'.")] = Path("tests/data/speech"),
) -> None:
    """Write the speech that ships."""
    write_samples(web)
    write_tests(tests)


if __name__ == "__main__":
    typer.run(main)
