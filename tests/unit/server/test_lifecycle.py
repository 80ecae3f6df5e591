from __future__ import annotations

import itertools

import pytest

from server.lifecycle import LEGAL, LIVE, Life, State


def life_in(state: State) -> Life:
    life = Life()
    life.state = state
    return life


@pytest.mark.parametrize(("before", "after"), list(itertools.product(State, State)))
def test_only_what_the_table_allows_happens(before: State, after: State) -> None:
    life = life_in(before)
    legal = after in LEGAL[before]
    assert life.to(after) is legal
    assert life.state is (after if legal else before)


def test_a_session_waits_first_and_its_end_is_final() -> None:
    assert Life().state is State.WAITING
    assert not LEGAL[State.ENDED]
    assert all(State.ENDED in LEGAL[it] for it in State if it is not State.ENDED)


def test_every_state_can_be_reached_and_left() -> None:
    assert set().union(*LEGAL.values()) == set(State)
    assert all(LEGAL[it] for it in State if it is not State.ENDED)


def test_a_lost_page_comes_back_to_life_before_it_speaks() -> None:
    assert State.SPEAKING not in LEGAL[State.LOST]
    assert State.IDLE in LEGAL[State.LOST]
    assert {State.IDLE, State.SPEAKING} == LIVE
