"""Digits as hands write them that MNIST, from one country and one decade, has few of or none.

A 1 with a long upstroke, a 4 that is open or stands on a bowl, a 7 with a bar, a 9 with a hooked
foot: each way of writing a digit is a few strokes, drawn with points moved about, another slant,
another pen. All ten digits are drawn, so that a stroke's look says nothing of which digit it is.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from training.curves import Points, round_corners
from training.dataset import Digits

Grey = NDArray[np.uint8]

PAGE = 140
"""Pixels of what is drawn on: five to each of the network's."""

LOOP = "72,22 50,4 22,26 45,50 72,30 72,20"
"""Of a 9."""

WAYS = (
    (  # 0
        "50,3 12,25 12,80 50,97 88,80 88,25 50,3",
        "60,10 20,10 10,60 30,97 80,90 85,30 45,5",
    ),
    (  # 1: with an upstroke, short or as long as half of it, and with a foot
        "22,30 56,4 56,97",
        "8,52 60,3 60,97",
        "20,34 52,4 52,96 | 22,96 84,96",
        "5,40 35,36 62,3 60,97",
    ),
    (  # 2
        "15,28 40,2 82,12 75,50 15,95 90,95",
        "20,20 55,2 78,25 60,60 20,95 | 20,95 88,93",
        "20,25 50,3 75,25 40,85 15,90 30,75 85,95",
    ),
    (  # 3
        "15,12 60,2 80,25 42,46 85,65 65,97 12,90",
        "15,6 80,6 42,42 | 42,42 85,60 70,95 15,93",
    ),
    (  # 4: closed, open, on a bowl, with a short tail or one that crosses
        "62,97 62,4 10,64 92,64",
        "35,5 12,55 88,55 | 68,30 64,97",
        "45,3 10,50 30,68 85,40 | 88,22 50,97",
        "50,3 12,60 90,60 | 78,42 60,95",
        "15,5 15,50 85,50 | 82,5 82,97",
    ),
    (  # 5
        "82,5 28,6 22,45 62,36 88,66 60,96 12,88",
        "25,6 22,45 68,42 82,78 15,95 | 25,6 85,5",
    ),
    (  # 6
        "75,6 30,25 12,75 50,98 85,75 50,50 15,72",
        "50,3 20,50 25,95 75,92 72,58 20,65",
    ),
    (  # 7: plain, with a bar, with a serif
        "12,6 86,6 40,97",
        "12,6 86,6 40,97 | 30,50 85,50",
        "12,24 14,5 86,6 56,50 45,97",
        "12,22 14,5 86,6 40,97 | 30,50 82,46",
    ),
    (  # 8
        "78,15 40,2 20,25 80,70 50,98 18,75 80,15",
        "50,47 24,25 50,3 76,25 50,47 | 50,47 12,75 50,97 88,75 50,47",
    ),
    (  # 9: on a straight stem, with a hook, with a foot that goes all the way back
        f"{LOOP} | 72,20 70,97",
        f"{LOOP} | 72,20 74,75 50,97 15,88",
        f"{LOOP} | 72,20 80,60 78,93 15,95",
        f"{LOOP} | 72,20 60,60 30,97",
    ),
)
"""Of each digit, from 0 on. A way is its strokes, a stroke its corners, a corner how far it is to
the right and down, in hundredths of the digit's width and height."""


def write(count: int, rng: np.random.Generator) -> Digits:
    """Write as many of each digit as of the others, each in one of its ways.

    Returns:
        White on black, uint8 [count, 140, 140], and what they are.
    """
    labels = np.arange(count, dtype=np.uint8) % 10
    return Digits(np.stack([_write(WAYS[label], rng) for label in labels]), labels)


def _write(ways: tuple[str, ...], rng: np.random.Generator) -> Grey:
    """One digit, in one of these ways."""
    strokes = _parse(ways[rng.integers(len(ways))])
    width, height = PAGE * rng.uniform(0.3, 0.68), PAGE * rng.uniform(0.6, 0.8)
    slant, wave = rng.uniform(-0.15, 0.4), _wave(rng)
    pen_pixels = round(height * rng.uniform(0.05, 0.19))
    is_round = rng.random() < 0.7  # noqa: PLR2004 # the others have corners
    page = Image.new("L", (PAGE, PAGE))
    pen = ImageDraw.Draw(page)
    for stroke in strokes:
        points = wave(stroke)
        if is_round:
            points = round_corners(points)
        across, down = (points - 0.5).T * np.array([[width], [height]])
        _draw(pen, np.stack([across - slant * down, down], axis=1) + PAGE / 2, pen_pixels)
    return np.asarray(page)


def _parse(way: str) -> list[Points]:
    """The corners [n, 2] of each stroke, as shares of width and height."""
    return [
        np.array([corner.split(",") for corner in stroke.split()], dtype=np.float64) / 100
        for stroke in way.split("|")
    ]


def _wave(rng: np.random.Generator) -> Callable[[Points], Points]:
    """Move points [n, 2] with their neighbours, so that strokes which meet go on meeting."""
    swing, turns, phase = rng.uniform(0.02, 0.07, 2), rng.uniform(2, 7, 2), rng.uniform(0, 6.3, 2)
    return lambda points: points + swing * np.sin(turns * points[:, ::-1] + phase)


def _draw(pen: ImageDraw.ImageDraw, points: Points, pixels: int) -> None:
    pen.line([tuple(point) for point in points], fill=255, width=pixels, joint="curve")
    for point in (points[0], points[-1]):
        pen.ellipse([*(point - pixels / 2), *(point + pixels / 2)], fill=255)
