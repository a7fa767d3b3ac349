"""What is mixed in is made once a run, the same for the same seed, apart for validation."""

from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest

from training import fonts, things
from training.config import Mixture
from training.dataset import Digits
from training.extras import HELD_OUT, prepare
from training.npm import Package

MIXTURE = Mixture(uploads=10, written=20, outliers=40, things=30)
FOLDER = Path(mpl.get_data_path()) / "fonts/ttf"
FACES = ("DejaVuSans", "DejaVuSansMono", "STIXGeneral")


@pytest.fixture(autouse=True)
def families(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """Ten families, of which matplotlib's three faces are the first two and the held-out one."""
    names = [f"family{place}" for place in range(HELD_OUT)]
    files = dict(zip((names[0], names[1], names[-1]), FACES, strict=True))
    faces = [
        fonts.Typeface(name, (FOLDER / f"{file}.ttf").read_bytes()) for name, file in files.items()
    ]
    monkeypatch.setattr(fonts, "pinned", lambda: [Package(name, "1", "") for name in names])
    monkeypatch.setattr(fonts, "load", lambda: faces)
    return {face.family: face.font for face in faces}


@pytest.fixture(autouse=True)
def groups(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Ten groups of things, a bar for each: the tenth stands upright."""
    names = [f"group{place}" for place in range(HELD_OUT)]
    known = [
        things.Thing(name, *np.ones((2, 20, 8) if name == names[-1] else (2, 8, 20), np.float32))
        for name in names
    ]
    monkeypatch.setattr(things, "load", lambda: known)
    return names


def test_extras_hold_every_kind(digits: Digits, tmp_path: Path) -> None:
    """Uploads, every digit in each learnt face at two sizes and in other hands, and outliers."""
    made = prepare(digits, MIXTURE, tmp_path / "run/extras.npz", seed=1)

    assert 7 <= len(made.uploaded) <= 10
    assert np.bincount(made.printed.labels, minlength=10).tolist() == [4] * 10
    assert np.bincount(made.written.labels, minlength=10).tolist() == [2] * 10
    assert made.outliers.shape[1:] == (28, 28)
    assert len(made.outliers) > 40 + 30


def test_extras_are_made_once(
    digits: Digits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that goes on finds what it had, even where the typefaces are gone."""
    path = tmp_path / "extras.npz"
    made = prepare(digits, MIXTURE, path, seed=1)
    monkeypatch.setattr(fonts, "load", list)
    again = prepare(digits, MIXTURE, path, seed=1)

    np.testing.assert_array_equal(again.outliers, made.outliers)
    np.testing.assert_array_equal(again.printed.images, made.printed.images)
    np.testing.assert_array_equal(again.uploaded.labels, made.uploaded.labels)


def test_validation_has_typefaces_of_its_own(digits: Digits, tmp_path: Path) -> None:
    """Every tenth family is printed for validation alone."""
    learnt = prepare(digits, MIXTURE, tmp_path / "a.npz", seed=1)
    held_out = prepare(digits, MIXTURE, tmp_path / "b.npz", seed=1, is_validation=True)

    assert len(held_out.printed) == 20
    assert not {image.tobytes() for image in held_out.printed.images} & {
        image.tobytes() for image in learnt.printed.images
    }


def test_validation_has_things_of_its_own(digits: Digits, tmp_path: Path) -> None:
    """Every tenth group of things is shown for validation alone; the others are learnt from."""
    learnt = prepare(digits, MIXTURE, tmp_path / "a.npz", seed=1)
    held_out = prepare(digits, MIXTURE, tmp_path / "b.npz", seed=1, is_validation=True)

    for shown, count, is_upright in ((learnt, 30, False), (held_out, 3, True)):
        for page in shown.outliers[-count:]:
            height, width = (np.count_nonzero(page.any(axis=axis)) for axis in (1, 0))
            assert (height > width) == is_upright
