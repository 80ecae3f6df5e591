"""Avatars drawn in other processes: the same pictures, whatever becomes of a process."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from engine import render_processes
from engine.background import Blurred
from engine.errors import BackendError, ControlError
from engine.render_processes import RenderProcesses
from engine.scene import LONG, SHORT, Framing, Scene
from engine.studio import Studio
from tests.support.drawn import Counting, Ending, Faulty, Hanging, Plain, Refusing
from tests.support.leaks import until
from tests.support.motions import motion

SPEAKING = motion(jawOpen=0.5, mouthSmile=0.3, yaw=6.0, eyeBlink=0.4)


@pytest.fixture(scope="module")
def processes() -> Iterator[RenderProcesses]:
    made = RenderProcesses(2)
    made.wait()
    yield made
    made.close()


@pytest.fixture
def one() -> Iterator[RenderProcesses]:
    made = RenderProcesses(1)
    yield made
    made.close()


@pytest.mark.parametrize(
    "scene",
    [Scene(), Scene(Framing.WHOLE), Scene(background=Blurred())],
    ids=["face", "whole", "blurred"],
)
def test_pictures_are_the_same_to_the_bit(
    processes: RenderProcesses, studio: Studio, scene: Scene
) -> None:
    here = studio.presenter("ada", 256, scene)
    there = processes.remote(here)
    assert (there.width, there.height) == (here.width, here.height)
    assert there.own.keys() == here.own.keys()
    for asked in (motion(), SPEAKING):
        np.testing.assert_array_equal(there.draw(asked), here.draw(asked))
    there.close()


def test_a_networks_correction_is_the_same_there(processes: RenderProcesses) -> None:
    studio = Studio.open()
    assert studio.drawn_by == "render" and studio.portable
    here = studio.presenter("kenji", 256)
    there = processes.remote(here)
    np.testing.assert_array_equal(there.draw(SPEAKING), here.draw(SPEAKING))
    there.close()


def test_graphs_that_make_whole_pictures_stay_here(faces: Studio) -> None:
    assert not faces.portable


def test_the_largest_picture_comes_back(processes: RenderProcesses) -> None:
    there = processes.remote(Plain(LONG, SHORT))
    assert there.draw(motion()).shape == (SHORT, LONG, 3)
    there.close()


def test_a_picture_stays_as_it_is(processes: RenderProcesses) -> None:
    there = processes.remote(Counting())
    first = there.draw(motion())
    before = first.copy()
    there.draw(motion())
    np.testing.assert_array_equal(first, before)
    there.close()


def test_many_threads_get_each_its_own(processes: RenderProcesses, studio: Studio) -> None:
    faces = [studio.presenter(name, 256) for name in ("ada", "kenji", "nora")]
    remotes = [processes.remote(face) for face in faces]

    def same(turn: int) -> bool:
        asked = motion(jawOpen=0.1 * (turn % 7), yaw=float(turn % 5))
        picture = remotes[turn % 3].draw(asked)
        return bool((picture == faces[turn % 3].draw(asked)).all())

    with ThreadPoolExecutor(6) as threads:
        assert all(threads.map(same, range(60)))
    for remote in remotes:
        remote.close()


def test_an_avatar_is_sent_once_and_forgotten_when_closed(one: RenderProcesses) -> None:
    there = one.remote(Counting())
    assert [int(there.draw(motion()).max()) for _ in range(3)] == [1, 2, 3]
    there.close()
    assert int(there.draw(motion()).max()) == 1
    there.close()
    there.close()


def test_what_is_wrong_is_told_as_it_was_there(one: RenderProcesses) -> None:
    with pytest.raises(ControlError, match="no such face") as told:
        one.remote(Refusing()).draw(motion())
    assert "tests/support/drawn.py" in told.value.__notes__[0]


def test_a_fault_is_an_error_of_ours_and_its_place_a_note(one: RenderProcesses) -> None:
    with pytest.raises(BackendError) as told:
        one.remote(Faulty()).draw(motion())
    assert "never say this" not in told.value.message
    assert "ZeroDivisionError" in told.value.__notes__[0]
    assert one.remote(Plain()).draw(motion()).max() == 7


@pytest.mark.parametrize("breaks", [Ending, Hanging])
def test_a_process_that_is_lost_is_replaced(
    one: RenderProcesses, monkeypatch: pytest.MonkeyPatch, breaks: type[Plain]
) -> None:
    known = one.remote(Counting())
    assert int(known.draw(motion()).max()) == 1
    one.wait()
    monkeypatch.setattr(render_processes, "DRAW_SECONDS", 0.5)
    with pytest.raises(BackendError, match="ended or hung"):
        one.remote(breaks()).draw(motion())
    monkeypatch.undo()
    assert int(known.draw(motion()).max()) == 1, "the new process was not sent the avatar"


def test_processes_that_do_not_start_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(render_processes, "CHILD", "raise SystemExit(1)")
    made = RenderProcesses(1)
    with pytest.raises(BackendError):
        made.wait()
    made.close()
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(BackendError, match="cannot be drawn in processes"):
        RenderProcesses(1)


def test_without_memory_that_can_be_shared_there_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "memfd_create")
    with pytest.raises(BackendError, match="cannot be drawn in processes"):
        RenderProcesses(2)


def test_who_is_closed_before_it_has_started_says_nothing(
    capfd: pytest.CaptureFixture[str],
) -> None:
    RenderProcesses(2).close()
    assert capfd.readouterr().err == ""


async def test_they_end_with_the_server_however_it_ends() -> None:
    script = (
        "import os, signal\n"
        "from engine.render_processes import RenderProcesses\n"
        "made = RenderProcesses(1); made.wait()\n"
        "print(open(f'/proc/self/task/{os.getpid()}/children').read(), flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    told = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", script], stdout=subprocess.PIPE, check=False
    )
    assert told.returncode == -signal.SIGKILL
    await until(lambda: not _runs(int(told.stdout)), seconds=10)


def _runs(process: int) -> bool:
    try:
        return "render_child" in Path(f"/proc/{process}/cmdline").read_text()
    except OSError:
        return False
