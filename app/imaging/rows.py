"""Normalise every digit of a row, in reading order."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.imaging.drawing import draw
from app.imaging.framing import frame
from app.imaging.grouping import Ink
from app.imaging.normalisation import Normalised, describe, keep_framed
from app.imaging.search import LARGEST_SIDE, Found, search
from app.imaging.touching import MOST_PARTS, split

# The shorter side of the picture on which ink is looked for is this long at the least, as long as
# the longer one does not exceed the most.
SHORT_SIDE = 160
MOST_SIDE = 1280

# Digits of a number are at least this share as tall as its tallest; smaller ink is a full stop, or
# something else of the page.
SHORTEST_SHARE = 0.4

# Digits whose heights overlap by this share of the lesser are on one line.
SHARED_HEIGHT = 0.3


@dataclass(frozen=True, slots=True)
class Reading:
    """One piece of ink, and what it may be instead.

    Attributes:
        whole: the ink taken for one digit.
        splits: ways to split it into digits that touch, each from left to right; none where it is
            too narrow for two.
    """

    whole: Normalised
    splits: tuple[tuple[Normalised, ...], ...] = ()

    def list_all(self) -> list[Normalised]:
        """The whole, then the parts of each split."""
        return [self.whole, *(part for parts in self.splits for part in parts)]


def normalise_row(grey: NDArray[np.uint8]) -> list[Reading]:
    """Turn a picture of several digits into the digits that the model expects.

    Args:
        grey: uint8 [H, W], upright.

    Returns:
        One reading for each piece of ink, line by line and from left to right.

    Raises:
        BlankImage: there is no ink in the picture.
    """
    kept = keep_framed(grey)
    if kept is not None:
        return [Reading(kept)]
    found = search(grey, _largest_side(grey.shape))
    return [_read(ink, found) for ink in _in_reading_order(_digits(found.inks))]


def _largest_side(shape: tuple[int, ...]) -> int:
    """A long row is looked at as large as its height needs."""
    return int(min(max(LARGEST_SIDE, SHORT_SIDE * max(shape) / min(shape)), MOST_SIDE))


def _digits(inks: list[Ink]) -> list[Ink]:
    """Leave out what is too small to be a digit of this number."""
    tallest = max(_height(ink) for ink in inks)
    return [ink for ink in inks if _height(ink) >= SHORTEST_SHARE * tallest]


def _in_reading_order(inks: list[Ink]) -> list[Ink]:
    """Line by line, and from left to right within each."""
    lines: list[list[Ink]] = []
    for ink in sorted(inks, key=lambda ink: ink.box[1] + ink.box[3]):
        if lines and _is_on_line(lines[-1], ink):
            lines[-1].append(ink)
        else:
            lines.append([ink])
    return [ink for line in lines for ink in sorted(line, key=lambda ink: ink.box[0])]


def _is_on_line(line: list[Ink], ink: Ink) -> bool:
    top = float(np.mean([each.box[1] for each in line]))
    bottom = float(np.mean([each.box[3] for each in line]))
    shared = min(bottom, ink.box[3]) - max(top, ink.box[1])
    return shared > SHARED_HEIGHT * min(bottom - top, _height(ink))


def _height(ink: Ink) -> int:
    return ink.box[3] - ink.box[1]


def _read(ink: Ink, found: Found) -> Reading:
    """One ink, drawn whole and in every number of parts it is wide enough for."""
    return Reading(
        _normalise(ink, found),
        tuple(
            tuple(_normalise(part, found) for part in parts)
            for count in range(2, MOST_PARTS + 1)
            if (parts := split(ink, count))
        ),
    )


def _normalise(ink: Ink, found: Found) -> Normalised:
    return describe(frame(draw(found.dark, ink, found.scale)), ink, found)
