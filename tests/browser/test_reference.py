"""GET /docs: every operation, and forms that run."""

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.test_everyone import check_accessible
from tests.processes import ROOT


@pytest.fixture
def reference(page: Page, address: str) -> Page:
    """The reference, with every operation."""
    page.goto(f"{address}/docs")
    expect(page.locator("#post-predict")).to_be_visible()
    return page


def test_every_operation_is_described(reference: Page, address: str) -> None:
    """What openapi.json has, and nothing else."""
    paths = reference.request.get(f"{address}/openapi.json").json()["paths"]
    operations = {f"{method.upper()}{path}" for path, item in paths.items() for method in item}
    shown = {
        text.replace("\n", "").replace(" ", "")
        for text in reference.locator(".operation h3").all_inner_texts()
    }

    assert shown == operations


def test_form_reads_a_digit(reference: Page) -> None:
    """A file and a parameter, sent as they say, answered as they say."""
    form = reference.locator("#post-predict form")
    form.locator("input[type=file]").set_input_files(ROOT / "samples" / "seven.png")
    form.locator("input[name=include]").fill("image")
    form.get_by_role("button", name="Send").click()

    expect(form.locator(".answer p")).to_contain_text("200 OK")
    expect(form.locator(".answer pre")).to_contain_text('"digit": 7')
    expect(form.locator(".answer pre")).to_contain_text('"image"')


@pytest.mark.parametrize(
    "operation",
    ["post-v1-models-name-predict", "post-v1-models-name-classify", "post-v2-models-name-infer"],
)
def test_form_reads_its_example(reference: Page, operation: str) -> None:
    """What stands in a form can be sent as it stands."""
    form = reference.locator(f"#{operation} form")
    form.get_by_role("button", name="Send").click()

    expect(form.locator(".answer p")).to_contain_text("200 OK")
    expect(form.get_by_role("button", name="Send")).to_be_focused()


def test_reference_is_found_behind_a_slash(page: Page, address: str) -> None:
    """With all that it is made of."""
    page.goto(f"{address}/docs/")

    expect(page.locator("#post-predict")).to_be_visible()
    assert page.url == f"{address}/docs"


def test_form_tells_a_refusal(reference: Page) -> None:
    """Without a file the service says what is missing, and so does the form."""
    form = reference.locator("#post-predict form")
    form.get_by_role("button", name="Send").click()

    expect(form.locator(".answer p")).to_contain_text("4")
    expect(form.locator(".answer pre")).to_contain_text('"code"')


def test_form_asks_for_a_key(reference: Page) -> None:
    """Where one is wanted: given once, it goes with what any form sends."""

    def answer(route: Route) -> None:
        if route.request.headers.get("x-api-key") == "secret":
            route.continue_()
        else:
            route.fulfill(status=401, json={"code": "unauthorised"})

    reference.route("**/models", answer)
    form, other = reference.locator("#get-models form"), reference.locator("#get-health form")
    form.get_by_role("button", name="Send").click()
    form.get_by_label("API key").fill("secret")
    reference.keyboard.press("Enter")

    expect(form.locator(".answer p")).to_contain_text("200 OK")
    with reference.expect_request("**/health") as sent:
        other.get_by_role("button", name="Send").click()
    assert sent.value.headers["x-api-key"] == "secret"
    with reference.expect_request("**/models") as again:  # whose field is empty now
        form.get_by_label("API key").fill("")
        form.get_by_role("button", name="Send").click()
    assert again.value.headers["x-api-key"] == "secret"
    expect(other.get_by_label("API key")).to_be_hidden()


def test_schema_opens(reference: Page) -> None:
    """The fields of an answer are told when asked for, with their limits."""
    answer = reference.locator("#post-predict details").filter(has_text="200")
    answer.locator("summary").click()

    expect(answer).to_contain_text("digit integer, 0 to 9")
    expect(answer).to_contain_text("Whether the reading can be relied on.")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_reference_is_accessible(reference: Page, scheme: str, width: int) -> None:
    """0 violations with everything open, and nothing sticks out."""
    # Colours half-way through a transition are none.
    reference.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type] # one of those it takes
    reference.set_viewport_size({"width": width, "height": 900})
    reference.evaluate("document.querySelectorAll('details').forEach((each) => each.open = true)")

    check_accessible(reference)
    broken = reference.locator("summary b, .plain-row b").evaluate_all(
        """(all) => all.filter((each) => {
          const text = document.createRange();
          text.selectNodeContents(each);
          return /^\\d+$/.test(each.textContent) && text.getClientRects().length > 1;
        }).length"""
    )
    assert broken == 0
    assert reference.evaluate("document.documentElement.scrollWidth") <= width
