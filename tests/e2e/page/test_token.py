"""The page at a server with a login: where its token comes from, and where it is sent."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Request, Route, expect

from engine.errors import Unauthorized
from server.protocol import ErrorBody
from tests.support.page import ADDRESS, FAR_END, open_page

pytestmark = pytest.mark.e2e
REFUSED = ErrorBody(code=Unauthorized.code, message="a token is needed").model_dump()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = open_page(browser)
    yield page
    page.close()


def ask_for(page: Page, token: str) -> list[str | None]:
    """Refuse sessions without that token, and those with it as full; what was shown."""
    shown: list[str | None] = []

    def answer(route: Route, request: Request) -> None:
        shown.append(request.headers.get("authorization"))
        if shown[-1] == f"Bearer {token}":
            body = ErrorBody(code="server_full", message="full").model_dump()
            return route.fulfill(status=503, json=body)
        return route.fulfill(status=401, json=REFUSED)

    page.route("**/v1/sessions", answer)
    return shown


def start(page: Page) -> None:
    page.locator("#voice-modes").get_by_text("Sample sentence").click()
    page.locator("#start").click()


def test_the_address_gives_the_token_and_does_not_show_it(page: Page) -> None:
    page.add_init_script(path=FAR_END)
    page.goto(f"{ADDRESS}#token=secret-one")
    expect(page.locator("#name")).to_have_text("Ada")
    assert page.url == ADDRESS
    start(page)
    expect(page.locator("body")).to_have_attribute("data-alive", "")
    page.locator("#end").click()
    assert page.evaluate("far.tokens") == ["Bearer secret-one"] * 3, "session, offer, end"
    page.reload()
    expect(page.locator("#name")).to_have_text("Ada")
    start(page)
    expect(page.locator("body")).to_have_attribute("data-alive", "")
    assert page.evaluate("far.tokens[0]") == "Bearer secret-one", "kept for this tab"


def test_the_end_of_a_page_that_is_left_shows_the_token_too(page: Page) -> None:
    page.add_init_script(path=FAR_END)
    page.goto(f"{ADDRESS}#token=secret-one")
    start(page)
    expect(page.locator("body")).to_have_attribute("data-alive", "")
    page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide'))")
    assert page.evaluate("[far.ended, far.tokens.at(-1)]") == [["a"], "Bearer secret-one"]


def test_without_a_token_there_is_a_field_for_it(page: Page) -> None:
    shown = ask_for(page, "secret-two")
    page.goto(ADDRESS)
    expect(page.locator("#login")).to_be_hidden()
    start(page)
    expect(page.get_by_role("alert")).to_contain_text("asks for a token")
    expect(page.get_by_label("Token")).to_be_focused()
    page.keyboard.type("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("does not accept this token")
    page.get_by_label("Token").fill(" secret-two ")
    page.get_by_role("button", name="Use it").click()
    expect(page.get_by_role("alert")).to_contain_text("All places are taken")
    expect(page.locator("#login")).to_be_hidden()
    assert shown == [None, "Bearer wrong", "Bearer secret-two"]


def test_the_token_is_neither_stored_for_good_nor_left_in_the_page(page: Page) -> None:
    page.goto(f"{ADDRESS}?face=1#token=secret-three")
    expect(page.locator("#name")).to_have_text("Ada")
    assert page.url == f"{ADDRESS}?face=1", "the rest of the address stays"
    kept: str = page.evaluate("JSON.stringify(localStorage) + document.documentElement.outerHTML")
    assert "secret-three" not in kept
    assert page.evaluate("Object.values(sessionStorage)") == ["secret-three"]
