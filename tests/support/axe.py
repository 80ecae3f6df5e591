"""What axe-core, other people's checker of accessibility, finds wrong with a page."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

from tests.support.packages import package


def violations(page: Page) -> list[Any]:
    """Rules that are broken, each with the elements that break it; skips without axe-core."""
    checker = (package("axe-core") / "axe.min.js").read_text()
    page.evaluate(f"window.axe ?? (() => {{ {checker} }})()")
    found: list[Any] = page.evaluate(
        """async () => (await axe.run(document, { resultTypes: ["violations"] }))
          .violations.map(({ id, nodes }) => [id, nodes.map(({ target }) => target)])"""
    )
    return found


def unfold(page: Page) -> None:
    """Open everything that is folded away."""
    page.locator("details").evaluate_all("all => all.forEach((one) => (one.open = true))")
