"""Many sessions, few cores: a bounded pool that serves the earliest deadline first."""

from __future__ import annotations

import heapq
import itertools
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from engine.errors import BackendError

T = TypeVar("T")


class Pool:
    """Worker threads, one a core, fed by a bounded queue in order of deadlines.

    The work releases the interpreter lock in onnxruntime, OpenCV and numpy, so
    threads do run side by side.

    Args:
        workers: threads; the number of cores when left out.
        capacity: jobs that may wait; one more is refused and counted.
    """

    def __init__(self, workers: int | None = None, capacity: int = 64) -> None:
        self._capacity = capacity
        self._order = itertools.count()
        self._waiting: list[tuple[float, int, Callable[[], Any], Future[Any]]] = []
        self._changed = threading.Condition()
        self._closed = False
        self.refused = 0
        self._threads = [
            threading.Thread(target=self._serve, name=f"visavis-worker-{n}", daemon=True)
            for n in range(workers or os.cpu_count() or 1)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, work: Callable[[], T], due: float) -> Future[T]:
        """Queue `work` to be done before `due` (seconds of the caller's clock).

        Raises:
            BackendError: the queue is full or the pool is closed.
        """
        future: Future[T] = Future()
        with self._changed:
            if self._closed or len(self._waiting) >= self._capacity:
                self.refused += 1
                raise BackendError("all workers are behind: end sessions or use more cores")
            heapq.heappush(self._waiting, (due, next(self._order), work, future))
            self._changed.notify()
        return future

    def waiting(self) -> int:
        """Jobs that no worker has taken yet."""
        with self._changed:
            return len(self._waiting)

    def close(self) -> None:
        """Finish what runs, cancel what waits, end the threads."""
        with self._changed:
            self._closed = True
            for *_, future in self._waiting:
                future.cancel()
            self._waiting.clear()
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _serve(self) -> None:
        while True:
            with self._changed:
                while not self._waiting and not self._closed:
                    self._changed.wait()
                if not self._waiting:
                    return
                _, _, work, future = heapq.heappop(self._waiting)
            if not future.set_running_or_notify_cancel():
                continue
            try:
                result = work()
            except BaseException as error:  # handed to whoever waits for the result
                future.set_exception(error)
            else:
                future.set_result(result)
