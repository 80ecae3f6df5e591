"""The command as somebody types it."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import av
import pytest
from PIL import Image
from rich.console import Console
from rich.progress import Progress
from typer.testing import CliRunner

from engine.backends import cuda
from engine.backends.onnx import OnnxBackend
from engine.bundle import Bundle
from tests.support.driver_clip import CLIP
from tests.support.speech import tone, write_wav
from visavis import app, compiled, shown_on

ASTRONAUT = Path(__file__).parents[1] / "data" / "portraits" / "astronaut.jpg"


def visavis(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "visavis", *arguments], capture_output=True, text=True, timeout=60
    )


@pytest.mark.parametrize(
    "command",
    ["serve", "token", "render", "call", "devices", "open", "speak", "import", "bench", "doctor"],
)
def test_every_command_explains_itself(command: str) -> None:
    result = CliRunner().invoke(app, [command, "--help"])
    assert result.exit_code == 0
    assert command == "doctor" or "Examples" in result.output


def test_rendering_a_file(tmp_path: Path) -> None:
    sound = write_wav(tmp_path / "in.wav", tone(0.4), 48_000)
    done = visavis("render", str(sound), str(tmp_path / "out.mp4"), "--size", "256")
    assert done.returncode == 0, done.stderr
    assert "out.mp4: 0.4 s" in done.stdout
    assert (tmp_path / "out.mp4").stat().st_size > 2_000


def test_rendering_a_whole_picture_before_another_background(tmp_path: Path) -> None:
    sound = write_wav(tmp_path / "in.wav", tone(0.2), 48_000)
    Image.open(ASTRONAUT).crop((90, 0, 390, 512)).save(tmp_path / "me.png")
    Image.new("RGB", (80, 80), (20, 120, 40)).save(tmp_path / "wall.png")
    done = visavis(
        "render", str(sound), str(tmp_path / "out.mp4"), "--portrait", str(tmp_path / "me.png"),
        "--framing", "whole", "--background", str(tmp_path / "wall.png"), "--size", "256",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    with av.open(str(tmp_path / "out.mp4")) as film:
        frame = next(film.decode(video=0)).to_ndarray(format="rgb24")
    assert frame.shape == (512, 300, 3)
    assert abs(frame[5, 5].astype(int) - (20, 120, 40)).max() <= 4


def test_a_portrait_is_shown_as_it_is_on_request(tmp_path: Path) -> None:
    """The film's left is the picture's own, which a crop would have cut away."""
    sound = write_wav(tmp_path / "in.wav", tone(0.1), 48_000)
    picture = Image.open(ASTRONAUT)
    picture.paste((200, 30, 30), (0, 0, 24, 512))
    picture.save(tmp_path / "me.png")
    done = visavis(
        "render", str(sound), str(tmp_path / "out.mp4"), "--size", "256",
        "--portrait", str(tmp_path / "me.png"), "--no-crop",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    with av.open(str(tmp_path / "out.mp4")) as film:
        red, green, _ = next(film.decode(video=0)).to_ndarray(format="rgb24")[128, 3]
    assert int(red) - int(green) > 100


def test_what_is_not_cropped_is_a_portrait_s_face_alone() -> None:
    for more in ((), ("--portrait", "me.png", "--framing", "whole")):
        told = ["render", "in.wav", "out.mp4", "--no-crop", *more]
        refused = CliRunner().invoke(app, told, env={"COLUMNS": "140"})
        assert refused.exit_code == 2 and "give --portrait" in refused.output
    told = ["render", "in.wav", "out.mp4", "--no-crop", "--portrait", str(CLIP)]
    refused = CliRunner().invoke(app, told, env={"COLUMNS": "140"})
    assert refused.exit_code == 2 and "shown whole" in refused.output


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("in.wav", "out.mp4", "--background", "#20304"), "a colour is written as #rrggbb"),
        (("in.wav", "out.mp4", "--background", "nothing.png"), "background cannot be read"),
        (("in.wav", "out.mp4", "--background", "in.wav"), "the background: this is not a picture"),
        (("in.wav", "out.mp4", "--presenter", "nobody"), "no presenter of that name"),
        (("in.wav", "out.mp4", "--emotion", "furious"), "no emotion 'furious'"),
        (("in.wav", "out.mp4", "--portrait", "nothing.png"), "there is no file 'nothing.png' here"),
        (("nothing.wav", "out.mp4"), "cannot be read as sound"),
        (("in.wav", "out.mp4", "--pose", "nobody.mp4"), "'nobody.mp4' cannot drive pose"),
        (("-o", "out.mp4", "--mouth", "still"), "nothing says how long the film is"),
        (("in.wav", "out.mp4", "--bundle", "."), "is no bundle"),
        (("in.wav", "."), "the film cannot be written over a folder"),
        (("in.wav", "no/out.mp4"), "the film cannot be written there: choose a folder"),
        (("in.wav", "out.mp4", "--save-motion", "."), "the motion cannot be written over a folder"),
    ],
)
def test_a_mistake_is_one_sentence_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], sentence: str
) -> None:
    write_wav(tmp_path / "in.wav", tone(0.2), 48_000)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    failed = visavis("render", *arguments)
    assert failed.returncode == 1
    assert sentence in failed.stderr and "Traceback" not in failed.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["in.wav"]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("render in.wav out.mp4 --seed -1", "'--seed'"),
        ("render in.wav out.mp4 --presenter ada --portrait me.png", "give one face"),
        (f"render in.wav out.mp4 --framing whole --portrait {CLIP}", "shown whole"),
        ("call --presenter ada --portrait me.png", "give one face"),
        ("call --microphone --file in.wav", "speak with one"),
    ],
)
def test_options_that_contradict_each_other_are_refused(line: str, sentence: str) -> None:
    refused = CliRunner().invoke(app, line.split(), env={"COLUMNS": "140"})
    assert refused.exit_code == 2 and sentence in refused.output


def test_a_portrait_without_a_face_is_one_sentence_too(tmp_path: Path) -> None:
    """The face tracker used to complain behind it when the command ended."""
    sound = write_wav(tmp_path / "in.wav", tone(0.2), 48_000)
    Image.new("RGB", (300, 300), (90, 90, 90)).save(tmp_path / "grey.png")
    film = tmp_path / "out.mp4"
    failed = visavis("render", str(sound), str(film), "--portrait", str(tmp_path / "grey.png"))
    assert failed.returncode == 1 and "no face was found" in failed.stderr
    assert "Traceback" not in failed.stderr and not film.exists()


def test_a_full_disk_is_one_sentence_and_leaves_no_half_film(tmp_path: Path) -> None:
    sound = write_wav(tmp_path / "in.wav", tone(2.0), 48_000)
    film = tmp_path / "out.mp4"
    limited = f'ulimit -f 16; exec "{sys.executable}" -m visavis render "{sound}" "{film}"'
    failed = subprocess.run(["sh", "-c", limited], capture_output=True, text=True, timeout=60)
    assert failed.returncode == 1
    assert "is the disk full" in failed.stderr and "Traceback" not in failed.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["in.wav"]


def test_a_size_that_is_not_drawn_is_refused() -> None:
    refused = CliRunner().invoke(app, ["call", "--size", "300"])
    assert refused.exit_code == 2 and "256 or 512" in refused.output


def test_each_device_of_a_call_is_explained_with_an_example() -> None:
    told = CliRunner().invoke(app, ["call", "--help"], env={"COLUMNS": "140"}).output
    for example in ("--microphone USB", "--camera 0", "--speaker pulse", "--virtual-camera /dev/"):
        assert example in told


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--microphone", "nobody's"), "no microphone 'nobody's'"),
        (("--speaker", "99"), "no speaker '99'"),
        (("--camera", "63"), "camera 63 cannot be opened"),
        (("--camera", "nothing.mp4"), "nothing.mp4 cannot be opened"),
        (("--virtual-camera", "/dev/video98"), "pyvirtualcam"),
    ],
)
def test_a_device_that_is_not_there_is_one_sentence(
    arguments: tuple[str, ...], sentence: str
) -> None:
    failed = visavis("call", "--seconds", "1", *arguments)
    assert failed.returncode == 1
    assert sentence in failed.stderr and "Traceback" not in failed.stderr
    assert failed.stderr.startswith("visavis: "), "nothing else is said"


def test_a_source_that_no_server_can_have_is_refused() -> None:
    refused = CliRunner().invoke(app, ["call", "--pose", "Camera!"])
    assert refused.exit_code == 2 and "small letters" in refused.output


def test_devices_are_listed_on_any_machine() -> None:
    listed = CliRunner().invoke(app, ["devices"], env={"COLUMNS": "140"})
    assert listed.exit_code == 0
    for kind in ("camera", "microphone", "speaker", "virtual camera"):
        assert f"│ {kind} " in listed.output


def test_a_missing_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "httpx.py").write_text("raise ModuleNotFoundError('gone', name='httpx')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    failed = visavis("call", "--seconds", "1")
    assert failed.returncode == 1
    assert "'httpx'" in failed.stderr and "visavis[client]" in failed.stderr
    assert "Traceback" not in failed.stderr


def test_the_doctor_finds_the_bundle() -> None:
    told = visavis("doctor").stdout
    assert "ok  bundle: builtin" in told
    assert " tensorrt: " in told and " cuda: " in told


@pytest.fixture
def without_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuda, "LIBRARY", "libno-such-driver.so.1")


@pytest.mark.usefixtures("without_gpu")
def test_a_backend_that_is_not_there_is_said_and_the_film_is_made(tmp_path: Path) -> None:
    sound = write_wav(tmp_path / "in.wav", tone(0.2), 48_000)
    output = tmp_path / "out.mp4"
    arguments = ["render", str(sound), str(output), "--size", "256", "--backend", "tensorrt"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0 and output.stat().st_size > 2_000
    first, last = filter(None, done.output.splitlines())
    assert first.startswith("visavis: there is no driver of an NVIDIA GPU here")
    assert first.endswith("onnxruntime draws on the CPU")
    assert last.startswith("out.mp4: 0.2 s")


def test_a_backend_that_nobody_knows_is_refused() -> None:
    refused = CliRunner().invoke(app, ["serve", "--backend", "abacus"])
    assert refused.exit_code == 2 and "tensorrt" in refused.output


@pytest.mark.usefixtures("without_gpu")
def test_the_server_is_given_what_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, Any] = {}
    monkeypatch.setattr("server.serve.serve", lambda *place, **options: asked.update(options))
    told = CliRunner().invoke(app, ["serve", "--backend", "cuda"])
    assert told.exit_code == 0
    (backend,) = asked["backends"](Bundle.open().manifest)
    assert isinstance(backend, OnnxBackend)


def test_how_far_graphs_are_is_shown() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=100)
    with Progress(console=console, auto_refresh=False) as progress:
        tell, say = shown_on(progress)
        tell("render", 0.0)
        tell("render", 0.5)
        tell("portrait", 0.25)
        say("[there] is no GPU")
        assert [task.percentage for task in progress.tasks] == [50, 25]
        progress.refresh()
    told = console.file.getvalue()  # type: ignore[attr-defined]
    assert "Compiling 'render', once for this GPU" in told
    assert "visavis: [there] is no GPU" in told


def test_what_is_compiled_lies_in_the_users_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert compiled() == Path("/somewhere/visavis/compiled")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert compiled() == Path.home() / ".cache" / "visavis" / "compiled"
