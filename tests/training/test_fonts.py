"""Typefaces are taken out of the packages that are pinned, and print digits."""

import hashlib
import io
import tarfile
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest

from training import fonts
from training.npm import Package

FONT = Path(mpl.get_data_path()) / "fonts/ttf/DejaVuSans.ttf"


@pytest.fixture
def archive() -> bytes:
    """A package as npm packs it: two faces that are wanted, and one of another script."""
    content = FONT.read_bytes()
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as tar:
        for name in ("latin-400", "latin-700", "cyrillic-400"):
            member = tarfile.TarInfo(f"package/files/plain-{name}-normal.woff")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return file.getvalue()


@pytest.fixture
def package(archive: bytes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Package:
    """The one family that is pinned, in the cache."""
    one = Package("@fontsource/plain", "1.2.3", hashlib.sha256(archive).hexdigest())
    monkeypatch.setattr(fonts, "pinned", lambda: [one])
    cached = tmp_path / "alexnet-digits/fonts" / one.archive
    cached.parent.mkdir(parents=True)
    cached.write_bytes(archive)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return one


@pytest.mark.usefixtures("package")
def test_latin_faces_are_read() -> None:
    """Regular and bold, and no other script."""
    assert [face.family for face in fonts.load()] == ["plain", "plain"]


def test_saved_packages_serve_as_a_cache(
    package: Package, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was put aside for another machine is taken there."""
    fonts.save(tmp_path / "other/alexnet-digits/fonts")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "other"))

    assert (tmp_path / "other/alexnet-digits/fonts" / package.archive).is_file()
    assert len(fonts.load()) == 2


def test_pinned_families_are_many_and_each_stands_once() -> None:
    """The list in the repository reads as packages, sorted, with whole digests."""
    families = fonts.families()

    assert len(families) > 90
    assert families == sorted(set(families))
    assert not any("/" in family for family in families)
    assert {len(package.sha256) for package in fonts.pinned()} == {64}


def test_drawing_is_dark_on_light_with_paper_around() -> None:
    """A printed digit has its ink inside and white paper at every edge."""
    page = fonts.Typeface("plain", FONT.read_bytes()).draw("8", 60)

    edges = np.concatenate([page[0], page[-1], page[:, 0], page[:, -1]])
    assert page.dtype == np.uint8
    assert (edges == 255).all()
    assert page.min() == 0
    assert 40 < np.flatnonzero((page < 128).any(axis=1)).size < 60
