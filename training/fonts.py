"""Typefaces, printed and handwritten, to learn digits from and to learn letters as no digits.

Whatever measures the network uses Debian's fonts; no family of those is listed here.
"""

import hashlib
import io
import re
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from importlib import resources
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from training import aside
from training.cache import cache_folder
from training.npm import PackageError, pack

FACE = re.compile(r"-latin-(400|700)-normal\.woff$")
"""Regular and bold, of the Latin letters: what is taken out of a package."""

MARGIN = 0.3
"""Of paper around a glyph, as a share of its size."""


class FontsError(Exception):
    """The typefaces are not to be had, or are not those that were pinned."""


@dataclass(frozen=True)
class Package:
    """One family as npm publishes it."""

    name: str
    version: str
    sha256: str

    @property
    def archive(self) -> str:
        """What npm calls the file."""
        return f"fontsource-{self.name}-{self.version}.tgz"


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
        FontsError: they cannot be fetched, or differ from what is pinned.
    """
    folder = cache_folder("fonts")
    missing = [package for package in pinned() if not _is_intact(folder, package)]
    with tempfile.TemporaryDirectory() as fetched:
        if missing:
            _fetch(missing, Path(fetched), folder)
        return [
            face
            for package in pinned()
            for face in _faces(package, Path(fetched) if package in missing else folder)
        ]


def save(folder: Path) -> None:
    """Put the packages into a folder, for a machine that cannot fetch them.

    Raises:
        FontsError: they cannot be fetched, or differ from what is pinned.
    """
    folder.mkdir(parents=True, exist_ok=True)
    missing = []
    for package in pinned():
        if _is_intact(cache_folder("fonts"), package):
            shutil.copyfile(cache_folder("fonts") / package.archive, folder / package.archive)
        else:
            missing.append(package)
    if missing:
        _fetch(missing, folder, cache_folder("fonts"))


def pinned() -> list[Package]:
    """The families that are learnt from."""
    lines = resources.files("training").joinpath("fonts.txt").read_text().splitlines()
    return [Package(*line.split()) for line in lines if line and not line.startswith("#")]


def _fetch(packages: list[Package], fetched: Path, cache: Path) -> None:
    """Download packages, make sure of them and keep copies in the cache."""
    try:
        pack([f"@fontsource/{package.name}@{package.version}" for package in packages], fetched)
    except PackageError as error:
        raise FontsError(f"the typefaces were not found; npm pack: {error}") from error
    for package in packages:
        if not _is_intact(fetched, package):
            raise FontsError(f"{package.archive} is not the one that was pinned")
    with suppress(OSError):  # all that is lost without a cache is the next run's time
        cache.mkdir(parents=True, exist_ok=True)
        for package in packages:
            aside.replace(
                cache / package.archive, partial(shutil.copyfile, fetched / package.archive)
            )


def _is_intact(folder: Path, package: Package) -> bool:
    archive = folder / package.archive
    return archive.is_file() and (
        hashlib.sha256(archive.read_bytes()).hexdigest() == package.sha256
    )


def _faces(package: Package, folder: Path) -> Iterator[Typeface]:
    with tarfile.open(folder / package.archive) as tar:
        for name in sorted(filter(FACE.search, tar.getnames())):
            content = tar.extractfile(name)
            if content is not None:
                yield Typeface(package.name, content.read())
