"""Regions of a mask, against a flood fill."""

import numpy as np
from hypothesis import given, settings
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from app.imaging.regions import label

Mask = NDArray[np.bool_]

MASK = hnp.arrays(np.bool_, hnp.array_shapes(min_dims=2, max_dims=2, max_side=14))


def flood(mask: Mask) -> set[frozenset[tuple[int, int]]]:
    """The regions as sets of pixels, found one pixel at a time."""
    left = {(int(y), int(x)) for y, x in np.argwhere(mask)}
    found = set()
    while left:
        region, edge = set(), [left.pop()]
        while edge:
            y, x = edge.pop()
            region.add((y, x))
            near = {(y + down, x + across) for down in (-1, 0, 1) for across in (-1, 0, 1)} & left
            left -= near
            edge += near
        found.add(frozenset(region))
    return found


@given(mask=MASK)
@settings(max_examples=300, deadline=None)
def test_regions_are_those_of_a_flood_fill(mask: Mask) -> None:
    """The same pixels, areas and boxes, whatever the shape."""
    regions = label(mask)
    found = set()
    for row, (area, box) in enumerate(zip(regions.areas, regions.boxes, strict=True)):
        only = regions.only(np.arange(len(regions.areas)) == row)
        ys, xs = np.nonzero(only)
        assert area == len(ys)
        assert tuple(box) == (xs.min(), ys.min(), xs.max() + 1, ys.max() + 1)
        found.add(frozenset(zip(ys.tolist(), xs.tolist(), strict=True)))

    assert found == flood(mask)


@given(mask=MASK)
@settings(deadline=None)
def test_sums_are_those_over_each_region(mask: Mask) -> None:
    """Ones sum up to the areas."""
    regions = label(mask)

    np.testing.assert_array_equal(regions.sums(np.ones(mask.shape, np.float32)), regions.areas)
