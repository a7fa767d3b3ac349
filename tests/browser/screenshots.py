"""Pictures of the page: python -m tests.browser.screenshots FOLDER, with the service running.

Light, dark, phone and wide, a number with its boxes, a refusal, the reference: all to be looked at.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.chromium import launch
from tests.browser.visitor import Visitor
from tests.processes import ROOT


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture.

    Attributes:
        name: of its file.
        do: what the visitor does before.
        width: of the window in CSS pixels.
        height: likewise.
        options: of the browser's context.
        path: what is opened.
        full: whether all of the page is taken, or what the window shows.
    """

    name: str
    do: Callable[[Visitor], None]
    width: int
    height: int
    options: dict[str, object] = field(default_factory=dict)
    path: str = "/"
    full: bool = False


def draw_three(visitor: Visitor) -> None:
    """Draw, and let the reading settle."""
    visitor.draw(3)
    visitor.expect_digit(3)


def explain_a_four(visitor: Visitor) -> None:
    """A sample with its heatmap."""
    visitor.page.locator("#heat").check()
    visitor.sample(5).click()
    visitor.expect_digit(4)
    expect(visitor.page.locator("#legend")).to_be_visible()


def refuse(visitor: Visitor) -> None:
    """A file that is no picture, after a good one."""
    visitor.sample(8).click()
    visitor.expect_digit(7)
    visitor.give("drop", b"no picture")
    visitor.expect_notice("")


def show_number(visitor: Visitor) -> None:
    """A number that is answered as /read would."""
    boxes = [[60, 45, 90, 165], [190, 40, 100, 170], [330, 50, 100, 160]]
    digits = [
        {"digit": digit, "confidence": 0.99 - place / 4, "accepted": place < 2, "box": box}
        for place, (digit, box) in enumerate(zip((7, 3, 4), boxes, strict=True))
    ]
    visitor.page.route(
        "**/read", lambda route: route.fulfill(json={"text": "734", "digits": digits})
    )
    visitor.page.locator("[name=mode][value=number]").check()
    visitor.draw_number([7, 3, 4])
    expect(visitor.numeral).to_have_text("734")


def lose(visitor: Visitor) -> None:
    """The server goes while a digit is drawn."""
    for path in ("health", "predict*"):
        visitor.page.route(f"**/{path}", lambda route: route.abort())
    visitor.draw(3)
    visitor.expect_notice("")


def nothing(_visitor: Visitor) -> None:
    """Look at it as it comes."""


DARK = {"color_scheme": "dark"}
CHINESE = {"locale": "zh-CN"}
PHONE = {"device_scale_factor": 2, "has_touch": True, "is_mobile": True}

SHOTS = (
    Shot("light", draw_three, 1360, 880),
    Shot("dark", explain_a_four, 1360, 880, DARK),
    Shot("empty", nothing, 1360, 880),
    Shot("phone", draw_three, 375, 780, PHONE),
    Shot("phone-dark-chinese", explain_a_four, 375, 780, {**PHONE, **DARK, **CHINESE}, full=True),
    Shot("small-phone", draw_three, 320, 640, PHONE, full=True),
    Shot("tablet", explain_a_four, 820, 1180, full=True),
    Shot("wide", draw_three, 1920, 1080),
    Shot("number", show_number, 1360, 880),
    Shot("number-phone", show_number, 375, 780, {**PHONE, **DARK}),
    Shot("refused", refuse, 1360, 880),
    Shot("lost", lose, 1360, 880, {**DARK, **CHINESE}),
    Shot("reference", nothing, 1360, 1000, path="/docs"),
    Shot("reference-phone", nothing, 375, 780, {**PHONE, **DARK}, path="/docs"),
)


def take(browser: Browser, address: str, shot: Shot, folder: Path) -> None:
    """Take one picture."""
    options = {"locale": "en-US", "reduced_motion": "reduce", **shot.options}
    context = browser.new_context(
        viewport={"width": shot.width, "height": shot.height},
        **options,  # type: ignore[arg-type] # those of the list above
    )
    page: Page = context.new_page()
    if shot.path == "/":
        visitor = Visitor(page, address)
        visitor.open()
        shot.do(visitor)
    else:
        page.goto(address + shot.path, wait_until="networkidle")
    page.screenshot(path=folder / f"{shot.name}.png", full_page=shot.full)
    context.close()


def main() -> None:
    """Take those that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=ROOT / "screenshots")
    parser.add_argument("names", nargs="*", help="default: all")
    parser.add_argument("--address", default="http://127.0.0.1:8000")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as driver:
        browser = launch(driver)
        for shot in SHOTS:
            if not options.names or shot.name in options.names:
                take(browser, options.address, shot, options.folder)
        browser.close()


if __name__ == "__main__":
    main()
