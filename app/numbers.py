"""From the digits of a row, as they may be split, to a number."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from app.imaging import Reading
from app.predictions import Prediction

Box = tuple[int, int, int, int]

SURE = 0.99
"""Ink that could be split, and reads as one digit less surely than this, may be several."""

SURE_OF_PARTS = 0.9
"""A split whose parts read less surely than this is a guess."""

WIDEST_DIGIT, WIDEST_PAIR = 1.9, 1.5
"""Ink wider than so many times its height is seldom one digit, or no more than two that touch."""


@dataclass(frozen=True, slots=True)
class Located:
    """A digit of a number: what it was read as, and its box (x, y, w, h) in the picture."""

    prediction: Prediction
    box: Box


def choose(reading: Reading, predictions: Iterator[Prediction]) -> list[Located]:
    """Decide whether one piece of ink is one digit or several that touch.

    It is what reads most surely: the whole, or a split by the least sure of its parts. Where that
    is not sure, it is answered and not accepted: `several_digits`. The bounds were chosen on pairs
    and triples of training digits drawn so that they touch, and on wide ones alone.

    Args:
        reading: the ink, whole and split.
        predictions: of `reading.list_all()`, in its order; as many are taken.
    """
    whole = [Located(next(predictions), reading.whole.box)]
    splits = [[Located(next(predictions), part.box) for part in parts] for parts in reading.splits]
    aspect = reading.whole.box[2] / reading.whole.box[3]
    if not splits and aspect <= WIDEST_DIGIT:
        return whole
    best = max([whole, *splits], key=_sureness)
    if len(best) == 1:
        is_sure = _sureness(best) >= SURE and aspect <= WIDEST_DIGIT
    else:
        is_sure = _sureness(best) >= SURE_OF_PARTS and (len(best) > 2 or aspect <= WIDEST_PAIR)  # noqa: PLR2004 # a pair
    return best if is_sure else [_flag(digit) for digit in best]


def _sureness(digits: list[Located]) -> float:
    """The confidence in the least sure of them; 0 if one is not accepted."""
    return min(
        digit.prediction.confidence if digit.prediction.accepted else 0.0 for digit in digits
    )


def _flag(digit: Located) -> Located:
    flagged = replace(digit.prediction, accepted=False, reason="several_digits")
    return replace(digit, prediction=flagged)
