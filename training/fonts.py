"""Typefaces, printed and handwritten, to learn digits from and to learn letters as no digits.

Whatever measures the network uses Debian's fonts; no family of those is listed here.
"""

import io
import re
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from training import npm
from training.cache import cache_folder

SCOPE = "@fontsource/"
"""Whose packages hold one family each."""

FACE = re.compile(r"-latin-(400|700)-normal\.woff$")
"""Regular and bold, of the Latin letters: what is taken out of a package."""

MARGIN = 0.3
"""Of paper around a glyph, as a share of its size."""


@dataclass(frozen=True)
class Typeface:
    """One face of a family: `font` is the file's content."""

    family: str
    font: bytes

    def draw(self, text: str, size_pixels: int) -> NDArray[np.uint8]:
        """Print a text, black on white, with some paper around it: uint8 [h, w].

        A face that lacks a glyph gives its box for missing ones.
        """
        font = ImageFont.truetype(io.BytesIO(self.font), size_pixels)
        left, top, right, bottom = font.getbbox(text)
        margin = round(MARGIN * size_pixels)
        size = (int(right - left) + 2 * margin, int(bottom - top) + 2 * margin)
        page = Image.new("L", size, 255)
        ImageDraw.Draw(page).text((margin - left, margin - top), text, font=font, fill=0)
        return np.asarray(page)


def load() -> list[Typeface]:
    """Read the typefaces from the cache, or fetch them into it.

    Returns:
        Sorted by family; one or two faces of each.

    Raises:
        PackageError: they cannot be fetched, or differ from what is pinned.
    """
    with npm.archives(pinned(), cache_folder("fonts")) as found:
        return [
            face
            for package, path in found.items()
            for face in _faces(package.name.removeprefix(SCOPE), path)
        ]


def save(folder: Path) -> None:
    """Put the packages into a folder, for a machine that cannot fetch them.

    Raises:
        PackageError: they cannot be fetched, or differ from what is pinned.
    """
    npm.save(pinned(), cache_folder("fonts"), folder)


def families() -> list[str]:
    """The families that are pinned, sorted."""
    return [package.name.removeprefix(SCOPE) for package in pinned()]


def pinned() -> list[npm.Package]:
    """The packages of `fonts.txt`."""
    lines = resources.files("training").joinpath("fonts.txt").read_text().splitlines()
    rows = (line.split() for line in lines if line and not line.startswith("#"))
    return [npm.Package(SCOPE + name, version, sha256) for name, version, sha256 in rows]


def _faces(family: str, archive: Path) -> Iterator[Typeface]:
    with tarfile.open(archive) as tar:
        for name in sorted(filter(FACE.search, tar.getnames())):
            content = tar.extractfile(name)
            if content is not None:
                yield Typeface(family, content.read())
