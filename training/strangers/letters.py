"""Letters in every text font of this machine, framed as an upload of them would be.

Families that recipes learn from do not measure, wherever else they may be installed.

Framing takes a letter's size and its place on the line away, and with them what tells some letters
from digits. Those that a reader may then rightly take for a digit do not count as strangers, and
are measured apart:

    O o → 0    I l → 1    Z z → 2    S s → 5    b → 6    g q → 9

All others do count, those that are merely like a digit too: B has a straight back and an 8 has
none, D has corners, G a bar, Q a tail, i and j a dot, and y is open.
"""

from collections.abc import Iterable
from pathlib import Path

import matplotlib.font_manager
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from app.errors import BlankImage
from app.imaging import frame
from training import fonts
from training.dataset import DatasetError
from training.strangers.pictures import Strangers

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
LOOK_LIKE_DIGITS = "OoIlZzSsbgq"

NOT_TEXT = (
    "braille",
    "cmex",
    "cmsy",
    "dingbat",
    "emoji",
    "icon",
    "initial",
    "keyboard",
    "math",
    "sym",
)
"""Parts of the names of fonts whose letters are no letters."""

STYLES_PER_FAMILY = 4
"""So that a family of forty weights does not outvote the others."""

SIZE_PIXELS = 120
MISSING = "\uffff"
"""No character: drawn as whatever a font draws for those that it does not have."""


def load(folder: Path | None = None) -> Strangers:
    """Draw every letter of every family in up to four styles.

    Args:
        folder: where to look for fonts; None: where this machine keeps them.

    Returns:
        Each picture's letter as its kind, and the names of the families as their source.

    Raises:
        DatasetError: there is no font.
    """
    folders = None if folder is None else [folder]
    images, characters, families = [], [], set()
    for font in _choose_fonts(matplotlib.font_manager.findSystemFonts(folders)):
        for letter, image in draw_alphabet(font):
            families.add(font.getname()[0] or "")
            characters.append(letter)
            images.append(image)
    if not images:
        raise DatasetError(
            f"no font with Latin letters was found in {folder or 'the folders of this machine'}"
        )
    return Strangers(np.stack(images), np.array(characters), ", ".join(sorted(families)))


def draw_alphabet(font: ImageFont.FreeTypeFont) -> list[tuple[str, NDArray[np.uint8]]]:
    """Draw and frame each letter that a font has.

    Of letters that it draws alike the first stays: some fonts have capitals for small letters.
    """
    seen = {_draw(font, MISSING).tobytes()}
    drawn = []
    for letter in ALPHABET:
        page = _draw(font, letter)
        if page.tobytes() in seen:
            continue
        seen.add(page.tobytes())
        try:
            drawn.append((letter, frame(page)))
        except BlankImage:
            continue
    return drawn


def _draw(font: ImageFont.FreeTypeFont, letter: str) -> NDArray[np.uint8]:
    """One letter, white on black, where no flourish of it is cut off."""
    page = Image.new("L", (4 * SIZE_PIXELS, 4 * SIZE_PIXELS))
    middle = 2 * SIZE_PIXELS
    ImageDraw.Draw(page).text((middle, middle), letter, fill=255, font=font, anchor="ms")
    return np.asarray(page)


def _choose_fonts(paths: Iterable[str]) -> list[ImageFont.FreeTypeFont]:
    """Up to four styles of each family that measures."""
    families: dict[str, dict[str, ImageFont.FreeTypeFont]] = {}
    learnt = set(fonts.families())
    for path in sorted(paths):
        try:
            font = ImageFont.truetype(path, SIZE_PIXELS)
        except OSError:  # no font that can be scaled
            continue
        family, style = (name or "" for name in font.getname())
        is_text = not any(word in f"{family} {style}".lower() for word in NOT_TEXT)
        if is_text and family.lower().replace(" ", "-") not in learnt:
            families.setdefault(family, {}).setdefault(style, font)
    return [
        styles[style] for _, styles in sorted(families.items()) for style in _spread(sorted(styles))
    ]


def _spread(names: list[str]) -> list[str]:
    """Four of the names, evenly far apart."""
    places = np.linspace(0, len(names) - 1, min(len(names), STYLES_PER_FAMILY))
    return [names[round(place)] for place in places]
