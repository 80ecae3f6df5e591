"""How good a bundle is, on people and a voice that nothing was trained on.

    python -m train.evaluate --bundle engine/builtin --people data/people \\
        --portraits PATH --out out/evaluation

`--people` is a folder of takes, `--portraits` one of real portraits with their table; only
held-out people of both are looked at. With `--makehuman PATH`, of which the invented people
were made, they pose again, and what the judges say of true pictures is told, too. Written are
`figures.json` and `figures.md`, contact sheets, and a film of each presenter. Sheets of real
people are for looking only: keep them where nobody publishes them.
"""

from __future__ import annotations

from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.progress import track

from engine.bundle import BUILTIN, Bundle
from engine.mesh import FaceModel, Mesh
from engine.render import Renderer, resized
from engine.studio import Studio
from engine.tracker import FaceTracker
from train.faces.features import Features
from train.judges import closures, independence, people, readback, speech
from train.judges.contenders import MESH, TRUTH, renderers
from train.judges.driving import Exam, answered, driven
from train.judges.features import CropJudge
from train.judges.films import draw_film
from train.judges.identity import recognition
from train.judges.people import Person
from train.judges.reader import Reader
from train.judges.sheets import draw_sheet
from train.judges.sitters import sitters
from train.judges.table import (
    INVENTED,
    PRESENTERS,
    REAL,
    Figures,
    Results,
    into_card,
    write,
)
from train.judges.truth import against_truth, retaken
from train.voices.corpus import HELD_OUT
from train.voices.make import HELD_OUT_VOICE
from train.voices.phones import Utterance
from train.voices.trials import held_out

ON_SHEET: Final = 8
"""People on a contact sheet."""
FILM_SIZE: Final = 512


def main(
    out: Annotated[Path, typer.Option(help="Folder to write to.")] = Path("out/evaluation"),
    bundle: Annotated[Path, typer.Option(help="Folder of the bundle.")] = BUILTIN,
    takes: Annotated[Path | None, typer.Option("--people", help="Folder of takes.")] = None,
    makehuman: Annotated[
        Path | None, typer.Option(help="MakeHuman's assets, for true pictures of invented people.")
    ] = None,
    portraits: Annotated[Path | None, typer.Option(help="Folder of real portraits.")] = None,
    also: Annotated[list[Path] | None, typer.Option(help="A portrait to add; again.")] = None,
    most: Annotated[int, typer.Option(min=1, help="People of each kind.")] = 24,
    sentences: Annotated[int, typer.Option(min=1, help="That the voice says.")] = 8,
    card: Annotated[Path | None, typer.Option(help="Model card to put the table into.")] = None,
    films: Annotated[bool, typer.Option(help="Draw a film of each presenter.")] = True,
) -> None:
    """Judge a bundle: figures, contact sheets, films."""
    out.mkdir(parents=True, exist_ok=True)
    opened = Bundle.open(bundle)
    contenders = renderers(bundle)
    said = said_by_a_stranger(sentences)
    tracker = FaceTracker(opened.asset("tracker"), 1)
    with closing(tracker), closing(Studio.open(bundle)) as studio:
        groups = gathered(opened, tracker, takes, portraits, also or [], most)
        for group, members in groups.items():
            for name, renderer in contenders.items():
                file = f"{group.split(',')[0]}-{name.replace(' + ', '-').replace(', ', '-')}.png"
                draw_sheet(out / file, members[:ON_SHEET], renderer)
        exam = Exam(
            studio, Reader(tracker), recognition(), closures.cases(said), speech.trial(said)
        )
        results = judged(groups, contenders, exam, tracker, FaceModel.of(opened.arrays("mesh")))
        if makehuman is not None and takes is not None and INVENTED in groups:
            true = partial(sitters, groups[INVENTED], makehuman, takes, opened.asset("tracker"))
            read = answered(((person, sitter.draw) for person, sitter in true()), exam)
            results[INVENTED][TRUTH] = read | retaken(true(), CropJudge(Features()))
        write(out, results, {group: len(members) for group, members in groups.items()})
        table = (out / "figures.md").read_text(encoding="utf-8")
        typer.echo(table)
        if card is not None:
            into_card(card, table)
        if films:
            draw_films(out, studio, said)


def said_by_a_stranger(sentences: int) -> Utterance:
    """Held-out sentences by the held-out voice."""
    return held_out(HELD_OUT_VOICE, HELD_OUT[:sentences])


def gathered(
    bundle: Bundle,
    tracker: FaceTracker,
    takes: Path | None,
    portraits: Path | None,
    also: list[Path],
    most: int,
) -> dict[str, list[Person]]:
    """Everybody who is judged, by group; groups without people are left out."""
    others = [people.photographed(path, tracker) for path in also]
    groups = {
        INVENTED: list(people.invented(takes, tracker, most)) if takes else [],
        REAL: [
            *(list(people.real(portraits, tracker, most)) if portraits else []),
            *(person for person in others if person is not None),
        ],
        PRESENTERS: list(people.presenters(bundle))[:most],
    }
    return {group: members for group, members in groups.items() if members}


def judged(
    groups: dict[str, list[Person]],
    contenders: dict[str, Renderer],
    exam: Exam,
    tracker: FaceTracker,
    model: FaceModel,
) -> Results:
    """All figures of all groups."""
    results: Results = {}
    for group, members in groups.items():
        found: dict[str, Figures] = {name: {} for name in contenders}
        if group == INVENTED:
            crops = CropJudge(Features())
            found = against_truth(members, contenders, tracker, model, crops, exam.recognition)
        found[MESH] |= still_apart(members, model)
        for name, renderer in track(contenders.items(), description=group, transient=True):
            found[name] |= driven(members, renderer, exam)
        results[group] = found
    return results


def still_apart(members: list[Person], model: FaceModel) -> Figures:
    """How well the mesh itself keeps the components apart; the median over people."""
    meshes = [Mesh(model, resized(it.portrait, people.SIZE)[1], people.SIZE) for it in members]
    return readback.medians([independence.geometric(mesh) for mesh in meshes])


def draw_films(out: Path, studio: Studio, said: Utterance) -> None:
    """A film of each presenter, as the product draws them here."""
    for seed, presenter in enumerate(track(studio.presenters, "films", transient=True)):
        identity = studio.presenter(presenter.id, FILM_SIZE)
        draw_film(out / f"{presenter.id}.mp4", studio, identity, said, seed)


if __name__ == "__main__":
    typer.run(main)
