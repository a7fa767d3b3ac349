"""Every screen, language and way of seeing, and nothing from elsewhere."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Request, expect

from tests.browser.test_number import ANSWER, write_number
from tests.browser.visitor import Visitor
from tests.processes import DEADLINE_SECONDS


def check_accessible(page: Page) -> None:
    """Axe finds nothing against any of its rules."""
    results = Axe().run(page, options={"resultTypes": ["violations"]})

    assert results.violations_count == 0, results.generate_report()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_page_is_accessible(browser: Browser, address: str, scheme: str, width: int) -> None:
    """0 violations: empty, read, with a heatmap, refused, and in trouble."""
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme=scheme,  # type: ignore[arg-type] # one of those it takes
        locale="en-US",
        reduced_motion="reduce",  # colours half-way through a transition are none
    )
    context.set_default_timeout(DEADLINE_SECONDS * 1000)
    visitor = Visitor(context.new_page(), address)
    visitor.open()
    check_accessible(visitor.page)
    visitor.sample(8).click()
    visitor.expect_digit(7)
    visitor.page.locator("#heat").check()
    expect(visitor.page.locator("#legend")).to_be_visible()
    check_accessible(visitor.page)
    visitor.give("drop", b"no picture")
    visitor.expect_notice("refused")
    check_accessible(visitor.page)
    visitor.page.route("**/read", lambda route: route.fulfill(json=ANSWER))
    visitor.page.click("#clear")
    write_number(visitor)
    expect(visitor.numeral).to_have_text("74")
    check_accessible(visitor.page)
    visitor.page.route("**/health", lambda route: route.abort())
    visitor.page.route("**/read", lambda route: route.abort())
    visitor.stroke([(0.1, 0.1), (0.1, 0.9)])
    visitor.expect_notice("cannot be reached")
    check_accessible(visitor.page)
    context.close()


@pytest.mark.parametrize("width", [320, 375, 760, 1024, 1180, 1920, 3840])
def test_page_fits(visitor: Visitor, width: int) -> None:
    """From a small phone to a wall: nothing sticks out, the pad is at least 280 pixels wide."""
    visitor.page.set_viewport_size({"width": width, "height": 800})
    visitor.sample(8).click()
    visitor.expect_digit(7)
    pad = visitor.page.locator("#pad").bounding_box()
    assert pad is not None

    assert visitor.page.evaluate("document.documentElement.scrollWidth") <= width
    assert pad["width"] >= 280


def test_targets_are_large_enough_to_touch(visitor: Visitor) -> None:
    """At 320 pixels every button is at least 24 pixels each way (WCAG 2.5.8), most 34."""
    visitor.page.set_viewport_size({"width": 320, "height": 800})
    boxes = [
        button.bounding_box()
        for button in visitor.page.locator("button:visible, a.button:visible").all()
    ]

    for box in boxes:
        assert box is not None
        assert min(box["width"], box["height"]) >= 34


def test_nothing_comes_from_elsewhere(page: Page, address: str) -> None:
    """Page and reference ask the service alone, and break no line of their policy."""
    asked: list[Request] = []
    page.on("request", lambda request: asked.append(request))  # noqa: PLW0108 # it sets attributes
    for path in ("/", "/docs"):
        response = page.goto(address + path, wait_until="networkidle")
        assert response is not None
        policy = response.headers["content-security-policy"]

        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
    assert all(request.url.startswith((address, f"blob:{address}")) for request in asked)


def test_motion_is_spared_those_who_ask(visitor: Visitor) -> None:
    """With reduced motion no bar slides."""
    slide = "getComputedStyle(document.querySelector('#bars i'), '::after').transitionDuration"
    moving = visitor.page.evaluate(slide)
    visitor.page.emulate_media(reduced_motion="reduce")

    assert moving != "0s"
    assert visitor.page.evaluate(slide) == "0s"


def test_language_is_switched_by_hand_and_kept(visitor: Visitor) -> None:
    """English for an English browser; Chinese after the switch, and after coming back."""
    title = visitor.page.locator("#desk-title")
    visitor.sample(8).click()
    expect(visitor.page.locator("#stamp")).to_have_text("Accepted")
    expect(title).to_have_text("Draw a digit")
    visitor.page.click("#language")

    expect(title).to_have_text("写一个数字")
    expect(visitor.page.locator("#stamp")).to_have_text("可信")
    expect(visitor.page.locator("html")).to_have_attribute("lang", "zh-CN")
    visitor.page.reload()
    expect(title).to_have_text("写一个数字")


class TestChinese:
    """With a browser that prefers Chinese."""

    @pytest.fixture
    def context_options(self) -> dict[str, object]:
        """A Chinese desktop."""
        return {"viewport": {"width": 1280, "height": 900}, "locale": "zh-CN"}

    def test_page_speaks_chinese(self, visitor: Visitor) -> None:
        """Every text is Chinese, a refusal included."""
        visitor.give("drop", b"no picture")

        visitor.expect_notice("这张图片无法识别。")
        expect(visitor.state).to_contain_text("就绪")
        expect(visitor.sample(1)).to_have_attribute("aria-label", "样例 0，第 1 个")


def test_both_languages_say_the_same_things(visitor: Visitor) -> None:
    """No text is missing in one of them, and their places are the same."""
    words = visitor.page.evaluate("""async () => {
      const { WORDS } = await import('/web/words.js');
      const places = (text) => [...text.matchAll(/\\{\\w+\\}/g)].map(String).sort();
      const describe = (texts) => Object.fromEntries(
        Object.entries(texts).map(([name, text]) => [name, places(text)]));
      return [describe(WORDS.en), describe(WORDS.zh)];
    }""")

    assert words[0] == words[1]
    assert len(words[0]) > 50
