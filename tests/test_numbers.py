"""One digit or several that touch: decided by what reads well."""

import numpy as np
import pytest

from app.imaging import Normalised, Reading
from app.numbers import Located, choose
from app.predictions import Prediction


def see(width: int = 20, height: int = 20) -> Normalised:
    """Ink of a size."""
    ink = np.ones((height, width), bool)
    return Normalised(np.zeros((28, 28), np.uint8), is_dark_on_light=True, found=ink)


def read_as(digit: int, confidence: float = 0.999, *, accepted: bool = True) -> Prediction:
    """A prediction."""
    reason = None if accepted else "unsure"
    blank = np.zeros((28, 28), np.uint8)
    return Prediction(digit, confidence, [0.0] * 10, accepted, reason, blank)


PAIR = ((see(), see()),)


def digits(located: list[Located]) -> list[int]:
    """What is answered."""
    return [each.prediction.digit for each in located]


def test_what_reads_as_one_is_one() -> None:
    """Though it could be split, and the rest of the row keeps its predictions."""
    predictions = iter([read_as(4), read_as(1, 0.95), read_as(1, 0.99), read_as(9)])
    (located,) = choose(Reading(see(), PAIR), predictions)

    assert (located.prediction.digit, located.prediction.accepted) == (4, True)
    assert next(predictions).digit == 9


def test_what_reads_better_as_two_is_two() -> None:
    """Be the whole accepted or not."""
    for whole in (read_as(8, accepted=False), read_as(8, 0.8)):
        located = choose(Reading(see(28), PAIR), iter([whole, read_as(1), read_as(0)]))

        assert digits(located) == [1, 0]
        assert all(each.prediction.accepted for each in located)


def test_three_are_taken_where_they_read_better() -> None:
    """And two where three do not."""
    splits = ((see(), see()), (see(), see(), see()))
    bad = [read_as(0, accepted=False)]
    good = [read_as(digit) for digit in (1, 2, 3, 4, 5)]

    assert digits(choose(Reading(see(28), splits), iter(bad + good))) == [1, 2]
    assert digits(choose(Reading(see(36), splits), iter(bad + bad + good[1:]))) == [3, 4, 5]


@pytest.mark.parametrize(
    ("width", "confidences"),
    [
        (24, (0.95, 0.5, 0.9)),  # one digit, perhaps
        (24, (0.7, 0.8, 0.9)),  # two, perhaps
        (36, (0.7, 0.99, 0.99)),  # so wide that it may be three
        (50, (0.999, 0.5, 0.9)),  # so wide that it can hardly be one
    ],
)
def test_what_is_not_sure_is_flagged(width: int, confidences: tuple[float, ...]) -> None:
    """Answered as it reads best, and not accepted."""
    predictions = [read_as(7, confidence) for confidence in confidences]
    located = choose(Reading(see(width), PAIR), iter(predictions))

    assert {each.prediction.accepted for each in located} == {False}
    assert {each.prediction.reason for each in located} == {"several_digits"}


def test_ink_too_wide_that_cannot_be_split_is_flagged() -> None:
    """A network is sure of things that it never saw."""
    (located,) = choose(Reading(see(50)), iter([read_as(7)]))

    assert located.prediction.reason == "several_digits"


def test_a_bad_digit_keeps_its_own_reason() -> None:
    """Narrow ink that reads as nothing is no case of several digits."""
    (located,) = choose(Reading(see()), iter([read_as(7, accepted=False)]))

    assert located.prediction.reason == "unsure"
