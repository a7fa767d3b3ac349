"""Outliers are pictures of the served size, all different, and none of them empty."""

from collections.abc import Callable

import numpy as np
import pytest

from training import outliers
from training.dataset import Digits
from training.strangers.letters import LOOK_LIKE_DIGITS

DRAWN = (outliers.scribble, outliers.solid, outliers.texture)


@pytest.mark.parametrize("draw", DRAWN)
def test_drawn_outliers(
    draw: Callable[[np.random.Generator], np.ndarray], rng: np.random.Generator
) -> None:
    """Each drawing is uint8 28×28, and no two are the same."""
    drawn = [draw(rng) for _ in range(30)]

    assert {(each.shape, each.dtype.name) for each in drawn} == {((28, 28), "uint8")}
    assert len({each.tobytes() for each in drawn}) == 30
    assert all(each.any() for each in drawn)


def test_scrambled_digits_are_no_longer_the_digits(
    digits: Digits, rng: np.random.Generator
) -> None:
    """None is a digit that it was made from."""
    known = {image.tobytes() for image in digits.images}
    made = [outliers.scramble(digits.images, rng) for _ in range(40)]

    assert not known & {each.tobytes() for each in made}
    assert all(each.shape == (28, 28) for each in made)


def test_letters_are_none_that_look_like_digits() -> None:
    """O, I, l, S, Z and their like could be digits, and no digit is among the letters."""
    assert not set(outliers.LETTERS) & set("0123456789|" + LOOK_LIKE_DIGITS)
