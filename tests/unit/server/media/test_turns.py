"""Beats of several sessions lie apart."""

from __future__ import annotations

import itertools

import pytest

from server.media.turns import ANYWHERE, AT_SOUND, TICK, Turns


def test_a_lonely_session_begins_at_once() -> None:
    assert Turns().best(7.0) == 7.0
    assert Turns().best(7.0, AT_SOUND) == 7.0


@pytest.mark.parametrize(("other", "later"), [(0.0, 0.02), (0.004, 0.02), (0.012, 0.0), (0.03, 0)])
def test_with_sound_it_begins_now_or_half_a_tick_later(other: float, later: float) -> None:
    turns = Turns()
    turns.join("other", lambda: 100 + 3 * TICK + other)
    assert turns.best(105 * TICK + 100, AT_SOUND) == pytest.approx(105 * TICK + 100 + later)


def test_sessions_without_sound_spread_over_the_tick() -> None:
    turns = Turns()
    starts = []
    for name in range(4):
        start = turns.best(50.0, ANYWHERE)
        turns.join(name, lambda start=start: start)  # type: ignore[misc]
        starts.append(start % TICK)
    gaps = [b - a for a, b in itertools.pairwise(sorted(starts))]
    assert min(gaps) >= TICK / 4 - 1e-9


def test_who_has_left_takes_no_room() -> None:
    turns = Turns()
    turns.join("gone", lambda: 0.0)
    turns.leave("gone")
    turns.leave("gone")
    assert turns.best(0.0) == 0.0


def test_a_session_whose_schedule_moved_is_seen_where_it_is() -> None:
    turns, moved = Turns(), [0.0]
    turns.join("other", lambda: moved[0])
    assert turns.best(TICK, AT_SOUND) == pytest.approx(TICK * 1.5)
    moved[0] = TICK / 2
    assert turns.best(TICK, AT_SOUND) == pytest.approx(TICK)
