"""The bench measures what it says; how fast is not a test's business."""

from __future__ import annotations

import json
from pathlib import Path

from bench.report import as_json, machine, stage_table
from bench.sessions import run
from bench.stages import babble, measure
from engine.studio import Studio


def test_measuring_calls_the_work_and_orders_the_times() -> None:
    calls = []
    stage = measure("work", lambda: calls.append(1), rounds=20)
    assert len(calls) == 30, "ten to warm up"
    assert 0 < stage.median_ms <= stage.p95_ms


def test_babble_has_syllables() -> None:
    pieces = babble(25)
    loud = [int(abs(piece.astype(int)).max()) for piece in pieces]
    assert len(pieces) == 25 and max(loud) > 3_000 and min(loud) < 500


def test_one_session_runs_on_the_real_clock(tmp_path: Path) -> None:
    studio = Studio.open()
    load = run(studio, studio.presenter("ada", 256), 256, 1, seconds=0.4)
    assert load.pictures + load.late == 10
    found = [measure("whole tick 256", lambda: None, rounds=5)]
    assert stage_table(found).row_count == 1
    text = json.dumps(as_json(found, {256: [load]}, {}))
    assert json.loads(text)["machine"] == machine()
