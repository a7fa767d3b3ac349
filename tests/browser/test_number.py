"""A number of several digits: what /read answers, shown over the picture."""

import numpy as np
from playwright.sync_api import Route, expect

from tests.browser.strokes import DIGITS
from tests.browser.visitor import Visitor
from tests.pictures import encode

ANSWER = {
    "text": "74",
    "digits": [
        {"digit": 7, "confidence": 0.98, "accepted": True, "box": [64, 51, 90, 160]},
        {"digit": 4, "confidence": 0.51, "accepted": False, "box": [320, 10, 90, 160]},
    ],
}


def write_number(visitor: Visitor) -> None:
    """Ask for a number, and draw a 7 and a 4 side by side on the wide pad."""
    visitor.page.get_by_label("A number", exact=True).check()
    visitor.draw_number([7, 4])


def test_boxes_lie_over_the_digits(visitor: Visitor) -> None:
    """Each digit has its box where it is, its confidence in the list, and doubt is marked."""
    visitor.page.route("**/read", lambda route: route.fulfill(json=ANSWER))
    write_number(visitor)
    expect(visitor.numeral).to_have_text("74")
    pad = visitor.page.locator("#pad").bounding_box()
    boxes = visitor.page.locator("#boxes span")
    first = boxes.nth(0).bounding_box()
    assert pad is not None
    assert first is not None

    assert abs(first["x"] - (pad["x"] + 64 / 512 * pad["width"])) < 2
    assert abs(first["y"] - (pad["y"] + 51 / 256 * pad["height"])) < 2
    assert abs(first["width"] - 90 / 512 * pad["width"]) < 2
    assert boxes.all_inner_texts() == ["7", "4"]
    expect(boxes.nth(1)).to_have_class("is-low is-doubtful")
    expect(visitor.page.locator("#figures li")).to_have_count(2)
    expect(visitor.page.locator("#figures")).to_contain_text("98.0%")
    expect(visitor.verdict).to_have_attribute("data-verdict", "refused")


def test_number_is_read(visitor: Visitor) -> None:
    """The real service reads what is drawn, with a box around each digit."""
    write_number(visitor)

    expect(visitor.numeral).to_have_text("74")
    expect(visitor.page.locator("#boxes span")).to_have_count(2)
    expect(visitor.page.locator("#figures li")).to_have_count(2)


def test_boxes_go_with_the_picture(visitor: Visitor) -> None:
    """The next stroke takes the boxes of the last reading away until there is a new one."""
    held: list[Route] = []
    visitor.page.route("**/read", lambda route: route.fulfill(json=ANSWER))
    write_number(visitor)
    expect(visitor.page.locator("#boxes span")).to_have_count(2)
    visitor.page.unroute("**/read")
    visitor.page.route("**/read", lambda route: held.append(route))  # noqa: PLW0108 # it sets attributes
    visitor.stroke(DIGITS[1][0])

    expect(visitor.page.locator("#boxes span")).to_have_count(0)


def test_no_boxes_over_what_cannot_be_shown(visitor: Visitor) -> None:
    """A picture that only the server can see has its digits in the list, and none on the pad."""
    visitor.page.route("**/read", lambda route: route.fulfill(json=ANSWER))
    visitor.page.get_by_label("A number", exact=True).check()
    image = encode(np.full((200, 200), 255, np.uint8), "TIFF")
    visitor.give("drop", image, name="number.tiff", media_type="image/tiff")

    expect(visitor.numeral).to_have_text("74")
    expect(visitor.page.locator("#figures li")).to_have_count(2)
    expect(visitor.page.locator("#boxes span")).to_have_count(0)


def test_server_without_read_is_told(visitor: Visitor) -> None:
    """Where there is no /read, the page says so and what to do instead."""
    visitor.page.route(
        "**/read", lambda route: route.fulfill(status=404, json={"code": "not_found"})
    )
    write_number(visitor)

    visitor.expect_notice("This server reads one digit at a time.")
    visitor.page.get_by_label("One digit", exact=True).check()
    expect(visitor.notice).to_be_hidden()
