"""The ring against a list that does the same."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from server.voice.ring import Ring
from tests.support.voices import counting

STEPS = st.lists(st.tuples(st.sampled_from(["write", "read", "clear"]), st.integers(0, 25)))


@given(steps=STEPS, capacity=st.integers(1, 20))
def test_it_does_what_a_list_does(steps: list[tuple[str, int]], capacity: int) -> None:
    ring, model, written = Ring(capacity), list[int](), 0
    for what, count in steps:
        if what == "write":
            samples = counting(count, written)
            taken = ring.write(samples)
            assert taken == min(count, capacity - len(model))
            model += samples[:taken].tolist()
            written += taken
        elif what == "read":
            assert ring.read(count).tolist() == model[:count]
            model = model[count:]
        else:
            ring.clear()
            model = []
        assert len(ring) == len(model)


def test_what_was_read_does_not_change_when_more_is_written() -> None:
    ring = Ring(4)
    ring.write(counting(4))
    read = ring.read(4)
    ring.write(np.zeros(4, np.int16))
    assert read.tolist() == [1, 2, 3, 4]
