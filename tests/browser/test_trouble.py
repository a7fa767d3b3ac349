"""A server that is starting, busy, gone, back, or refuses: always said, never silent."""

import json
import re

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


def want_key(page: Page) -> None:
    """Have predictions answered only with the key `secret`."""

    def answer(route: Route) -> None:
        if route.request.headers.get("x-api-key") == "secret":
            route.continue_()
        else:
            route.fulfill(status=401, json={"code": "unauthorized", "detail": "Send a key."})

    page.route("**/predict*", answer)


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


def test_late_answer_does_not_pass_a_newer_refusal(visitor: Visitor) -> None:
    """The first picture is read after the second file was refused, which stays said."""
    held: list[Route] = []
    visitor.page.route("**/predict*", lambda route: held.append(route), times=1)  # noqa: PLW0108 # it sets attributes
    with visitor.page.expect_request("**/predict*"):
        visitor.sample(8).click()
    visitor.give("drop", b"just words")
    visitor.expect_notice("This is no picture")
    with visitor.page.expect_response("**/predict*") as late:
        held[0].continue_()
    late.value.finished()

    assert late.value.json()["digit"] == 7
    visitor.page.evaluate("fetch('health')")  # a whole round trip later
    visitor.expect_notice("This is no picture")
    visitor.expect_nothing()


@pytest.mark.parametrize(
    ("status", "body", "text"),
    [
        (413, "<h1>Too large</h1>", "The picture was refused. The file is too large."),
        (400, "<h1>Bad request</h1>", "The picture was refused. No reason was given."),
        (422, "null", "The picture was refused. No reason was given."),
        (200, "<h1>Log in</h1>", "The answer cannot be understood."),
        (200, "null", "The answer cannot be understood."),
        (200, '{"digit": 7, "confidence": 0.9}', "The answer cannot be understood."),
    ],
)
def test_answer_of_something_else_is_said(
    visitor: Visitor, status: int, body: str, text: str
) -> None:
    """What a proxy answers in the server's place is said too, in both languages."""
    visitor.sample(3).click()
    visitor.expect_digit(2)
    visitor.page.route("**/predict*", lambda route: route.fulfill(status=status, body=body))
    visitor.sample(8).click()

    visitor.expect_notice(text)
    visitor.expect_nothing()
    visitor.page.click("#language")
    expect(visitor.notice.locator("p")).to_have_text(re.compile(r"^[^A-Za-z]+ [^A-Za-z]+$"))


@pytest.mark.parametrize("body", ["null", '{"text": "7"}', '{"text": "7", "digits": [{}]}'])
def test_half_a_number_is_said(visitor: Visitor, body: str) -> None:
    """The same for a number."""
    visitor.page.route("**/read", lambda route: route.fulfill(body=body))
    visitor.page.get_by_label("A number", exact=True).check()
    visitor.draw(7)

    visitor.expect_notice("The answer cannot be understood.")
    visitor.expect_nothing()


def test_answer_that_is_cut_off_is_asked_for_again(visitor: Visitor) -> None:
    """A connection that breaks within an answer is one that breaks, and passes."""
    visitor.page.evaluate("""() => {
      const { fetch } = window;
      window.fetch = async (path, options) => {
        if (path === 'health') return fetch(path, options);
        window.fetch = fetch;
        const cut = (stream) => stream.error(new TypeError('network error'));
        return new Response(new ReadableStream({ start: cut }));
      };
    }""")
    visitor.sample(8).click()

    visitor.expect_notice("The server cannot be reached.")
    visitor.expect_digit(7)
    expect(visitor.notice).to_be_hidden()


def test_key_is_asked_for_and_sent(visitor: Visitor) -> None:
    """Where a key is wanted it can be given, and goes with every picture from then on."""
    want_key(visitor.page)
    visitor.sample(8).click()
    visitor.expect_notice("This server wants an API key.")
    visitor.page.get_by_label("API key").fill("secret")
    visitor.page.keyboard.press("Enter")

    visitor.expect_digit(7)
    expect(visitor.notice).to_be_hidden()


def test_wrong_key_is_said_and_the_right_one_taken(visitor: Visitor) -> None:
    """Undoing while it is typed takes back letters, not the drawing; afterwards the pad goes on."""
    want_key(visitor.page)
    visitor.draw(7)
    visitor.expect_notice("This server wants an API key.")  # nothing is typed into what is hidden
    key = visitor.page.get_by_label("API key")
    key.press_sequentially("wrong")
    visitor.page.keyboard.press("Control+z")
    expect(visitor.page.locator("#clear")).to_be_enabled()
    key.fill("wrong")
    visitor.page.keyboard.press("Enter")
    visitor.expect_notice("This key is not known here.")
    key.fill("secret")
    visitor.page.keyboard.press("Enter")

    visitor.expect_digit(7)
    expect(visitor.page.locator("#pad")).to_be_focused()
    expect(visitor.page.locator("#code")).to_contain_text("X-API-Key")


def test_language_hides_no_trouble(visitor: Visitor) -> None:
    """What is said is said in the other language, and nothing is read anew for that."""
    visitor.sample(8).click()  # one picture and no more, as a pen would send
    visitor.expect_digit(7)
    stale = re.compile("is-stale")
    expect(visitor.verdict).not_to_have_class(stale)
    asked: list[str] = []
    visitor.page.on("request", lambda request: asked.append(request.url))
    visitor.page.click("#language")
    visitor.expect_digit(7)
    visitor.page.evaluate("fetch('health')")  # a whole round trip later
    assert not [url for url in asked if "predict" in url]
    visitor.page.route("**/health", lambda route: route.abort())
    visitor.page.route("**/predict*", lambda route: route.abort())
    visitor.page.click("#clear")
    visitor.page.click("#undo")
    visitor.expect_notice("无法连接服务器")
    visitor.page.click("#language")

    visitor.expect_notice("The server cannot be reached.")


def test_server_that_never_answers_is_not_there(page: Page, address: str) -> None:
    """It takes connections and says nothing: the page waits no longer than it says it would."""
    page.add_init_script(
        "const real = AbortSignal.timeout; AbortSignal.timeout = () => real(2000);"
    )
    visitor = Visitor(page, address)
    visitor.open()
    visitor.draw(7)
    visitor.expect_digit(7)
    page.route("**/health", lambda _: None)
    page.route("**/predict*", lambda _: None)
    visitor.sample(3).click()

    visitor.expect_notice("The server cannot be reached.")
    expect(visitor.verdict).to_have_class(re.compile("is-stale"))


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
