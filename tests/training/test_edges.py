"""Canny's rules: thin lines, and weak ones only where they go on from strong ones."""

import numpy as np
import pytest

from training.edges import find_edges


def ramp(*heights: float) -> np.ndarray:
    """A picture [1, 28, 28] that rises over one grey column; by another height at its bottom."""
    height = np.linspace(heights[0], heights[-1], 28)
    picture = np.full((1, 28, 28), 0.5)
    picture[:, :, 14] += height / 2
    picture[:, :, 15:] += height[:, None]
    return picture


def test_edge_is_one_pixel_wide() -> None:
    """A ramp has one edge, in its middle, in every row but the outermost."""
    edges = find_edges(ramp(0.4))[0]

    assert edges[1:-1, 14].all()
    assert edges.sum() == 26


@pytest.mark.parametrize(("height", "is_edge"), [(0.02, False), (0.09, True), (-0.4, True)])
def test_contrast_decides(height: float, *, is_edge: bool) -> None:
    """A step must be steep enough, upwards or downwards."""
    assert find_edges(ramp(height)).any() == is_edge


def test_weak_edge_needs_a_strong_one() -> None:
    """What is too weak to be an edge alone is one where it goes on from a strong one."""
    fading = find_edges(ramp(0.16, 0.045))[0]

    assert not find_edges(ramp(0.06)).any()
    assert not find_edges(ramp(0.045)).any()
    assert fading[1:-1, 14].all()


def test_pictures_do_not_touch_each_other() -> None:
    """A strong edge in one picture does not strengthen the next picture's."""
    both = np.concatenate([ramp(0.4), ramp(0.045)])
    edges = find_edges(both)

    assert edges[0].any()
    assert not edges[1].any()


def test_slanted_edge_is_thin() -> None:
    """Across the diagonal, too, no edge is thicker than two pixels."""
    rows, columns = np.mgrid[:28, :28]
    edges = find_edges((rows + 0.3 * columns > 18).astype(np.float64)[None])[0]

    assert edges[:, 2:-2].any(axis=0).sum() >= 20
    assert edges.sum(axis=0).max() <= 2
