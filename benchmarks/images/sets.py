"""The sets of pictures, what is right to answer to each, and how often it must be."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from benchmarks.images.blanks import draw_blanks
from benchmarks.images.damaged import list_damaged
from benchmarks.images.drawings import (
    draw_on_canvas,
    list_genuine,
    list_small_scans,
    print_fonts,
)
from benchmarks.images.photos import draw_photos, draw_rows
from benchmarks.images.sample import Sample
from benchmarks.images.service import Answer
from training.dataset import Digits

Draw = Callable[[Digits, float, np.random.Generator], Iterator[Sample]]
Judge = Callable[[Sample, Answer], bool]


@dataclass(frozen=True, slots=True)
class PictureSet:
    """One row of the table.

    Attributes:
        name: for the command line.
        title: for people.
        draw: source digits, scale and generator → samples.
        is_right: whether an answer is.
        bar: the least share of right answers, in percent; None if `below_direct` is the bar.
        kind_bar: the same of every kind.
        below_direct: how many points it may be off what the model reads when fed directly.
        path: what it is posted to.
        has_one_digit: whether answering `several_digits` is wrong.
    """

    name: str
    title: str
    draw: Draw
    is_right: Judge
    bar: float | None = None
    kind_bar: float | None = None
    below_direct: float | None = None
    path: str = "/predict"
    has_one_digit: bool = False


def is_several(answer: Answer) -> bool:
    """Whether an answer says that there are several digits."""
    return answer.body.get("reason") == "several_digits" and not answer.body["accepted"]


def _reads_digit(sample: Sample, answer: Answer) -> bool:
    return answer.status == 200 and str(answer.body["digit"]) == sample.text


def _is_blank(_sample: Sample, answer: Answer) -> bool:
    return answer.status == 422 and answer.body["code"] == "blank_image"


def _tells_several(_sample: Sample, answer: Answer) -> bool:
    return is_several(answer)


def _reads_number(sample: Sample, answer: Answer) -> bool:
    return answer.status == 200 and answer.body["text"] == sample.text


SETS = (
    PictureSet(
        "mnist",
        "MNIST digits as 28×28 PNG",
        lambda source, scale, rng: list_genuine(source, round(10_000 * scale), rng),
        _reads_digit,
        below_direct=0.03,
        has_one_digit=True,
    ),
    PictureSet(
        "photos",
        "… re-drawn as phone photos",
        lambda source, scale, rng: draw_photos(source, round(150 * scale), rng),
        _reads_digit,
        bar=98.5,
        kind_bar=97,
        has_one_digit=True,
    ),
    PictureSet(
        "canvas",
        "… re-drawn with a round pen on a 280×280 canvas",
        lambda source, scale, rng: draw_on_canvas(source, round(2000 * scale), rng),
        _reads_digit,
        bar=99.6,
        has_one_digit=True,
    ),
    PictureSet(
        "scans",
        "scikit-learn's `load_digits`",
        lambda _source, _scale, _rng: list_small_scans(),
        _reads_digit,
        bar=97,
        has_one_digit=True,
    ),
    PictureSet(
        "fonts",
        "digits in Debian's fonts",
        lambda _source, _scale, rng: print_fonts(rng),
        _reads_digit,
        bar=98,
        has_one_digit=True,
    ),
    PictureSet(
        "damaged",
        "MNIST-C's damage to 28×28 PNGs",
        lambda source, scale, rng: list_damaged(source, round(1000 * scale), rng),
        _reads_digit,
        below_direct=0.5,
    ),
    PictureSet(
        "blanks",
        "pages without a digit",
        lambda _source, scale, rng: draw_blanks(round(100 * scale), rng),
        _is_blank,
        bar=99.5,
    ),
    PictureSet(
        "several",
        "two to four digits side by side",
        lambda source, scale, rng: draw_rows(source, round(500 * scale), rng, digits=(2, 4)),
        _tells_several,
        bar=95,
    ),
    PictureSet(
        "numbers",
        "whole numbers of 2–8 digits, `POST /read`",
        lambda source, scale, rng: draw_rows(source, round(500 * scale), rng, digits=(2, 8)),
        _reads_number,
        bar=95,
        path="/read",
    ),
)
