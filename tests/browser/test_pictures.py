"""Pictures from elsewhere: chosen, pasted, dropped, refused."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.browser.visitor import Visitor
from tests.pictures import encode
from tests.processes import ROOT

TWO = (ROOT / "samples" / "two.png").read_bytes()


def test_chosen_file_is_read(visitor: Visitor) -> None:
    """A file from the disk; the same one twice."""
    for _ in range(2):
        visitor.choose(TWO)
        visitor.expect_digit(2)
        visitor.page.click("#clear")
        visitor.expect_nothing()


HOLD_THE_FIRST_FILE = """() => {
  const decode = window.createImageBitmap;
  const released = new Promise((release) => { window.release = release; });
  window.createImageBitmap = async (file) => {
    window.createImageBitmap = decode;
    const image = await decode(file);
    await released;
    return image;
  };
}"""

RELEASE_IT = """async () => {
  const frame = () => new Promise((painted) => requestAnimationFrame(painted));
  window.release();
  await frame();
  await frame();
}"""


def test_large_file_does_not_replace_a_newer_one(visitor: Visitor, seven: bytes) -> None:
    """The file that was chosen last stays on the pad, however long an older one takes."""
    visitor.page.evaluate(HOLD_THE_FIRST_FILE)
    visitor.choose(seven, name="seven.png")
    visitor.choose(TWO, name="two.png")
    visitor.expect_digit(2)
    visitor.page.evaluate(RELEASE_IT)

    expect(visitor.page.locator("#code")).to_contain_text("two.png")


def test_large_file_does_not_replace_what_was_drawn_since(visitor: Visitor, seven: bytes) -> None:
    """A sample that was picked while the file was on its way stays too."""
    visitor.page.evaluate(HOLD_THE_FIRST_FILE)
    visitor.choose(seven, name="seven.png")
    visitor.sample(3).click()
    visitor.expect_digit(2)
    visitor.page.evaluate(RELEASE_IT)

    expect(visitor.sample(3)).to_have_attribute("aria-pressed", "true")


@pytest.mark.parametrize("how", ["paste", "drop"])
def test_given_file_is_read(visitor: Visitor, how: str) -> None:
    """A file from the clipboard, and one that is dropped."""
    visitor.give(how, TWO)  # type: ignore[arg-type] # one of the two it takes

    visitor.expect_digit(2)


def test_picture_the_browser_cannot_show_is_read(visitor: Visitor) -> None:
    """TIFF is known to the server and not to the browser, which says so."""
    image = np.full((200, 200), 255, np.uint8)
    image[40:160, 95:105] = 0
    visitor.give("drop", encode(image, "TIFF"), name="one.tiff", media_type="image/tiff")

    expect(visitor.numeral).to_have_text("1")
    expect(visitor.page.locator("#unread")).to_contain_text("one.tiff")


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"just words", "This is no picture"),
        (TWO[:700], "damaged or incomplete"),
        (encode(np.full((80, 80), 255, np.uint8)), "no ink"),
        (b"", "The file is empty"),
    ],
)
def test_refused_file_is_told_why(visitor: Visitor, content: bytes, text: str) -> None:
    """The server's reason is said in the visitor's words, and the next picture clears it."""
    visitor.give("drop", content)

    visitor.expect_notice("The picture was refused.")
    visitor.expect_notice(text)
    visitor.sample(8).click()
    visitor.expect_digit(7)
    expect(visitor.notice).to_be_hidden()


def test_scribble_is_not_accepted(visitor: Visitor) -> None:
    """What is no digit is said not to be one."""
    for x in (0.2, 0.35, 0.5, 0.65, 0.8):
        visitor.stroke([(x, 0.15), (x, 0.85)])
    for y in (0.2, 0.35, 0.5, 0.65, 0.8):
        visitor.stroke([(0.15, y), (0.85, y)])

    expect(visitor.verdict).to_have_attribute("data-verdict", "refused")
    expect(visitor.page.locator("#stamp")).to_have_text("Not accepted")
    expect(visitor.page.locator("#why")).not_to_be_empty()


def test_several_digits_are_told_where_to_go(visitor: Visitor) -> None:
    """Two digits on the pad for one: not accepted, and the page says what to do."""
    visitor.draw_number([7, 1])

    expect(visitor.verdict).to_have_attribute("data-verdict", "refused")
    expect(visitor.page.locator("#why")).to_contain_text("Switch to “A number”")


def test_what_the_model_saw_and_its_heatmap(visitor: Visitor) -> None:
    """The 28×28 is the sample's own; switched on, the heatmap colours it and explains itself."""
    read = """() => {
      const seen = document.getElementById('seen');
      return [...seen.getContext('2d').getImageData(0, 0, 28, 28).data];
    }"""
    visitor.sample(8).click()
    visitor.expect_digit(7)
    plain = np.array(visitor.page.evaluate(read)).reshape(28, 28, 4)
    visitor.page.locator("#heat").check()
    expect(visitor.page.locator("#legend")).to_be_visible()
    heated = np.array(visitor.page.evaluate(read)).reshape(28, 28, 4)

    assert (plain[..., 0] == plain[..., 2]).all()
    assert plain[..., 0].max() > 250
    assert (heated[..., 0] != heated[..., 2]).any()
    expect(visitor.page.locator("#heat-help")).to_contain_text("makes a 7 less likely")
    expect(visitor.page.locator("#times [data-stage=explain]")).to_be_visible()


def test_time_is_split(visitor: Visitor) -> None:
    """Every stage has its own time, and their sum is the total."""
    visitor.sample(8).click()
    visitor.expect_digit(7)
    rows = visitor.page.locator("#times div")
    stages = [row.get_attribute("data-stage") for row in rows.all()]
    times = [float(text.removesuffix(" ms")) for text in rows.locator("dd").all_inner_texts()]
    total = float(visitor.page.locator("#total").inner_text().removesuffix(" ms"))

    assert stages == ["network", "server", "picture", "queue", "engine"]
    assert total == pytest.approx(sum(times), rel=0.05, abs=1)


@pytest.mark.parametrize("language", ["curl", "python"])
def test_snippet_makes_the_same_request(visitor: Visitor, tmp_path: Path, language: str) -> None:
    """What is copied, run as it stands beside the saved picture, reads the same digit."""
    visitor.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    visitor.draw(3)
    visitor.expect_digit(3)
    with visitor.page.expect_download() as download:
        visitor.page.click("#save")
    download.value.save_as(tmp_path / download.value.suggested_filename)
    visitor.page.click(f"#tab-{language}")
    visitor.page.click("#copy")
    expect(visitor.page.locator("#copy")).to_have_text("Copied")
    snippet = str(visitor.page.evaluate("navigator.clipboard.readText()"))
    command = ["sh", "-c", snippet] if language == "curl" else [sys.executable, "-c", snippet]
    found = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)

    assert "3" in found.stdout.split(",")[0]
