from __future__ import annotations

import pytest

from engine.clock import ManualClock
from engine.errors import ServerFull, Unauthorized
from server import limits
from server.doors.tickets import Tickets
from server.doors.tokens import Grant

BOB = Grant("bob")


def test_a_ticket_is_good_once() -> None:
    tickets = Tickets(ManualClock())
    ticket = tickets.issue(BOB)
    assert tickets.redeem(ticket) == BOB
    with pytest.raises(Unauthorized, match="was used"):
        tickets.redeem(ticket)


def test_a_ticket_is_good_for_half_a_minute() -> None:
    clock = ManualClock()
    tickets = Tickets(clock)
    early, late = tickets.issue(BOB), tickets.issue(BOB)
    clock.advance(limits.TICKET_SECONDS - 0.01)
    assert tickets.redeem(early) == BOB
    clock.advance(0.01)
    with pytest.raises(Unauthorized):
        tickets.redeem(late)
    assert len(tickets) == 0


def test_tickets_are_bounded_and_nobody_loses_his() -> None:
    clock = ManualClock()
    tickets = Tickets(clock, capacity=3)
    first = tickets.issue(BOB)
    for _ in range(2):
        tickets.issue(Grant("eve"))
    with pytest.raises(ServerFull):
        tickets.issue(Grant("eve"))
    assert tickets.redeem(first) == BOB
    tickets.issue(BOB)
    clock.advance(limits.TICKET_SECONDS)
    for _ in range(3):
        tickets.issue(BOB)


@pytest.mark.parametrize("guess", ["", "x", "*", "é"])
def test_a_guess_is_no_ticket(guess: str) -> None:
    tickets = Tickets(ManualClock())
    tickets.issue(BOB)
    with pytest.raises(Unauthorized):
        tickets.redeem(guess)
    assert len(tickets) == 1
