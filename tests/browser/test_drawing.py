"""Drawing with mouse, finger, pen and keys, and what is read meanwhile."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.strokes import DIGITS
from tests.browser.visitor import Visitor


@pytest.mark.parametrize("digit", range(10))
def test_drawn_digit_is_read(visitor: Visitor, digit: int) -> None:
    """Each digit, drawn by strokes of the mouse, is read as what it is, with its ten bars."""
    visitor.draw(digit)

    visitor.expect_digit(digit)
    bars = visitor.page.locator("#bars li")
    expect(bars).to_have_count(10)
    expect(bars.nth(digit)).to_have_class("is-best")
    shares = [float(text.split("\n")[-1].rstrip("%")) for text in bars.all_inner_texts()]
    assert sum(shares) == pytest.approx(100, abs=1)
    assert shares[digit] == max(shares)


def test_reading_follows_the_pen(visitor: Visitor) -> None:
    """A reading is there before the pen is lifted."""
    visitor.stroke(DIGITS[7][0], lift=False)

    expect(visitor.numeral).to_have_text("7")
    visitor.page.mouse.up()


def test_late_answer_does_not_overwrite_a_newer_one(visitor: Visitor) -> None:
    """The answer to the first picture comes after that to the second, and is not shown."""
    held: list[Route] = []
    visitor.page.route("**/predict*", lambda route: held.append(route), times=1)  # noqa: PLW0108 # it sets attributes
    with visitor.page.expect_request("**/predict*"):
        visitor.sample(1).click()
    visitor.sample(2).click()
    visitor.expect_digit(1)
    with visitor.page.expect_response("**/predict*") as late:
        held[0].continue_()
    late.value.finished()

    assert late.value.json()["digit"] == 0
    visitor.page.evaluate("fetch('health')")  # a whole round trip later
    visitor.expect_digit(1)


def test_undo_goes_back_step_by_step(visitor: Visitor) -> None:
    """Strokes, a sample and clearing are steps, and each can be taken back."""
    undo = visitor.page.locator("#undo")
    expect(undo).to_be_disabled()
    visitor.draw(7)
    visitor.expect_digit(7)
    visitor.sample(3).click()
    visitor.expect_digit(2)
    visitor.page.click("#clear")
    visitor.expect_nothing()
    undo.click()
    visitor.expect_digit(2)
    visitor.page.keyboard.press("Control+z")
    visitor.expect_digit(7)
    undo.click()

    visitor.expect_nothing()
    expect(undo).to_be_disabled()


def test_every_sample_is_a_digit(visitor: Visitor) -> None:
    """A dozen samples, each named, each read as what it is named."""
    expect(visitor.page.locator("#samples button")).to_have_count(12)
    for place in range(1, 13):
        sample = visitor.sample(place)
        sample.click()
        label = sample.get_attribute("aria-label")
        assert label is not None
        digit = re.search(r"\d", label)
        assert digit is not None

        expect(sample).to_have_attribute("aria-pressed", "true")
        expect(visitor.numeral).to_have_text(digit[0])


def test_digit_drawn_by_keys_alone(visitor: Visitor) -> None:
    """Tab to the pad, arrows and Space: a one, drawn without a pointer, undone and cleared too."""
    keyboard = visitor.page.keyboard
    for _ in range(20):
        keyboard.press("Tab")
        if visitor.page.evaluate("document.activeElement.id") == "pad":
            break
    for key in ["ArrowUp"] * 7 + ["Space"] + ["ArrowDown"] * 14 + ["Space"]:
        keyboard.press(key)

    visitor.expect_digit(1)
    expect(visitor.page.locator("#live")).to_contain_text("Read as 1")
    keyboard.press("Delete")
    visitor.expect_nothing()
    keyboard.press("Control+z")
    visitor.expect_digit(1)


def test_emptied_pad_is_told(visitor: Visitor) -> None:
    """A screen reader hears that the pad is empty, and of no reading after it."""
    told = visitor.page.locator("#live")
    expect(told).to_be_empty()
    visitor.sample(8).click()
    expect(told).to_contain_text("Read as 7")
    visitor.page.locator("#pad").press("Delete")
    expect(told).to_have_text("The pad is empty.")
    visitor.sample(3).click()
    visitor.expect_digit(2)
    visitor.page.click("#undo")
    expect(told).to_have_text("The pad is empty.")
    visitor.page.wait_for_timeout(1000)  # longer than a reading waits for the hand to rest

    expect(told).to_have_text("The pad is empty.")
    visitor.page.get_by_label("A number", exact=True).check()
    expect(told).to_be_empty()


def test_everything_is_reached_by_keys(visitor: Visitor) -> None:
    """Tab reaches every control in the order they are seen, and Enter picks a sample."""
    # The samples come a moment after the page: before, there is nothing to reach.
    visitor.page.get_by_label("Sample 2, number 3").wait_for()
    reached = []
    for _ in range(40):
        visitor.page.keyboard.press("Tab")
        name = visitor.page.evaluate(
            "document.activeElement.id || document.activeElement.getAttribute('aria-label')"
        )
        reached.append(name)
        if name == "Sample 2, number 3":
            visitor.page.keyboard.press("Enter")

    visitor.expect_digit(2)
    order = ["language", "pad", "width", "choose", "Sample 2, number 3", "heat", "tab-curl", "copy"]
    places = [reached.index(name) for name in order]
    assert places == sorted(places)


TOUCH_A_STROKE = """([points, type, pressure]) => {
  const pad = document.getElementById('pad');
  const area = pad.getBoundingClientRect();
  const send = (name, [x, y]) => pad.dispatchEvent(new PointerEvent(name, {
    pointerId: 1, pointerType: type, pressure, bubbles: true, isPrimary: true, button: 0,
    clientX: area.left + x * area.width, clientY: area.top + y * area.height,
  }));
  pad.setPointerCapture = () => {};
  send('pointerdown', points[0]);
  for (const point of points.slice(1)) send('pointermove', point);
  send('pointerup', points.at(-1));
}"""


def count_ink(page: Page) -> int:
    """Pixels of the pad that are not empty, once what was drawn is painted."""
    return int(
        page.evaluate("""async () => {
          const frame = () => new Promise((painted) => requestAnimationFrame(painted));
          await frame();
          await frame();
          const pad = document.getElementById('pad');
          const { data } = pad.getContext('2d').getImageData(0, 0, pad.width, pad.height);
          return data.filter((value, place) => place % 4 === 3 && value > 128).length;
        }""")
    )


def test_pen_pressure_makes_the_stroke_wider(visitor: Visitor) -> None:
    """A pen that is pressed hard leaves more ink than one that is not; a mouse always the same."""
    ink = {}
    for kind, pressure in [("pen", 0.1), ("pen", 0.9), ("mouse", 0.5), ("mouse", 0.9)]:
        visitor.page.evaluate(TOUCH_A_STROKE, [DIGITS[1][0], kind, pressure])
        ink[kind, pressure] = count_ink(visitor.page)
        visitor.page.click("#clear")

    assert ink["pen", 0.9] > 1.3 * ink["pen", 0.1]
    assert ink["mouse", 0.5] == ink["mouse", 0.9]


def test_pen_width_is_chosen(visitor: Visitor) -> None:
    """A wider pen leaves more ink."""
    visitor.page.locator("#width").fill("3")
    visitor.draw(1)
    thin = count_ink(visitor.page)
    visitor.page.click("#clear")
    visitor.page.locator("#width").fill("12")
    visitor.draw(1)

    assert count_ink(visitor.page) > 2 * thin


class TestPhone:
    """With a finger on a small screen."""

    @pytest.fixture
    def context_options(self) -> dict[str, object]:
        """A phone."""
        return {
            "viewport": {"width": 375, "height": 720},
            "locale": "en-US",
            "has_touch": True,
            "is_mobile": True,
        }

    def test_finger_draws_and_does_not_scroll(self, visitor: Visitor) -> None:
        """Real touches draw a seven, and the page stays where it is."""
        area = visitor.page.locator("#pad").bounding_box()
        assert area is not None
        devtools = visitor.page.context.new_cdp_session(visitor.page)
        points = DIGITS[7][0]
        for place, (x, y) in enumerate(points):
            spot = {"x": area["x"] + x * area["width"], "y": area["y"] + y * area["height"]}
            kind = "touchStart" if place == 0 else "touchMove"
            devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [spot]})
        devtools.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

        visitor.expect_digit(7)
        assert visitor.page.evaluate("scrollY") == 0

    def test_camera_can_be_asked(self, visitor: Visitor, seven: bytes) -> None:
        """Photograph opens the camera where there is one, and its picture is read."""
        with visitor.page.expect_file_chooser() as chooser:
            visitor.page.click("#photograph")
        chooser.value.set_files({"name": "IMG_1.png", "mimeType": "image/png", "buffer": seven})

        visitor.expect_digit(7)
        assert chooser.value.element.get_attribute("capture") == "environment"


def test_narrower_pad_holds_what_was_drawn(visitor: Visitor) -> None:
    """Three digits on the wide pad are three on the square one, which says that they are many."""
    visitor.page.get_by_label("A number", exact=True).check()
    visitor.draw_number([3, 1, 4])
    expect(visitor.numeral).to_have_text("314")
    visitor.page.get_by_label("One digit", exact=True).check()

    expect(visitor.page.locator("#why")).to_contain_text("more than one digit")
    visitor.page.get_by_label("A number", exact=True).check()
    expect(visitor.numeral).to_have_text("314")


def test_keyboard_goes_on_where_a_button_ends(visitor: Visitor) -> None:
    """Clearing leaves nothing to clear: the focus is on the pad, and not nowhere."""
    visitor.draw(7)
    visitor.expect_digit(7)
    for button in ("#clear", "#undo", "#undo"):
        visitor.page.locator(button).focus()
        visitor.page.keyboard.press("Enter")
    expect(visitor.page.locator("#undo")).to_be_disabled()

    expect(visitor.page.locator("#pad")).to_be_focused()


def test_hint_gives_way_to_the_pen(visitor: Visitor) -> None:
    """And comes back when the pen has gone without a stroke."""
    hint = visitor.page.locator("#hint")
    visitor.page.locator("#pad").focus()
    visitor.page.keyboard.press("ArrowLeft")
    expect(hint).to_be_hidden()
    visitor.page.keyboard.press("Tab")

    expect(hint).to_be_visible()
