"""Lines cross where they should, and have the form of their names."""

import numpy as np
import pytest

from training.scribbles import dot_lines, draw_segments, zigzag_lines


def test_dotted_line_is_straight_and_dotted(rng: np.random.Generator) -> None:
    """Two columns have ink, the next two have none, and the dots lie on one line."""
    lines = dot_lines(30, rng)
    is_dotted = lines.any(axis=1)

    assert set(np.flatnonzero(is_dotted.any(axis=0))) <= {
        *range(2, 28, 4),
        *range(3, 28, 4),
    }
    inner = lines[~lines[:, [0, 27]].any(axis=(1, 2))]
    assert len(inner) > 3
    for line in inner:
        columns = np.flatnonzero(line.any(axis=0))
        heights = [np.average(np.arange(28), weights=line[:, column]) for column in columns]
        slope, start = np.polyfit(columns, heights, 1)
        assert np.abs(slope * columns + start - heights).max() < 0.5


def test_zigzag_goes_up_and_down(rng: np.random.Generator) -> None:
    """From the third column to the last but two it turns at six teeth."""
    lines = zigzag_lines(300, rng)
    inner = lines[~lines[:, [0, 1, 2, 25, 26, 27]].any(axis=(1, 2))]
    heights = (inner * np.arange(28)[:, None]).sum(axis=1) / np.maximum(inner.sum(axis=1), 1)
    steps = np.sign(np.diff(np.round(heights[:, 2:25]), axis=1))

    assert len(inner) > 20
    assert not lines[:, :, :2].any()
    assert not lines[:, :, 26:].any()
    turns = [np.count_nonzero(np.diff(row[row != 0])) for row in steps]
    assert set(turns) <= {5, 6, 7}


def test_segment_fades_with_its_distance() -> None:
    """On the line it is white, beside it 1 + ln(1 − d / 2.3), outside of its columns none."""
    line = draw_segments(*(np.array([float(value)]) for value in (4, 10, 9, 10)))[0]

    assert line[10, 6] == pytest.approx(1)
    assert line[11, 6] == pytest.approx(1 + np.log(1 - 1 / 2.3))
    assert not line[13:, 6].any()
    assert np.flatnonzero(line.any(axis=0)).tolist() == [4, 5, 6, 7, 8]
