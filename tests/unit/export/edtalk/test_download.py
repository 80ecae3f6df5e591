"""Published checkpoints are fetched and known by their SHA-256, or a sentence says why not."""

from __future__ import annotations

import hashlib
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import constants

from engine.errors import CheckpointError
from export.edtalk.bundle import Sources
from export.edtalk.download import FOLDER, fetch
from export.edtalk.published import KNOWN, REPOSITORY, REVISION, Origin, origin
from tests.support.hub import Hub, serving
from visavis import run

ROOT = Path(__file__).parents[4]
FILES = {f"{FOLDER}/EDTalk.pt": b"a generator" * 5_000, f"{FOLDER}/Audio2Lip.pt": b"ears" * 2_000}
EDTALK = f"{FOLDER}/EDTalk.pt"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hub]:
    """A hub whose files count as the published ones, and an empty cache."""
    known = {hashlib.sha256(it).hexdigest(): Path(name).name for name, it in FILES.items()}
    monkeypatch.setattr("export.edtalk.published.KNOWN", known)
    monkeypatch.setattr("time.sleep", lambda seconds: None)  # between tries
    with serving(dict(FILES)) as hub:
        address = f"{hub.address}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
        monkeypatch.setattr(constants, "HF_HUB_DISABLE_TELEMETRY", True)
        monkeypatch.setattr(constants, "ENDPOINT", hub.address)
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", address)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
        yield hub


def left(tmp_path: Path) -> list[str]:
    """Names of all files in the cache that hold a checkpoint or a part of one."""
    parts = (it for it in (tmp_path / "cache").rglob("*") if it.is_file() or it.is_symlink())
    return [it.name for it in parts if "snapshots" in it.parts or "blobs" in it.parts]


def test_a_file_is_fetched_once_and_no_token_is_sent(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    file = fetch("EDTalk.pt")
    assert file.read_bytes() == FILES[EDTALK]
    asked = f"/{REPOSITORY}/resolve/{REVISION}/{EDTALK}"
    assert hub.asked == [f"HEAD {asked}", f"GET /store/{EDTALK}"]
    assert fetch("EDTalk.pt") == file and len(hub.asked) == 2


def test_what_is_fetched_becomes_a_bundle(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made: list[Any] = []

    def importing(sources: Sources, target: Path, **how: Any) -> tuple[Origin, Origin]:
        made.append((sources, target, how["smoothing"]))
        return origin(sources.generator), origin(sources.hearing)

    monkeypatch.setattr("export.edtalk.bundle.import_bundle", importing)
    monkeypatch.setattr(sys, "argv", ["visavis", "import", "--download", "--fast", "faces"])
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit, match="0"):
        run()
    ((sources, target, smoothing),) = made
    assert sources.generator.read_bytes() == FILES[EDTALK] and sources.expressions is None
    assert sources.hearing.read_bytes() == FILES[f"{FOLDER}/Audio2Lip.pt"]
    assert (target, smoothing) == (Path("faces"), "fast")
    printed = capsys.readouterr()
    assert "published as EDTalk.pt" in printed.out and "published as Audio2Lip.pt" in printed.out
    assert "LIA" in printed.out and "no looks" in printed.out


@contextmanager
def small_disk(size: int) -> Iterator[None]:
    """Nothing may be written beyond so many bytes of a file."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_another_content_is_refused_removed_and_can_be_fetched_again(
    hub: Hub, tmp_path: Path
) -> None:
    hub.given[EDTALK] = FILES[EDTALK][:-1] + b"!"
    with pytest.raises(CheckpointError, match="its SHA-256 differs"):
        fetch("EDTalk.pt")
    assert left(tmp_path) == []
    hub.given.clear()
    assert fetch("EDTalk.pt").read_bytes() == FILES[EDTALK]


def test_a_published_file_under_the_name_of_another_is_refused(hub: Hub) -> None:
    hub.files[EDTALK] = FILES[f"{FOLDER}/Audio2Lip.pt"]
    with pytest.raises(CheckpointError, match="is not the published file"):
        fetch("EDTalk.pt")


def test_a_file_that_was_changed_in_the_cache_is_refused_too(hub: Hub, tmp_path: Path) -> None:
    fetch("EDTalk.pt").write_bytes(b"something else")
    with pytest.raises(CheckpointError, match="its SHA-256 differs"):
        fetch("EDTalk.pt")
    assert left(tmp_path) == []


def test_a_short_transfer_is_refused(hub: Hub, tmp_path: Path) -> None:
    hub.given[EDTALK] = FILES[EDTALK][:1_000]
    with pytest.raises(CheckpointError, match="could not be fetched"):
        fetch("EDTalk.pt")
    assert left(tmp_path) == []


def test_what_the_hub_lacks_is_named(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CheckpointError, match=r"'Audio3Lip\.pt' is not on the hub"):
        fetch("Audio3Lip.pt")
    for name in ("REPOSITORY", "REVISION"):
        monkeypatch.setattr(f"export.edtalk.download.{name}", {"REPOSITORY": "a/b"}.get(name, "c"))
        with pytest.raises(CheckpointError, match="is not on the hub"):
            fetch("EDTalk.pt")


def test_a_hub_that_is_down_or_away_is_no_mystery(hub: Hub) -> None:
    hub.broken = True
    with pytest.raises(CheckpointError, match="the hub cannot be reached"):
        fetch("EDTalk.pt")
    hub.shutdown()
    hub.server_close()
    with pytest.raises(CheckpointError, match="the hub cannot be reached"):
        fetch("EDTalk.pt")


def test_a_full_disk_is_named_and_holds_no_half_file(hub: Hub, tmp_path: Path) -> None:
    with small_disk(10_000), pytest.raises(CheckpointError, match="is the disk full"):
        fetch("EDTalk.pt")
    assert left(tmp_path) == []


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--download", "EDTalk.pt", "Audio2Lip.pt", "faces"], "--download and a folder"),
        (["faces"], "two checkpoints and a folder"),
        (["--download", "there"], "'there' exists"),
        (["--download", "none/faces"], "no folder in which"),
    ],
)
def test_nothing_is_fetched_for_a_command_that_cannot_be(
    hub: Hub,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    sentence: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there").mkdir()
    monkeypatch.setattr(sys, "argv", ["visavis", "import", *arguments])
    with pytest.raises(SystemExit):
        run()
    assert sentence in " ".join(capsys.readouterr().err.replace("│", "").split())
    assert hub.asked == []


def test_the_command_asks_the_hub_that_huggingface_hub_is_set_to(tmp_path: Path) -> None:
    with serving(dict(FILES)) as hub:
        failed = command(tmp_path, HF_ENDPOINT=hub.address, HF_HOME=str(tmp_path / "home"))
        assert [it.split()[0] for it in hub.asked] == ["HEAD", "GET"]
    assert failed.returncode == 1 and "Traceback" not in failed.stderr
    assert "'EDTalk.pt' is not the published file (its SHA-256 differs)" in failed.stderr
    assert not (tmp_path / "faces").exists()


def test_without_huggingface_hub_the_extra_is_named(tmp_path: Path) -> None:
    text = "raise ModuleNotFoundError('gone', name='huggingface_hub')"
    (tmp_path / "huggingface_hub.py").write_text(text)
    failed = command(tmp_path)
    assert failed.returncode == 1 and "Traceback" not in failed.stderr
    assert "'huggingface_hub'" in failed.stderr and "visavis[export]" in failed.stderr


def command(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    paths = [str(folder), str(ROOT), os.environ.get("PYTHONPATH", "")]
    return subprocess.run(
        [sys.executable, "-m", "visavis", "import", "--download", "faces"],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), **environment},
    )


def test_the_files_to_fetch_are_known() -> None:
    assert {"EDTalk.pt", "Audio2Lip.pt"} <= set(KNOWN.values())
    assert all(len(it) == 64 for it in KNOWN)
