"""`visavis serve` and `visavis call` as two processes, the way somebody uses them."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import av
import httpx
import pytest

from bench.live import server
from tests.support.lips import SPEECH

pytestmark = pytest.mark.e2e
VISAVIS = (sys.executable, "-m", "visavis")


def test_a_call_from_the_terminal_is_recorded(tmp_path: Path) -> None:
    film = tmp_path / "call.mp4"
    with server() as (url, _, _):
        done = subprocess.run(
            [*VISAVIS, "call", url, "--presenter", "mei", "--size", "256", "--seconds", "3",
             "--file", str(SPEECH / "rms.wav"), "--record", str(film)],
            capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert httpx.get(f"{url}/health").json()["sessions"] == 0
    assert done.returncode == 0, done.stderr
    assert "pictures in 3" in done.stdout
    with av.open(str(film)) as container:
        pictures = sum(1 for _ in container.decode(video=0))
    assert 60 < pictures <= 76


def test_a_refusal_is_one_sentence() -> None:
    with server() as (url, _, _):
        failed = subprocess.run(
            [*VISAVIS, "call", url, "--presenter", "nobody", "--seconds", "1"],
            capture_output=True, text=True, timeout=60,
        )  # fmt: skip
    assert failed.returncode == 1
    assert "no presenter of that name" in failed.stderr and "Traceback" not in failed.stderr


def test_the_server_says_where_it_is_and_leaves_when_asked() -> None:
    process = subprocess.Popen(
        [*VISAVIS, "serve", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith("Visavis: http://127.0.0.1:")
    process.send_signal(signal.SIGINT)
    _, complaints = process.communicate(timeout=15)
    assert process.returncode == 0, complaints
