"""The benchmark of pictures: what it draws, and how it counts."""

import io
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from benchmarks.images.__main__ import main
from benchmarks.images.blanks import draw_blanks
from benchmarks.images.drawings import draw_on_canvas, list_small_scans
from benchmarks.images.ink import draw_with_round_pen, find_middle_line, redraw, thin
from benchmarks.images.photos import KINDS, draw_photos, draw_rows
from benchmarks.images.sample import Sample
from benchmarks.images.service import Answer
from benchmarks.images.sets import SETS, PictureSet
from benchmarks.images.sheets import write_sheet
from benchmarks.images.table import Outcome, print_table
from training.dataset import Digits

BY_NAME = {pictures.name: pictures for pictures in SETS}


@pytest.fixture
def source(golden: dict[str, NDArray[np.uint8]]) -> Digits:
    """A few real digits of each class."""
    return Digits(golden["images"], golden["labels"])


def answer(digit: int, **others: object) -> Answer:
    """An answer of `/predict`."""
    return Answer(200, {"digit": digit, "accepted": True, "reason": None, **others})


def outcome(pictures: PictureSet, digits: str, answers: list[Answer]) -> Outcome:
    """A set of one kind a digit, answered."""
    return Outcome(pictures, [Sample(digit, b"", digit) for digit in digits], answers)


def test_a_machine_that_cannot_list_fonts_is_told_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before minutes of drawing, and with the package that has what is missing."""
    monkeypatch.setenv("PATH", "")
    with pytest.raises(SystemExit, match="fontconfig"):
        main([])


def test_the_same_seed_draws_the_same_pictures(source: Digits) -> None:
    """And another seed others."""
    one, again, other = (
        [
            sample.upload
            for sample in draw_rows(source, 2, np.random.default_rng(seed), digits=(2, 4))
        ]
        for seed in (1, 1, 2)
    )

    assert one == again
    assert one != other


def test_every_kind_of_photo_is_a_picture(source: Digits) -> None:
    """Of as many kinds as are named, each labelled."""
    samples = list(draw_photos(source, 1, np.random.default_rng(3)))

    assert [sample.kind for sample in samples] == list(KINDS)
    for sample in samples:
        assert min(Image.open(io.BytesIO(sample.upload)).size) >= 100
        assert sample.text in set("0123456789")


def test_blanks_and_canvases_and_scans(source: Digits) -> None:
    """Blanks have no text; canvases are of 280 pixels; the scans are all 1,797."""
    rng = np.random.default_rng(4)
    canvas = next(draw_on_canvas(source, 1, rng))

    assert {sample.text for sample in draw_blanks(1, rng)} == {""}
    assert Image.open(io.BytesIO(canvas.upload)).size == (280, 280)
    assert sum(1 for _ in list_small_scans()) == 1797


def test_redrawn_digits_have_the_size_asked_for(source: Digits) -> None:
    """Whatever their weight."""
    for digit, weight in zip(islice(source.images, 8), np.linspace(-0.25, 0.25, 8), strict=True):
        ink = redraw(digit, 90, np.random.default_rng(5), weight=float(weight))

        assert max(ink.shape) == 90
        assert 0 <= ink.min() <= ink.max() <= 1


def test_thinning_leaves_a_line() -> None:
    """A bar becomes a line of one pixel along its middle, nearly as long."""
    bar = np.zeros((40, 80), dtype=bool)
    bar[15:26, 10:70] = True
    line = thin(bar)

    assert np.count_nonzero(line) == pytest.approx(50, abs=8)
    assert set(np.flatnonzero(line.any(axis=1))) <= {19, 20, 21}


def test_dim_loop_is_drawn_as_a_loop() -> None:
    """An 8 whose loops are three quarters as bright as its strokes is drawn with both of them."""
    eight = np.zeros((28, 28), dtype=np.uint8)
    eight[4:24, 9:18] = 250
    eight[7:12, 12:15] = eight[16:21, 12:15] = 185

    line = find_middle_line(eight)
    assert line is not None
    paper = draw_with_round_pen(line, 280, 200, 6, np.random.default_rng(0)) < 0.5

    assert ndimage.label(paper)[1] == 3


def test_filled_digits_have_no_middle_line(source: Digits) -> None:
    """A blot is no digit when thinned; most digits are."""
    blot = np.zeros((28, 28), dtype=np.uint8)
    blot[6:22, 6:22] = 255

    assert find_middle_line(blot) is None
    lines = [find_middle_line(digit) for digit in source.images[:12]]
    assert np.mean([line is not None for line in lines]) > 0.7


def test_bars_are_held_against_shares_and_kinds(capsys: pytest.CaptureFixture[str]) -> None:
    """Met, missed in all, missed in one kind."""
    right, wrong = answer(1), answer(2)
    photos, canvas = BY_NAME["photos"], BY_NAME["canvas"]

    assert outcome(photos, "1" * 100, [right] * 99 + [wrong]).is_met()
    assert not outcome(photos, "1" * 100, [right] * 98 + [wrong] * 2).is_met()
    assert not outcome(photos, "1" * 99 + "2", [right] * 100).is_met()
    assert print_table([outcome(canvas, "11", [right, right])])
    assert "| 100.00 % | ≥ 99.6 % | yes |" in capsys.readouterr().out


def test_single_digits_taken_for_several_are_counted() -> None:
    """Right or not, a single digit that is answered so misses the last bar."""
    several = answer(1, accepted=False, reason="several_digits")

    assert not print_table([outcome(BY_NAME["canvas"], "11", [answer(1), several])])


def test_damage_is_held_against_the_model_itself() -> None:
    """Half a point below what the model reads when fed directly is met, more is not."""
    damaged = BY_NAME["damaged"]
    samples = [Sample("fog", b"", "1")] * 200
    direct = [1] * 190 + [0] * 10

    for wrong, is_met in ((11, True), (12, False)):
        answers = [answer(1)] * (200 - wrong) + [answer(0)] * wrong
        assert Outcome(damaged, samples, answers, direct).is_met() == is_met


def test_each_set_knows_what_is_right() -> None:
    """A digit, a blank, several, a number."""
    blank = Answer(422, {"code": "blank_image"})

    assert BY_NAME["blanks"].is_right(Sample("solid", b"", ""), blank)
    assert not BY_NAME["photos"].is_right(Sample("plain", b"", "1"), blank)
    assert BY_NAME["numbers"].is_right(Sample("plain", b"", "07"), Answer(200, {"text": "07"}))
    assert not BY_NAME["several"].is_right(Sample("plain", b"", "12"), answer(1))


def test_failures_are_pasted_on_a_sheet(source: Digits, tmp_path: Path) -> None:
    """One cell each, and no sheet where nothing failed."""
    samples = list(draw_on_canvas(source, 2, np.random.default_rng(6)))
    canvas = BY_NAME["canvas"]
    right = [answer(int(sample.text)) for sample in samples]
    wrong = Outcome(canvas, samples, [right[0], Answer(422, {"code": "blank_image"})])
    with Image.open(write_sheet(tmp_path, wrong)) as sheet:
        height = sheet.height

    number = Outcome(
        BY_NAME["numbers"], samples[:1], [Answer(200, {"text": "12", "accepted": False})]
    )

    assert write_sheet(tmp_path, number) is not None
    assert height > 100
    assert write_sheet(tmp_path, Outcome(canvas, samples, right)) is None
