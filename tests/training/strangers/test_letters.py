"""Letters are drawn from every font there is, framed, each once."""

import shutil
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from PIL import ImageFont

from app.imaging import is_framed
from training.dataset import DatasetError
from training.npm import Package
from training.strangers import Strangers, letters

SHIPPED = Path(mpl.get_data_path()) / "fonts" / "ttf"
"""The fonts that Matplotlib brings along."""


def copy_fonts(folder: Path, *names: str) -> Path:
    """A folder with these of Matplotlib's fonts."""
    for name in names:
        shutil.copy(SHIPPED / f"{name}.ttf", folder)
    return folder


@pytest.fixture(scope="module")
def serif(tmp_path_factory: pytest.TempPathFactory) -> Strangers:
    """The letters of one font."""
    return letters.load(copy_fonts(tmp_path_factory.mktemp("fonts"), "DejaVuSerif"))


def test_whole_alphabet_is_drawn(serif: Strangers) -> None:
    """Every letter, capital and small, in order, and no two alike."""
    assert "".join(serif.kinds) == letters.ALPHABET
    assert len(np.unique(serif.images, axis=0)) == len(letters.ALPHABET)
    assert serif.source == "DejaVu Serif"


def test_letters_are_framed(serif: Strangers) -> None:
    """Each obeys the law of MNIST's digits, as an upload of it would, but the very broad ones."""
    framed = [is_framed(image) for image in serif.images]

    assert serif.images.dtype == np.uint8
    assert np.mean(framed) > 0.9


def test_capital_and_small_letter_of_one_shape_are_alike(serif: Strangers) -> None:
    """Framing takes the size away: o is O, and a is not A."""
    by_letter = dict(zip(serif.kinds.tolist(), serif.images.astype(int), strict=True))

    assert np.abs(by_letter["o"] - by_letter["O"]).mean() < 20
    assert np.abs(by_letter["a"] - by_letter["A"]).mean() > 40


def test_same_fonts_give_the_same_letters(serif: Strangers, tmp_path: Path) -> None:
    """Nothing is left to chance."""
    again = letters.load(copy_fonts(tmp_path, "DejaVuSerif"))

    np.testing.assert_array_equal(again.images, serif.images)


def test_styles_of_a_family_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A family with many styles is heard no more often than the bound."""
    monkeypatch.setattr(letters, "STYLES_PER_FAMILY", 2)
    sans = [f"DejaVuSans{style}" for style in ("", "-Bold", "-Oblique", "-BoldOblique")]
    found = letters.load(copy_fonts(tmp_path, "DejaVuSerif", *sans))

    assert found.source == "DejaVu Sans, DejaVu Serif"
    assert len(found) == 3 * len(letters.ALPHABET)


def test_symbols_are_no_letters(tmp_path: Path) -> None:
    """Fonts of mathematics are left out, and files that are no fonts."""
    copy_fonts(tmp_path, "DejaVuSerif", "STIXSizOneSymReg", "cmsy10", "cmex10")
    (tmp_path / "broken.ttf").write_bytes(b"no font")

    assert letters.load(tmp_path).source == "DejaVu Serif"


def test_families_that_were_learnt_do_not_measure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A family of the training's list is left out, wherever it is found."""
    copy_fonts(tmp_path, "DejaVuSerif", "DejaVuSansMono")
    learnt = Package("dejavu-sans-mono", "1.0.0", "0" * 64)
    monkeypatch.setattr("training.fonts.pinned", lambda: [learnt])

    assert letters.load(tmp_path).source == "DejaVu Serif"


def test_letters_that_are_missing_are_not_drawn() -> None:
    """A font without Latin letters draws boxes for them; those are no letters."""
    font = ImageFont.truetype(SHIPPED / "STIXSizTwoSymReg.ttf", letters.SIZE_PIXELS)

    assert letters.draw_alphabet(font) == []


def test_font_without_letters_is_no_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only families of which something was drawn are named."""
    monkeypatch.setattr(letters, "NOT_TEXT", ())
    copy_fonts(tmp_path, "DejaVuSerif", "STIXSizTwoSymReg")

    assert letters.load(tmp_path).source == "DejaVu Serif"


@pytest.mark.parametrize("content", [None, b"no font"])
def test_no_font_is_a_clear_error(tmp_path: Path, content: bytes | None) -> None:
    """A folder without fonts is named."""
    if content is not None:
        (tmp_path / "broken.ttf").write_bytes(content)

    with pytest.raises(DatasetError, match=rf"no font .*{tmp_path.name}"):
        letters.load(tmp_path)
