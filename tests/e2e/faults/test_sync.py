"""What people see and hear: how old pictures are, and whether flash and beep come together."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from typing import Final

import numpy as np
import pytest
from playwright.sync_api import Browser

from tests.support.beeping import beeping_browser, call
from tests.support.lengths import length
from tests.support.probe import Seen, watch_page
from tests.support.probed import probed

pytestmark = [pytest.mark.e2e, pytest.mark.timing]
SECONDS: Final = length(6.0, 60.0)
AGE_P95_MS: Final = 80.0
"""From a picture's mark to its showing, on the loopback interface."""
OFFSET_MS: Final = (-150.0, 60.0)
"""Flash after beep: a browser plays sound 60 to 100 ms after pictures that left with it."""
FEW: Final = 3
"""Pictures that may be dropped in a short look; 1 % in a long one."""
SHIFT_TICKS: Final = 5


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with beeping_browser(tmp_path_factory.mktemp("beeps")) as running:
        yield running


def seen_in_browser(browser: Browser, ticks: int) -> Seen:
    with probed(ticks) as url:
        page = browser.new_page(bypass_csp=True)
        call(page, url)
        seen = watch_page(page, SECONDS)
        page.close()
    return seen


@pytest.mark.parametrize("ticks", [0, SHIFT_TICKS, -SHIFT_TICKS])
def test_a_browser_sees_the_flash_with_the_beep(browser: Browser, ticks: int) -> None:
    """A shift of 200 ms that is put in is seen as one: the probe works."""
    seen = seen_in_browser(browser, ticks)
    assert seen.offsets_ms, "neither flash nor beep"
    age, offset = np.percentile(seen.ages_ms, 95), statistics.median(seen.offsets_ms)
    print(
        f"flash {40 * ticks:+d} ms: {offset:+.0f} ms after the beep, "
        f"pictures {np.median(seen.ages_ms):.0f} ms old, p95 {age:.0f} ms, {seen.dropped} dropped"
    )
    assert len(seen.offsets_ms) >= SECONDS - 3
    low, high = (it + 40 * ticks for it in OFFSET_MS)
    assert low <= offset <= high
    assert 0 < age < AGE_P95_MS
    assert seen.dropped <= max(FEW, 0.01 * seen.pictures)
