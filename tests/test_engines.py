"""Both engines run the same network and answer alike."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from app.engines import Engine, litert, tensorflow


@pytest.fixture(scope="module", params=["litert", "tensorflow"])
def engine(request: pytest.FixtureRequest, version_folder: Path) -> Engine:
    """Each engine in turn."""
    load = {"litert": litert.load, "tensorflow": tensorflow.load}[request.param]
    return load(version_folder, threads=1)


def test_every_count_gives_the_same_rows(
    engine: Engine, golden: dict[str, NDArray[np.uint8]]
) -> None:
    """Neither batch-mates nor the size of the batch before change a row."""
    images = golden["images"]
    alone = np.concatenate([engine(image[None]) for image in images])

    for count in (1, 5, 9, 2, 64, 1, 3, 33):
        places = np.arange(count) % len(images)
        together = engine(images[places])
        assert together.dtype == np.float32
        np.testing.assert_allclose(together, alone[places], atol=1e-3)


def test_golden_digits_are_read_right(engine: Engine, golden: dict[str, NDArray[np.uint8]]) -> None:
    """The digits that a version ships are read as it says."""
    read = engine(golden["images"]).argmax(axis=1)

    np.testing.assert_array_equal(read, golden["probabilities"].argmax(axis=1))


def test_results_outlive_the_next_call(
    engine: Engine, golden: dict[str, NDArray[np.uint8]]
) -> None:
    """An answer is the caller's own: the engine never writes into it again."""
    first = engine(golden["images"][:1])
    kept = first.copy()
    engine(golden["images"][-1:])

    np.testing.assert_array_equal(first, kept)
