"""Changed input is changed, and the same from the same seed."""

from __future__ import annotations

import json

from tests.support.mutate import Mutator

OFFER = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nm=audio 9 RTP 96\r\na=mid:0\r\n"
MESSAGE = {"type": "control", "controls": {"pose": {"source": "idle"}, "blink": 0.5}}


def test_the_same_seed_is_the_same_sequence() -> None:
    one, same = Mutator(1), Mutator(1)
    assert [one.text(OFFER) for _ in range(50)] == [same.text(OFFER) for _ in range(50)]
    assert [one.message(MESSAGE) for _ in range(50)] == [same.message(MESSAGE) for _ in range(50)]


def test_nearly_all_is_changed_and_nearly_all_differs() -> None:
    mutator = Mutator(2)
    texts = [mutator.text(OFFER) for _ in range(1_000)]
    assert texts.count(OFFER) < 70 and len(set(texts)) > 700
    messages = [mutator.message(MESSAGE) for _ in range(1_000)]
    assert messages.count(json.dumps(MESSAGE)) < 50 and len(set(messages)) > 400
    data = [mutator.bytes(bytes(range(100))) for _ in range(1_000)]
    assert len({len(it) for it in data}) > 20


def test_some_messages_are_broken_and_most_are_not() -> None:
    mutator = Mutator(3)
    broken = 0
    for _ in range(500):
        try:
            json.loads(mutator.message(MESSAGE))
        except ValueError:
            broken += 1
    assert 5 < broken < 100
