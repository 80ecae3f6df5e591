"""A film may be long: what it takes of memory does not grow with it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import av

from tests.support.long_film import LENGTH
from tests.support.videos import greys, write_video

GROWTH = 1.05
"""From one minute to ten; 1.03 of it is the index at an MP4's end, which libavformat keeps."""


def test_ten_minutes_take_the_memory_of_one(tmp_path: Path) -> None:
    short, long = write_video(tmp_path / "short.mp4", greys(60, 16, 16)), tmp_path / "long.mp4"
    made = subprocess.run(
        [sys.executable, "-m", "tests.support.long_film", str(short), str(long)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert made.returncode == 0, made.stderr
    after_one, after_ten = map(int, made.stdout.split())
    print(f"{after_one} KiB after a minute, {after_ten} after ten")
    assert after_ten < GROWTH * after_one
    with av.open(str(long)) as film:
        assert film.streams.video[0].frames == LENGTH
