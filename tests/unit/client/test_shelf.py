from __future__ import annotations

import av
import pytest

from client.shelf import BEAT, HELD, LATE, Shelf


def picture() -> av.VideoFrame:
    return av.VideoFrame(16, 16, "rgb24")


def test_a_picture_is_shown_when_it_is_due() -> None:
    shelf, first = Shelf(0.0), picture()
    assert shelf.take(0.0) is None, "black, at once"
    shelf.put(first, 0.1)
    assert shelf.next == pytest.approx(0.04)
    for _ in range(2):
        shelf.take(shelf.next)
    assert shelf.next == pytest.approx(0.1), "the picture, before black is shown again"
    assert shelf.take(0.1) is first and shelf.dropped == 0


def test_the_last_one_is_shown_again_25_times_a_second() -> None:
    shelf = Shelf(0.0)
    shelf.put(picture(), 0.0)
    assert shelf.take(0.0) is not None
    times = []
    for _ in range(26):
        times.append(shelf.next)
        assert shelf.take(shelf.next + 0.001) is None, "a thread that wakes a little late"
    assert times[0] == pytest.approx(LATE)
    assert times[-1] - times[0] == pytest.approx(25 * BEAT, abs=0.005)


def test_of_several_that_are_due_the_newest_is_shown() -> None:
    shelf, newest = Shelf(0.0), picture()
    for due, it in ((0.0, picture()), (0.04, picture()), (0.08, newest), (0.12, picture())):
        shelf.put(it, due)
    assert shelf.take(0.1) is newest
    assert shelf.dropped == 2 and shelf.next == 0.12


def test_it_holds_a_second_at_the_most() -> None:
    shelf = Shelf(0.0)
    for number in range(HELD + 5):
        shelf.put(picture(), 10.0 + number)
    assert shelf.dropped == 5
    shelf.take(0.0)
    assert shelf.next == BEAT and shelf.take(15.0) is not None
