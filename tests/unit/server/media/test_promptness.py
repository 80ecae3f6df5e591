"""When browsers are to show pictures as they come, and when they are to smooth."""

from __future__ import annotations

import pytest

from server.media.promptness import (
    AS_NEEDED,
    AT_ONCE,
    CALM_JITTER,
    CALM_LOSS,
    PATIENCE,
    Promptness,
)


def test_a_line_is_calm_until_it_says_otherwise() -> None:
    promptness = Promptness()
    assert promptness.playout_delay == AT_ONCE
    promptness.heard(CALM_JITTER, CALM_LOSS)
    assert promptness.playout_delay == AT_ONCE


@pytest.mark.parametrize(("jitter", "lost"), [(1.01 * CALM_JITTER, 0.0), (0.0, 1.01 * CALM_LOSS)])
def test_one_restless_report_is_enough_and_many_calm_ones_are_wanted(
    jitter: float, lost: float
) -> None:
    promptness = Promptness()
    promptness.heard(jitter, lost)
    for _ in range(PATIENCE - 1):
        promptness.heard(0.0, 0.0)
        assert promptness.playout_delay == AS_NEEDED
    promptness.heard(0.0, 0.0)
    assert promptness.playout_delay == AT_ONCE
