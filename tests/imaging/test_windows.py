"""Windowed extremes and averages, against the plain definition."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from app.imaging.windows import average, close, dilate, erode, open_

Grey = NDArray[np.uint8]

GREY = hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, max_side=12))
SIZE = st.sampled_from([1, 3, 5, 7, 13])


def windows(values: NDArray[np.generic], size: int) -> NDArray[np.generic]:
    """The square around each pixel, [H, W, size, size]."""
    padded = np.pad(values, size // 2, mode="edge")
    return np.lib.stride_tricks.sliding_window_view(padded, (size, size))


@given(grey=GREY, size=SIZE)
@settings(deadline=None)
def test_extremes_are_those_of_the_square(grey: Grey, size: int) -> None:
    """Doubling finds what looking at every pixel of every window finds."""
    around = windows(grey, size)

    np.testing.assert_array_equal(dilate(grey, size), around.max(axis=(2, 3)))
    np.testing.assert_array_equal(erode(grey, size), around.min(axis=(2, 3)))


@given(grey=GREY, size=SIZE)
@settings(deadline=None)
def test_average_is_that_of_the_square(grey: Grey, size: int) -> None:
    """To the precision of 32 bits."""
    values = grey.astype(np.float32)

    np.testing.assert_allclose(
        average(values, size), windows(values, size).mean(axis=(2, 3)), rtol=1e-5, atol=1e-4
    )


@given(grey=GREY, size=SIZE)
@settings(deadline=None)
def test_closing_only_fills_and_opening_only_removes(grey: Grey, size: int) -> None:
    """Closing is extensive, opening the same upside down."""
    assert (close(grey, size) >= grey).all()
    np.testing.assert_array_equal(open_(grey, size), 255 - close(255 - grey, size))


@pytest.mark.parametrize("ramp", [np.arange(60), np.arange(60)[::-1]])
def test_closing_leaves_a_gradient_alone(ramp: NDArray[np.int64]) -> None:
    """Up to the very edge, where a gradient is cut off and not narrow."""
    page = np.tile(ramp.astype(np.uint8), (60, 1))

    np.testing.assert_array_equal(close(page, 31), page)
