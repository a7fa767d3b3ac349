"""Typefaces come from npm once, are proven to be the pinned ones, and then from the cache."""

import hashlib
import io
import tarfile
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest

from training import fonts
from training.fonts import FontsError, Package

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
    """The one family that is pinned, and a cache that is empty."""
    one = Package("plain", "1.2.3", hashlib.sha256(archive).hexdigest())
    monkeypatch.setattr(fonts, "pinned", lambda: [one])
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return one


def put_npm(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let an npm of our own be the only command on the path."""
    folder.mkdir()
    npm = folder / "npm"
    npm.write_text(f"#!/bin/sh\n{script}\n")
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


def test_faces_are_fetched_once(
    package: Package, archive: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What npm gave is kept; the second time npm is not asked."""
    (tmp_path / "packed").write_bytes(archive)
    put_npm(tmp_path / "bin", f"/bin/cp {tmp_path}/packed {package.archive}", monkeypatch)
    fetched = fonts.load()
    monkeypatch.setenv("PATH", "")
    kept = fonts.load()

    assert [face.family for face in fetched] == ["plain", "plain"]
    assert kept == fetched


def test_saved_packages_serve_as_a_cache(
    package: Package, archive: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was put aside for another machine is taken there without npm."""
    (tmp_path / "packed").write_bytes(archive)
    put_npm(tmp_path / "bin", f"/bin/cp {tmp_path}/packed {package.archive}", monkeypatch)
    for name in ("one", "other"):  # the second time from the cache
        fonts.save(tmp_path / name / "alexnet-digits/fonts")
        monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "other"))

    assert [face.family for face in fonts.load()] == ["plain", "plain"]


def test_other_package_is_refused(
    package: Package, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A package of that name with other content is not learnt from."""
    put_npm(tmp_path / "bin", f"echo other > {package.archive}", monkeypatch)

    with pytest.raises(FontsError, match=r"plain-1\.2\.3\.tgz is not the one"):
        fonts.load()


@pytest.mark.usefixtures("package")
def test_missing_npm_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without cache and npm the error says what was looked for."""
    monkeypatch.setenv("PATH", "")

    with pytest.raises(FontsError, match=r"typefaces were not found.*npm is not installed"):
        fonts.load()


def test_pinned_families_are_many_and_each_stands_once() -> None:
    """The list in the repository reads as packages, sorted, with whole digests."""
    families = fonts.pinned()

    assert len(families) > 90
    assert [family.name for family in families] == sorted({family.name for family in families})
    assert {len(family.sha256) for family in families} == {64}


def test_drawing_is_dark_on_light_with_paper_around() -> None:
    """A printed digit has its ink inside and white paper at every edge."""
    page = fonts.Typeface("plain", FONT.read_bytes()).draw("8", 60)

    edges = np.concatenate([page[0], page[-1], page[:, 0], page[:, -1]])
    assert page.dtype == np.uint8
    assert (edges == 255).all()
    assert page.min() == 0
    assert 40 < np.flatnonzero((page < 128).any(axis=1)).size < 60
