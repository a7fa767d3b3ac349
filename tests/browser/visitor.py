"""What a person does on the page, and what they see there."""

import base64
from typing import Literal

from playwright.sync_api import Locator, Page, expect

from tests.browser.strokes import DIGITS, Point
from tests.processes import DEADLINE_SECONDS

expect.set_options(timeout=DEADLINE_SECONDS * 1000)

GIVE_A_FILE = """([how, name, type, content]) => {
  const bytes = Uint8Array.from(atob(content), (each) => each.charCodeAt(0));
  const data = new DataTransfer();
  data.items.add(new File([bytes], name, { type }));
  if (how === 'paste') {
    document.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true }));
    return;
  }
  for (const step of ['dragenter', 'dragover', 'drop']) {
    const options = { dataTransfer: data, bubbles: true, cancelable: true };
    document.getElementById('pad').dispatchEvent(new DragEvent(step, options));
  }
}"""


class Visitor:
    """Drives the page with the means a person has."""

    def __init__(self, page: Page, address: str) -> None:
        """Look at nothing yet."""
        self.page = page
        self.address = address
        self.numeral = page.locator("#numeral")
        self.verdict = page.locator("#verdict")
        self.notice = page.locator("#notice")
        self.state = page.locator("#state")

    def open(self) -> None:
        """Open the page and wait until it says the server is ready."""
        self.page.goto(self.address)
        expect(self.state).to_have_attribute("data-state", "ready")

    def draw(self, digit: int) -> None:
        """Draw a digit with the mouse."""
        for stroke in DIGITS[digit]:
            self.stroke(stroke)

    def draw_number(self, digits: list[int]) -> None:
        """Draw digits side by side."""
        width = 1 / len(digits)
        for place, digit in enumerate(digits):
            for stroke in DIGITS[digit]:
                self.stroke([((place + x) * width, y) for x, y in stroke])

    def stroke(self, points: list[Point], *, lift: bool = True) -> None:
        """Draw one stroke; points in fractions of the pad."""
        area = self.page.locator("#pad").bounding_box()
        assert area is not None
        places = [
            (area["x"] + x * area["width"], area["y"] + y * area["height"]) for x, y in points
        ]
        mouse = self.page.mouse
        mouse.move(*places[0])
        mouse.down()
        for place in places[1:]:
            mouse.move(*place, steps=2)
        if lift:
            mouse.up()

    def sample(self, place: int) -> Locator:
        """The button of a sample, from 1 to 12."""
        return self.page.locator("#samples button").nth(place - 1)

    def give(
        self,
        how: Literal["paste", "drop"],
        content: bytes,
        *,
        name: str = "picture.png",
        media_type: str = "image/png",
    ) -> None:
        """Paste a file, or drop it on the pad."""
        arguments = [how, name, media_type, base64.b64encode(content).decode()]
        self.page.evaluate(GIVE_A_FILE, arguments)

    def choose(
        self, content: bytes, *, name: str = "picture.png", media_type: str = "image/png"
    ) -> None:
        """Choose a file from the disk."""
        with self.page.expect_file_chooser() as chooser:
            self.page.click("#choose")
        chooser.value.set_files({"name": name, "mimeType": media_type, "buffer": content})

    def expect_digit(self, digit: int) -> None:
        """The digit is read, and accepted."""
        expect(self.numeral).to_have_text(str(digit))
        expect(self.verdict).to_have_attribute("data-verdict", "accepted")

    def expect_nothing(self) -> None:
        """Nothing is read."""
        expect(self.verdict).to_have_attribute("data-verdict", "none")
        expect(self.numeral).to_have_text("–")

    def expect_notice(self, text: str) -> None:
        """What is wrong is said."""
        expect(self.notice).to_be_visible()
        expect(self.notice).to_contain_text(text)
