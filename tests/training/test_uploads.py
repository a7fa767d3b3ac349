"""Uploads of MNIST's digits come back as digits like MNIST's."""

import numpy as np

from app.imaging.framing import is_framed
from training.dataset import Digits
from training.uploads import normalise_pages, photograph, reduce


def likeness(images: np.ndarray, others: np.ndarray) -> float:
    """The middle correlation of pictures with their originals."""
    return float(
        np.median(
            [np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in zip(images, others, strict=True)]
        )
    )


def test_photographed_digits_keep_their_labels(digits: Digits, rng: np.random.Generator) -> None:
    """Nearly all are found again on their pages, framed as MNIST's, under their labels."""
    found = photograph(digits, rng)

    originals = {int(label): digits.images[digits.labels == label] for label in range(10)}
    best = [
        max(np.corrcoef(image.ravel(), other.ravel())[0, 1] for other in originals[int(label)])
        for image, label in zip(found.images, found.labels, strict=True)
    ]
    assert len(found) > 0.85 * len(digits)
    assert np.mean([is_framed(image) for image in found.images]) > 0.9
    assert np.median(best) > 0.7


def test_photographs_differ_by_seed(digits: Digits) -> None:
    """Another seed writes with other pens, and the same seed with the same."""
    few = digits.take(np.arange(3))
    one, again, other = (photograph(few, np.random.default_rng(seed)) for seed in (1, 1, 2))

    np.testing.assert_array_equal(one.images, again.images)
    assert one.images.shape != other.images.shape or not np.array_equal(one.images, other.images)


def test_reduced_digits_are_blurred_but_alike(digits: Digits, rng: np.random.Generator) -> None:
    """A digit shrunk to some ten pixels and normalised still lies over its original."""
    found = reduce(digits, rng)

    assert len(found) == len(digits)
    assert likeness(found.images, digits.images) > 0.7


def test_blank_pages_are_left_out() -> None:
    """A page without ink yields no digit, and the others keep their own labels."""
    inked = np.full((80, 80), 255, np.uint8)
    inked[20:60, 36:44] = 0
    found = normalise_pages([inked, np.full((80, 80), 255, np.uint8), inked], [1, 2, 3])

    assert found.labels.tolist() == [1, 3]
    np.testing.assert_array_equal(found.images[0], found.images[1])
