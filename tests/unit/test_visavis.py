"""The command as somebody types it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import av
import pytest
from PIL import Image
from typer.testing import CliRunner

from tests.support.speech import tone, write_wav
from visavis import app

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
