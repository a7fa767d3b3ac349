"""One digit or several that touch: decided by what reads well."""

import numpy as np
import pytest

from app.imaging import Normalised, Reading
from app.numbers import Located, choose
from app.predictions import Prediction


def see(width: int = 20, height: int = 20) -> Normalised:
    """Ink of a size."""
    return Normalised(
        np.zeros((28, 28), np.uint8), np.ones((height, width), bool), 1.0, is_dark_on_light=True
    )


def read_as(digit: int, *, accepted: bool = True) -> Prediction:
    """A prediction, certain or not."""
    return Prediction(digit, 0.9, [0.0] * 10, accepted, None if accepted else "unsure")


PAIR = ((see(), see()),)


def digits(located: list[Located]) -> list[int]:
    """What is answered."""
    return [each.prediction.digit for each in located]


def test_what_reads_as_one_is_one() -> None:
    """Though it could be split, and the rest of the row keeps its predictions."""
    predictions = iter([read_as(4), read_as(1), read_as(1), read_as(9)])
    located = choose(Reading(see(), PAIR), predictions)

    assert digits(located) == [4]
    assert next(predictions).digit == 9


def test_what_reads_as_two_is_two() -> None:
    """Where the whole is none, and each part is one."""
    located = choose(
        Reading(see(30), PAIR), iter([read_as(8, accepted=False), read_as(1), read_as(0)])
    )

    assert digits(located) == [1, 0]


def test_ink_too_wide_for_one_is_split_though_it_reads_as_one() -> None:
    """A network is sure of things that it never saw."""
    located = choose(Reading(see(60), PAIR), iter([read_as(2), read_as(1), read_as(0)]))

    assert digits(located) == [1, 0]


def test_the_fewest_parts_that_read_are_taken() -> None:
    """Two rather than three; three where two do not read."""
    splits = ((see(), see()), (see(), see(), see()))
    good = [read_as(digit) for digit in (1, 2, 3, 4, 5)]
    bad = [read_as(0, accepted=False)]

    assert digits(choose(Reading(see(60), splits), iter(bad + good))) == [1, 2]
    assert digits(choose(Reading(see(60), splits), iter(bad + bad + good[1:]))) == [3, 4, 5]


@pytest.mark.parametrize(("width", "splits"), [(60, ()), (60, PAIR), (30, PAIR)])
def test_what_cannot_be_told_apart_is_flagged(
    width: int, splits: tuple[tuple[Normalised, ...], ...]
) -> None:
    """Answered whole, and not accepted."""
    (located,) = choose(Reading(see(width), splits), iter([read_as(7, accepted=False)] * 3))

    assert (located.prediction.accepted, located.prediction.reason) == (False, "several_digits")
    assert located.box == (0, 0, width, 20)


def test_a_bad_digit_keeps_its_own_reason() -> None:
    """Narrow ink that reads as nothing is no case of several digits."""
    (located,) = choose(Reading(see()), iter([read_as(7, accepted=False)]))

    assert located.prediction.reason == "unsure"
