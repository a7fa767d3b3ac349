"""A server that is starting, busy, gone, back, or refuses: always said, never silent."""

import json

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.visitor import Visitor
from tests.processes import free_port, running


def answer_once(page: Page, status: int, code: str, headers: dict[str, str] | None = None) -> None:
    """Have the next prediction answered by a problem."""

    def answer(route: Route) -> None:
        problem = {"status": status, "code": code, "detail": "As the test wants it."}
        route.fulfill(
            status=status,
            headers={"content-type": "application/problem+json", **(headers or {})},
            body=json.dumps(problem),
        )

    page.route("**/predict*", answer, times=1)


@pytest.mark.parametrize(
    ("status", "code", "text"),
    [
        (503, "queue_full", "The server is busy. Trying again in 1 s."),
        (429, "too_many_requests", "The server is busy. Trying again in 1 s."),
        (503, "not_ready", "The model is still being loaded."),
        (503, "draining", "The server is shutting down."),
        (504, "deadline_exceeded", "The answer took too long."),
    ],
)
def test_passing_trouble_is_said_and_passes(
    visitor: Visitor, status: int, code: str, text: str
) -> None:
    """Each is named, and the picture is read by itself a second later."""
    answer_once(visitor.page, status, code, {"retry-after": "1"})
    visitor.sample(8).click()

    visitor.expect_notice(text)
    visitor.expect_digit(7)
    expect(visitor.notice).to_be_hidden()


@pytest.mark.parametrize(
    ("status", "code", "text"),
    [
        (500, "internal_error", "Something went wrong on the server."),
        (401, "unauthorized", "This server wants an API key."),
        (422, "something_new", "As the test wants it."),
    ],
)
def test_lasting_trouble_is_said(visitor: Visitor, status: int, code: str, text: str) -> None:
    """What does not pass is not tried again by itself; the next picture is."""
    answer_once(visitor.page, status, code)
    visitor.sample(8).click()

    visitor.expect_notice(text)
    visitor.sample(3).click()
    visitor.expect_digit(2)


def test_key_is_asked_for_and_sent(visitor: Visitor) -> None:
    """Where a key is wanted it can be given, and goes with every picture from then on."""

    def answer(route: Route) -> None:
        if route.request.headers.get("x-api-key") == "secret":
            route.continue_()
        else:
            route.fulfill(status=401, json={"code": "unauthorized", "detail": "Send a key."})

    visitor.page.route("**/predict*", answer)
    visitor.sample(8).click()
    visitor.expect_notice("This server wants an API key.")
    visitor.page.get_by_label("API key").fill("secret")
    visitor.page.keyboard.press("Enter")

    visitor.expect_digit(7)
    expect(visitor.notice).to_be_hidden()


def test_server_lost_and_found(page: Page) -> None:
    """The server goes, which is said; what is drawn meanwhile is read once it is back."""
    port = free_port()
    with running(port) as (_, address):
        visitor = Visitor(page, address)
        visitor.open()
        visitor.draw(7)
        visitor.expect_digit(7)
    visitor.page.click("#clear")
    visitor.draw(1)
    visitor.expect_notice("The server cannot be reached.")
    expect(visitor.state).to_have_attribute("data-state", "unreachable")
    with running(port):
        expect(visitor.state).to_have_attribute("data-state", "ready")

        visitor.expect_digit(1)
        expect(visitor.notice).to_be_hidden()


def test_server_that_starts_is_waited_for(page: Page, address: str) -> None:
    """While the model is being loaded the page says so, and goes on when it is there."""
    is_ready = False

    def answer(route: Route) -> None:
        if is_ready:
            route.continue_()
        else:
            health = {"status": "starting", "model": None, "uptime_seconds": 0.1}
            route.fulfill(status=503, json=health)

    page.route("**/health", answer)
    page.goto(address)
    state = page.locator("#state")
    expect(state).to_have_text("The model is being loaded")
    is_ready = True

    expect(state).to_contain_text("Ready")


def test_connection_that_breaks_on_a_large_file(visitor: Visitor) -> None:
    """A server that hangs up on a large file is not called unreachable."""
    visitor.page.route("**/predict*", lambda route: route.abort("connectionreset"))
    visitor.give("drop", b"\0" * (3 << 20))

    visitor.expect_notice("The connection broke while the picture was on its way.")
    visitor.expect_notice("3.0 MiB")
    expect(visitor.state).to_have_attribute("data-state", "ready")
