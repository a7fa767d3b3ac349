"""A real Chromium in front of a real service."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright

from tests.browser.chromium import launch
from tests.browser.visitor import Visitor
from tests.processes import DEADLINE_SECONDS, running


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    """Where the service listens."""
    with running(LOG_LEVEL="WARNING") as (_, address):
        yield address


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """What drives the browser."""
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """One browser for all tests."""
    browser = launch(playwright)
    yield browser
    browser.close()


@pytest.fixture
def context_options() -> dict[str, object]:
    """What a test's visitor has: an English desktop, unless it says otherwise."""
    return {"viewport": {"width": 1280, "height": 900}, "locale": "en-US"}


@pytest.fixture
def context(browser: Browser, context_options: dict[str, object]) -> Iterator[BrowserContext]:
    """A visitor without a past."""
    context = browser.new_context(**context_options)  # type: ignore[arg-type] # a test's own
    context.set_default_timeout(DEADLINE_SECONDS * 1000)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A tab in which nothing may fail unseen."""
    page = context.new_page()
    failures: list[str] = []
    page.on("pageerror", lambda error: failures.append(str(error)))
    page.on(
        "console",
        lambda message: (
            failures.append(message.text)
            # What the network did is for each test to judge.
            if message.type == "error" and not message.text.startswith("Failed to load resource")
            else None
        ),
    )
    yield page
    assert failures == []


@pytest.fixture
def visitor(page: Page, address: str) -> Visitor:
    """Someone who has opened the page, with the server ready."""
    visitor = Visitor(page, address)
    visitor.open()
    return visitor
