"""What is no photo: MNIST itself, canvas drawings, small scans, fonts."""

import subprocess
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from shutil import which

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from sklearn.datasets import load_digits

from benchmarks.images.ink import draw_with_round_pen, find_middle_line
from benchmarks.images.sample import Sample, encode
from training.dataset import Digits

CANVAS_PIXELS = 280
HAIRLINE_PIXELS = 3

FACES_PER_FAMILY = 2
DIGITS = " ".join(format(ord(digit), "x") for digit in "0123456789")
NO_DIGITS = ("Keyboard", "Math", "Emoji", "Symbol", "Dingbats", "Initials")


def list_genuine(source: Digits, count: int, rng: np.random.Generator) -> Iterator[Sample]:
    """MNIST's own digits as PNGs, `count` of them."""
    for index in rng.permutation(len(source))[:count]:
        digit = source.images[index]
        yield Sample("28×28", encode(digit), str(source.labels[index]), digit)


def draw_on_canvas(source: Digits, count: int, rng: np.random.Generator) -> Iterator[Sample]:
    """As a web page's canvas gives them: a round pen, any size and place, either polarity.

    Only digits whose middle line is theirs (see `ink.find_middle_line`): of the others, nobody
    could say what was drawn.
    """
    places = rng.permutation(len(source))
    lines = ((index, find_middle_line(source.images[index])) for index in places)
    drawable = ((index, line) for index, line in lines if line is not None)
    for number, (index, line) in enumerate(islice(drawable, count)):
        longest = rng.uniform(50, 230)
        width = rng.uniform(1, min(24, longest / 6))
        ink = draw_with_round_pen(line, CANVAS_PIXELS, longest, width, rng)
        shade = "dark" if number % 2 else "light"
        grey = np.rint(255 * (1 - ink if shade == "dark" else ink)).astype(np.uint8)
        pen = "hair" if width < HAIRLINE_PIXELS else "fat" if width > longest / 10 else "pen"
        yield Sample(f"{shade} {pen}", encode(grey), str(source.labels[index]))


def list_small_scans() -> Iterator[Sample]:
    """Scikit-learn's 1,797 digits of real writers, 8×8: as they are, and enlarged in two ways."""
    scans = load_digits()
    enlarge = (
        ("8×8", 8, Image.Resampling.NEAREST),
        ("160×160", 160, Image.Resampling.BICUBIC),
        ("200×200", 200, Image.Resampling.BILINEAR),
    )
    for number, (image, label) in enumerate(zip(scans.images, scans.target, strict=True)):
        kind, side, method = enlarge[number % 3]
        grey = Image.fromarray(np.rint(255 - image * (255 / 16)).astype(np.uint8))
        yield Sample(kind, encode(grey.resize((side, side), method)), str(label))


def print_fonts(rng: np.random.Generator) -> Iterator[Sample]:
    """The ten digits in up to two faces of each installed family, 20 to 240 pixels high."""
    for family, faces in _list_families().items():
        for face in sorted(faces)[:FACES_PER_FAMILY]:
            font = ImageFont.truetype(face, int(rng.integers(20, 240)))
            for digit in range(10):
                left, top, right, bottom = (int(side) for side in font.getbbox(str(digit)))
                margin = int(rng.integers(2, 60))
                size = (right - left + 2 * margin, bottom - top + 2 * margin)
                image = Image.new("L", size, 255)
                draw = ImageDraw.Draw(image)
                draw.text((margin - left, margin - top), str(digit), fill=0, font=font)
                yield Sample(family, encode(image), str(digit))


def require() -> None:
    """See that installed fonts can be listed.

    Raises:
        SystemExit: they cannot.
    """
    if which("fc-list") is None:
        raise SystemExit("Missing: fc-list. On Debian: apt-get install fontconfig")


def _list_families() -> dict[str, list[str]]:
    """Family → files of the installed fonts that have digits.

    debian-fonts.txt lists the packages that the figures are measured with.

    Raises:
        FileNotFoundError: there is no fc-list; `require` has seen that there is.
    """
    command = ["fc-list", f":charset={DIGITS}", "--format", "%{file}|%{family[0]}\n"]
    listing = subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603 # a fixed command
    families: dict[str, list[str]] = {}
    for line in sorted(listing.splitlines()):
        file, family = line.split("|")
        if Path(file).suffix in {".ttf", ".otf"} and not any(word in family for word in NO_DIGITS):
            families.setdefault(family, []).append(file)
    return families
