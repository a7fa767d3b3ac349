"""Pictures of things are shown as digits are, grey on black, and none of them is worn."""

import hashlib
import io
import json
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from training import things
from training.npm import Package
from training.things import Thing

ROWS = [
    ("Objects", "tool", "hammer"),
    ("Objects", "clothing", "shirt"),
    ("Activities", "sport", "ice_skate"),
    ("Symbols", "keycap", "three"),
    ("Flags", "flag", "white_flag"),
    ("Smileys & Emotion", "emotion", "100"),
    ("Food & Drink", "food-fruit", "pear"),
]
"""Category, group and name."""


@pytest.fixture(autouse=True)
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Package:
    """A package as it is published, small and in the cache: each picture a ring, 40 by 20."""
    rows = [
        {"category": category, "subcategory": group, "short_name": name, "image": f"{name}.png"}
        for category, group, name in ROWS
    ]
    picture = Image.new("RGBA", (64, 64))
    ImageDraw.Draw(picture).ellipse([10, 20, 49, 39], (200, 100, 50), (20, 20, 20), 4)
    png = io.BytesIO()
    picture.save(png, "PNG")
    files = {things.LIST: json.dumps(rows).encode()}
    files |= {str(things.PICTURES / row["image"]): png.getvalue() for row in rows}
    files["package/img/google/sheets/64.png"] = b"all of them on one sheet"
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    one = Package("pictures", "1", hashlib.sha256(archive.getvalue()).hexdigest())
    cached = tmp_path / "alexnet-digits/things" / one.archive
    cached.parent.mkdir(parents=True)
    cached.write_bytes(archive.getvalue())
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(things, "PACKAGE", one)
    return one


def test_only_things_are_read() -> None:
    """No clothes, wherever the list has them, no signs, no flags, and nothing that is a number."""
    assert [thing.group for thing in things.load()] == ["tool", "food-fruit"]


def test_a_thing_is_cut_to_what_it_shows() -> None:
    """The empty paper around it is gone."""
    assert {thing.grey.shape for thing in things.load()} == {(20, 40)}


def test_saved_things_serve_as_a_cache(
    package: Package, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was put aside for another machine is taken there."""
    things.save(tmp_path / "other/alexnet-digits/things")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "other"))

    assert len(things.load()) == 2
    assert (tmp_path / "other/alexnet-digits/things" / package.archive).is_file()


def test_a_thing_is_drawn_as_large_as_a_digit(rng: np.random.Generator) -> None:
    """In the middle, 20 to 28 pixels on its longer side, and bright somewhere."""
    pages = np.stack([things.load()[0].draw(rng) for _ in range(40)])
    widths, heights = (np.count_nonzero(pages.max(axis=axis) > 0, axis=1) for axis in (1, 2))

    assert pages.dtype == np.uint8
    assert pages.shape == (40, 28, 28)
    assert widths.min() == 20
    assert widths.max() == 28
    assert (np.abs(heights * 2 - widths) <= 1).all()
    assert (pages.max(axis=(1, 2)) > 0.55 * 255).all()
    # Its rim is the darkest in half of the pictures, and the brightest in the others.
    middles = pages[:, 14, 14].astype(int) - pages[:, 14].max(axis=1)
    assert 8 < np.count_nonzero(middles < -20) < 32


def test_a_silhouette_is_bright(rng: np.random.Generator) -> None:
    """A thing of one grey, black as it may be, is not drawn black on black."""
    black = Thing("shadow", np.zeros((30, 20), np.float32), np.ones((30, 20), np.float32))

    assert min(black.draw(rng).max() for _ in range(20)) > 0.55 * 255
