"""Tests of timing: what they are run beside, and how often they may miss."""

from __future__ import annotations

import os
from collections.abc import Generator
from typing import Final

import pytest

from bench.others import BUSY, Others
from bench.pace import SLOW, pace

# Before numpy and torch are imported: threads that wait for each other beside other programs
# make small networks forty times slower than one alone.
os.environ.setdefault("OMP_NUM_THREADS", "1")

TRIES: Final = 3
"""A bound of timing that is missed once on a shared machine proves nothing; one that is missed
three times in a row does."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Try tests of timing again."""
    for item in items:
        if item.get_closest_marker("timing") is not None:
            item.add_marker(pytest.mark.flaky(reruns=TRIES - 1))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """Tell a failure of timing on a machine that is busy or slow from one of ours."""
    others = Others()
    try:
        return (yield)
    except AssertionError as error:
        if item.get_closest_marker("timing") is None or (why := excuse(others.share())) is None:
            raise
        pytest.skip(f"not judged, {why}: {str(error).splitlines()[0]}")


def excuse(others: float) -> str | None:
    """Why lateness says nothing about us here and now; None if it does."""
    if others >= BUSY:
        return f"others took {100 * others:.0f} % of the cores"
    if (quick := pace()) < SLOW:
        return f"the cores do {100 * quick:.0f} % of the work that the bounds are of"
    return None
