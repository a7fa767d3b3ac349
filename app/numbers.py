"""From the digits of a row, as they may be split, to a number."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from app.imaging import Normalised, Reading
from app.predictions import Prediction

Box = tuple[int, int, int, int]

WIDEST_DIGIT = 1.9
"""Of MNIST's digits one in a thousand is wider than so many times its height."""


@dataclass(frozen=True, slots=True)
class Located:
    """A digit of a number: what it was read as, and its box (x, y, w, h) in the picture."""

    prediction: Prediction
    box: Box


def choose(reading: Reading, predictions: Iterator[Prediction]) -> list[Located]:
    """Decide whether one piece of ink is one digit or several that touch.

    It is one as long as it reads as one and is not too wide. Else it is what every part of a split
    is accepted as, the fewest parts first. Ink that is too wide for one digit, or may be several,
    and reads as nothing is answered whole and not accepted: `several_digits`.

    Args:
        reading: the ink, whole and split.
        predictions: of `reading.list_all()`, in its order; as many are taken.
    """
    whole = Located(next(predictions), reading.whole.box)
    splits = [_locate(parts, predictions) for parts in reading.splits]
    is_wide = whole.box[2] > WIDEST_DIGIT * whole.box[3]
    if whole.prediction.accepted and not is_wide:
        return [whole]
    for split in splits:
        if all(part.prediction.accepted for part in split):
            return split
    if not is_wide and not splits:
        return [whole]
    flagged = replace(whole.prediction, accepted=False, reason="several_digits")
    return [replace(whole, prediction=flagged)]


def _locate(parts: tuple[Normalised, ...], predictions: Iterator[Prediction]) -> list[Located]:
    return [Located(next(predictions), part.box) for part in parts]
