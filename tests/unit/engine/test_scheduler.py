from __future__ import annotations

import threading
from functools import partial

import pytest

from engine.errors import BackendError
from engine.scheduler import Pool


def test_the_earliest_deadline_is_served_first() -> None:
    pool = Pool(workers=1)
    gate, order = threading.Event(), list[float]()
    pool.submit(lambda: gate.wait(5), 0.0)
    futures = [pool.submit(partial(order.append, due), due) for due in (3.0, 1.0, 2.0)]
    gate.set()
    for future in futures:
        future.result(5)
    pool.close()
    assert order == [1.0, 2.0, 3.0]


def test_a_full_queue_refuses_and_counts() -> None:
    pool = Pool(workers=1, capacity=2)
    gate, started = threading.Event(), threading.Event()

    def busy() -> None:
        started.set()
        gate.wait(5)

    pool.submit(busy, 0.0)
    assert started.wait(5)
    pool.submit(int, 1.0)
    pool.submit(int, 1.0)
    with pytest.raises(BackendError, match="behind"):
        pool.submit(int, 1.0)
    assert pool.refused == 1 and pool.waiting() == 2
    gate.set()
    pool.close()


def test_an_error_reaches_whoever_waits_and_the_pool_goes_on() -> None:
    pool = Pool(workers=1)
    with pytest.raises(ZeroDivisionError):
        pool.submit(lambda: 1 // 0, 0.0).result(5)
    assert pool.submit(lambda: 7, 0.0).result(5) == 7
    pool.close()


def test_closing_cancels_what_waits_and_ends_the_threads() -> None:
    before = threading.active_count()
    pool = Pool(workers=2)
    gate, both = threading.Event(), threading.Barrier(3)
    for _ in range(2):
        pool.submit(lambda: (both.wait(5), gate.wait(5)), 0.0)
    both.wait(5)
    waiting = pool.submit(int, 1.0)
    closing = threading.Thread(target=pool.close)
    closing.start()
    gate.set()
    closing.join(5)
    assert waiting.cancelled() or waiting.done()
    assert threading.active_count() == before
    with pytest.raises(BackendError):
        pool.submit(int, 0.0)
