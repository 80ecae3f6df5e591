"""Official checkpoints become a bundle; anything else a sentence, and nothing is left."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import torch

from engine.bundle import Bundle
from engine.errors import CheckpointError
from engine.renderers import presenter_portrait
from engine.types import Component
from export.edtalk.bundle import LICENCE, Sources, import_bundle
from export.edtalk.checkpoints import GENERATOR, HEARING, fill, generator_of, read_audio2lip
from export.edtalk.published import KNOWN, Origin, origin
from export.edtalk.seeded import seeded_audio2lip
from export.edtalk.unpickle import Outcome, outcome
from models.edtalk.audio2lip import Audio2Lip
from models.edtalk.generator import Generator
from tests.support.command import Evil
from tests.support.official import (
    arguments,
    expression,
    write_expressions,
    write_generator,
    write_hearing,
)
from tests.support.speech import tone, write_wav

ROOT = Path(__file__).parents[4]
HAPPY, NEUTRAL = [2.25, -2.57, -1.70], [-3.14, 0.97, 2.44]


def visavis(*arguments: Any, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "visavis", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=300,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


@pytest.fixture(scope="module")
def official(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with EDTalk.pt, Audio2Lip.pt and two expressions."""
    folder = tmp_path_factory.mktemp("official")
    write_generator(folder / "EDTalk.pt")
    write_hearing(folder / "Audio2Lip.pt")
    write_expressions(folder / "looks", happy=HAPPY, neutral=NEUTRAL)
    return folder


@pytest.fixture
def hearing(tmp_path: Path) -> Path:
    return write_hearing(tmp_path / "Audio2Lip.pt")


def test_the_command_makes_a_bundle_that_renders_speech(official: Path) -> None:
    made = visavis(
        "import", "EDTalk.pt", "Audio2Lip.pt", "faces", "--expressions", "looks", "--fast",
        cwd=official,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    assert "EDTalk.pt: not a file that is known here, SHA-256" in made.stdout
    assert "LIA" in made.stdout and "--bundle faces" in made.stdout
    manifest = Bundle.open(official / "faces").manifest
    assert manifest.licence == LICENCE and origin(official / "EDTalk.pt").sha256 in (
        manifest.provenance
    )
    assert manifest.hearing.smoothing == "fast" and manifest.hearing.lookahead_ticks == 3
    assert set(manifest.graphs) == {"portrait", "expression", "render", "watch", "listen"}
    assert [manifest.components[part].size for part in Component] == [20, 6, 10]
    shown = presenter_portrait(Bundle.open(official / "faces"), "ada")
    assert 1 / 1.45 < np.ptp(shown.face.points[:468, 1]) / shown.picture.shape[0] < 1 / 1.35
    names = manifest.components[Component.EXPRESSION].names
    happy = [manifest.emotions["happy"][name] for name in names]
    np.testing.assert_allclose(happy, expression(HAPPY) - expression(NEUTRAL), atol=1e-6)
    write_wav(official / "speech.wav", tone(0.12), 48_000)
    film = visavis(
        "render", "speech.wav", "film.mp4", "--bundle", "faces", "--emotion", "happy",
        "--size", "256", cwd=official,
    )  # fmt: skip
    assert film.returncode == 0, film.stderr
    with av.open(str(official / "film.mp4")) as container:
        pictures = [it.to_ndarray(format="rgb24") for it in container.decode(video=0)]
    assert len(pictures) == 3
    assert np.abs(pictures[2].astype(int) - pictures[0]).mean() > 1


def test_swapped_files_are_named(tmp_path: Path) -> None:
    torch.save({"gen": {}, "args": arguments()}, tmp_path / "EDTalk.pt")
    torch.save({"audio2lip": {}, "args": arguments()}, tmp_path / "Audio2Lip.pt")
    swapped = visavis("import", "Audio2Lip.pt", "EDTalk.pt", "out", cwd=tmp_path)
    assert swapped.returncode == 1 and "were two files swapped" in swapped.stderr
    assert "Traceback" not in swapped.stderr
    assert sorted(it.name for it in tmp_path.iterdir()) == ["Audio2Lip.pt", "EDTalk.pt"]


def test_a_generator_without_expressions_is_recognised(
    tmp_path: Path, hearing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with torch.device("meta"):
        keys = Generator(expressive=False).state_dict()
    nothing = np.zeros(1, np.float32)
    state = {key: np.broadcast_to(nothing, value.shape) for key, value in keys.items()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch minds arrays that cannot be written to
        generator = generator_of(state, "EDTalk_lip_pose.pt")
    assert not generator.expressive
    monkeypatch.setattr("export.edtalk.bundle.read_generator", lambda file: generator)
    looks = write_expressions(tmp_path / "looks", happy=HAPPY)
    with pytest.raises(CheckpointError, match="has no expressions"):
        import_bundle(Sources(hearing, hearing, looks), tmp_path / "out")
    assert sorted(it.name for it in tmp_path.iterdir()) == ["Audio2Lip.pt", "looks"]


def test_weights_arrive_to_the_bit(hearing: Path) -> None:
    found, wanted = read_audio2lip(hearing).state_dict(), seeded_audio2lip().state_dict()
    assert found.keys() == wanted.keys()
    assert all(torch.equal(found[key], wanted[key]) for key in wanted)
    assert not read_audio2lip(hearing).training


def test_code_in_a_checkpoint_is_refused_and_never_runs(tmp_path: Path) -> None:
    evil, file = Evil(tmp_path / "ran"), tmp_path / "Audio2Lip.pt"
    write_hearing(file, extra=evil)
    with pytest.raises(CheckpointError, match="holds more than weights"):
        read_audio2lip(file)
    torch.save({"audio2lip": {"mapping.bias": evil}}, file)
    assert outcome(file, HEARING, tmp_path / "state.npz") is Outcome.REFUSED
    file.write_bytes(pickle.dumps({"audio2lip": evil}, 2))
    assert outcome(file, HEARING, tmp_path / "state.npz") is Outcome.REFUSED
    assert [it.name for it in tmp_path.iterdir()] == ["Audio2Lip.pt"]
    pickle.loads(pickle.dumps(evil))  # noqa: S301 - so that this test can fail
    assert (tmp_path / "ran").exists()


def test_a_truncated_file_is_refused_and_nothing_is_left(tmp_path: Path, hearing: Path) -> None:
    whole = hearing.read_bytes()
    hearing.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(CheckpointError, match="damaged or no checkpoint"):
        import_bundle(Sources(hearing, hearing), tmp_path / "out")
    with pytest.raises(CheckpointError, match="check its name"):
        import_bundle(Sources(hearing, tmp_path / "nothing.pt"), tmp_path / "out")
    assert [it.name for it in tmp_path.iterdir()] == ["Audio2Lip.pt"]


@pytest.mark.parametrize(
    ("held", "wanted"),
    [
        (b"", Outcome.DAMAGED),
        (b"<html>Not found</html>", Outcome.DAMAGED),
        (pickle.dumps({"gen": os.system}, 2), Outcome.REFUSED),
        (pickle.dumps({"gen": os.system}), Outcome.REFUSED),
        ({"model": {}}, Outcome.UNKNOWN),
        ([1, 2], Outcome.UNKNOWN),
        ({"audio2lip": {}}, Outcome.ANOTHER),
        ({"gen": [torch.zeros(1)]}, Outcome.REFUSED),
        ({"gen": {"mapping.bias": "a word"}}, Outcome.REFUSED),
        ({"gen": {"mapping.bias": torch.zeros(1)}, "args": arguments()}, Outcome.DONE),
    ],
)
def test_what_a_file_may_hold(tmp_path: Path, held: Any, wanted: Outcome) -> None:
    file = tmp_path / "EDTalk.pt"
    if isinstance(held, bytes):
        file.write_bytes(held)
    else:
        torch.save(held, file)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch warns of pickles newer than its own
        assert outcome(file, GENERATOR, tmp_path / "state.npz") is wanted
    assert (tmp_path / "state.npz").exists() == (wanted is Outcome.DONE)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda state: state.pop("mapping.bias"), "lacks 'mapping.bias'"),
        (lambda state: state.update(more=np.zeros(1)), "has besides 'more'"),
        (lambda state: state.update({"mapping.bias": np.zeros(21)}), r"shape \(21,\)"),
        (lambda state: state["mapping.bias"].fill(np.nan), "no numbers"),
    ],
)
def test_weights_that_do_not_fit_are_named(change: Any, sentence: str) -> None:
    state = {key: value.numpy() for key, value in seeded_audio2lip().state_dict().items()}
    change(state)
    with pytest.raises(CheckpointError, match=sentence):
        fill(Audio2Lip(), state, "Audio2Lip.pt")


def test_half_precision_checkpoints_are_read_too(tmp_path: Path) -> None:
    held = {"bias": torch.ones(3).half(), "seen": torch.tensor(1)}
    torch.save({"gen": held}, tmp_path / "half.pt")
    assert outcome(tmp_path / "half.pt", GENERATOR, tmp_path / "state.npz") is Outcome.DONE
    with np.load(tmp_path / "state.npz", allow_pickle=False) as state:
        assert (state["bias"].dtype, state["seen"].dtype) == (np.float32, np.int64)


@pytest.mark.parametrize(
    ("name", "steps", "sentence"),
    [
        ("happy", np.zeros(9, np.float32), "10 finite numbers"),
        ("happy", np.full((1, 10), np.nan, np.float32), "10 finite numbers"),
        ("happy", np.zeros(5_000), "can be read"),
        ("happy", np.array([{"a": 1}] * 10, dtype=object), "can be read"),
        ("so happy!", np.zeros(10), "no name of a look"),
        (None, None, "no .npy files"),
    ],
)
def test_expressions_that_are_none_are_refused_before_anything_is_read(
    tmp_path: Path, hearing: Path, name: str | None, steps: Any, sentence: str
) -> None:
    looks = tmp_path / "looks"
    looks.mkdir()
    if name is not None:
        np.save(looks / f"{name}.npy", steps)
    with pytest.raises(CheckpointError, match=sentence):
        import_bundle(Sources(hearing, hearing, looks), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_folder_to_write_to_must_be_new_and_have_a_place(tmp_path: Path, hearing: Path) -> None:
    with pytest.raises(CheckpointError, match="exists"):
        import_bundle(Sources(hearing, hearing), tmp_path)
    with pytest.raises(CheckpointError, match="no folder in which"):
        import_bundle(Sources(hearing, hearing), tmp_path / "none" / "out")


def test_published_files_are_recognised(tmp_path: Path) -> None:
    digest = next(iter(KNOWN))
    assert "published as EDTalk.pt" in str(Origin("edtalk (1).pt", digest))
    assert Origin("EDTalk.pt", "0" * 64).known is None
    (tmp_path / "a").write_bytes(b"abc")
    assert origin(tmp_path / "a").sha256.startswith("ba7816bf")


def test_without_torch_the_extra_is_named(tmp_path: Path) -> None:
    (tmp_path / "torch.py").write_text("raise ModuleNotFoundError('gone', name='torch')")
    failed = subprocess.run(
        [sys.executable, "-m", "visavis", "import", "a.pt", "b.pt", "out"],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )
    assert failed.returncode == 1
    assert "'torch'" in failed.stderr and "visavis[export]" in failed.stderr
    assert "Traceback" not in failed.stderr
