"""Every variant of a digit is a digit still, and a seed and an epoch fix it."""

from collections import Counter
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest

from training.augment import augment, batches, change_stroke, redraw, steps_per_epoch
from training.config import Augmentation, Mixture, Recipe
from training.dataset import Digits
from training.extras import Extras
from training.supplement import NOTHING, Supplement
from training.warping import Pictures, Reach

STILL = Augmentation(Reach(0, 0, 0, 0, 0), stroke=0, redrawn_share=0, damaged_share=0)
RECIPE = Recipe(
    name="test",
    epochs=3,
    batch_size=16,
    learning_rate=1e-3,
    augmentation=Augmentation(redrawn_share=0.3, damaged_share=0.5),
    seed=4,
)


def test_variants_are_like_served_digits(pictures: Pictures, rng: np.random.Generator) -> None:
    """A variant has a digit's shape and type and one of its 256 levels in each pixel."""
    how = Augmentation(redrawn_share=0.5, damaged_share=1.0)
    variants = augment(pictures.copy(), how, rng)

    levels = np.round(variants * 255)
    assert variants.shape == pictures.shape
    assert variants.dtype == np.float32
    assert variants.min() >= 0
    assert variants.max() <= 1
    np.testing.assert_array_equal(variants, levels.astype(np.float32) / np.float32(255))
    assert np.any(variants != pictures, axis=(1, 2)).all()


def test_augment_without_anything_is_the_identity(
    pictures: Pictures, rng: np.random.Generator
) -> None:
    """With every figure at zero each digit is shown as it was written."""
    np.testing.assert_array_equal(augment(pictures.copy(), STILL, rng), pictures)


def test_batches_have_one_shape(digits: Digits) -> None:
    """Whole batches only: 50 digits make three of 16 in each epoch."""
    made = list(batches(digits, NOTHING, RECIPE))

    assert steps_per_epoch(digits, RECIPE) == 3
    assert len(made) == 3 * RECIPE.epochs
    assert {batch.images.shape for batch in made} == {(16, 28, 28, 1)}
    assert {batch.targets.shape for batch in made} == {(16, 10)}
    assert {batch.weights.tobytes() for batch in made} == {np.ones(16, np.float32).tobytes()}
    assert {batch.images.dtype.name for batch in made} == {"float32"}


def test_batches_pair_each_digit_with_its_label(digits: Digits) -> None:
    """Without augmentation an epoch shows digits as they are, none twice, under their labels."""
    recipe = replace(RECIPE, augmentation=None, epochs=1)
    known = {image.tobytes(): label for image, label in zip(*unpack(digits), strict=True)}
    shown = [
        (np.round(image[..., 0] * 255).astype(np.uint8).tobytes(), target.argmax())
        for batch in batches(digits, NOTHING, recipe)
        for image, target in zip(batch.images, batch.targets, strict=True)
    ]

    assert len({image for image, _ in shown}) == 48
    assert all(known[image] == label for image, label in shown)


def test_doubted_digits_are_drawn_by_their_odds(digits: Digits) -> None:
    """In a share of the turns; in the others each comes as it would, none twice."""
    recipe = replace(RECIPE, augmentation=None, epochs=20, doubted_share=0.25)
    odds = np.zeros(len(digits))
    odds[:2] = 0.75, 0.25
    often, seldom = (image.tobytes() for image in digits.images[:2])
    shown = Counter(
        np.round(image[..., 0] * 255).astype(np.uint8).tobytes()
        for batch in batches(digits, Supplement(odds=odds), recipe)
        for image in batch.images
    )

    turns = shown.total() / 50
    assert shown.total() == 20 * 48
    assert shown[often] - 0.75 * turns == pytest.approx(0.25 * 0.75 * shown.total(), rel=0.2)
    assert shown[seldom] - 0.75 * turns == pytest.approx(0.25 * 0.25 * shown.total(), rel=0.4)
    assert max(n for image, n in shown.items() if image not in (often, seldom)) <= recipe.epochs


def test_digits_are_bent_by_part_of_their_bends(digits: Digits) -> None:
    """Either way, never farther than the bends go; what is beside MNIST's digits is not bent."""
    ramp = np.tile(np.arange(28, dtype=np.uint8) * 9, (28, 1))
    ramps = Digits(np.stack([ramp] * 50), digits.labels)
    outliers = np.stack([ramp] * 5)
    extras = Extras(ramps, ramps, ramps, outliers)
    mixture = Mixture(
        uploaded_share=0, printed_share=0, written_share=0, outlier_share=0.25, outlier_weight=1
    )
    recipe = replace(RECIPE, augmentation=replace(STILL, bend=0.5), mixture=mixture)
    # Two pixels to the right is 18 levels more; the middle column tells how far each has gone.
    bends = np.zeros((50, 2, 28, 28), np.float16)
    bends[:, 1] = 2
    made = list(batches(ramps, Supplement(extras, bends=bends), recipe))
    levels = np.concatenate([batch.images[:, 14, 14, 0] for batch in made]).reshape(-1, 16) * 255

    bent = levels[:, :12] - 14 * 9
    assert bent.min() == pytest.approx(-9, abs=1)
    assert bent.max() == pytest.approx(9, abs=1)
    np.testing.assert_allclose(levels[:, 12:], 14 * 9, atol=0.01)


def unpack(digits: Digits) -> tuple[np.ndarray, np.ndarray]:
    """Images and labels."""
    return digits.images, digits.labels


def test_same_seed_gives_the_same_batches(digits: Digits) -> None:
    """A run can be repeated to the pixel."""
    runs = (batches(digits, NOTHING, RECIPE) for _ in range(2))
    for one, other in zip(*runs, strict=True):
        np.testing.assert_array_equal(one.images, other.images)
        np.testing.assert_array_equal(one.targets, other.targets)


def test_seeds_and_epochs_differ(digits: Digits) -> None:
    """Another seed and another epoch show other variants."""
    first = next(batches(digits, NOTHING, RECIPE)).images
    other_seed = next(batches(digits, NOTHING, replace(RECIPE, seed=5))).images
    other_epoch = next(batches(digits, NOTHING, RECIPE, first_epoch=1)).images

    assert not np.array_equal(first, other_seed)
    assert not np.array_equal(first, other_epoch)


@pytest.mark.parametrize("first_epoch", [1, 2, 3])
def test_resumed_run_sees_the_same_batches(digits: Digits, first_epoch: int) -> None:
    """Going on after an epoch is the same as never having stopped."""
    recipe = replace(RECIPE, doubted_share=0.3)
    odds = np.linspace(0, 2 / len(digits), len(digits))
    bends = np.ones((len(digits), 2, 28, 28), np.float16)
    supplement = Supplement(odds=odds, bends=bends)
    rest = list(islice(batches(digits, supplement, recipe), 3 * first_epoch, None))
    resumed = list(batches(digits, supplement, recipe, first_epoch=first_epoch))

    assert len(resumed) == len(rest)
    for one, other in zip(resumed, rest, strict=True):
        np.testing.assert_array_equal(one.images, other.images)
        np.testing.assert_array_equal(one.targets, other.targets)


def test_mixture_fills_its_share_of_each_batch(digits: Digits) -> None:
    """Other digits and outliers stand behind MNIST's, outliers flat and lighter."""
    uploaded = Digits(np.full((3, 28, 28), 10, np.uint8), np.array([1, 1, 1], np.uint8))
    printed = Digits(np.full((2, 28, 28), 20, np.uint8), np.array([2, 2], np.uint8))
    written = Digits(np.full((4, 28, 28), 40, np.uint8), np.array([3, 3, 3, 3], np.uint8))
    extras = Extras(uploaded, printed, written, np.full((5, 28, 28), 30, np.uint8))
    mixture = Mixture(
        uploaded_share=0.1875,
        printed_share=0.125,
        written_share=0.0625,
        outlier_share=0.125,
        outlier_weight=0.25,
    )
    recipe = replace(RECIPE, augmentation=None, mixture=mixture, epochs=1)
    made = list(batches(digits, Supplement(extras), recipe))

    assert steps_per_epoch(digits, recipe) == len(made) == 50 // 8
    for batch in made:
        levels = np.rint(batch.images[8:, 0, 0, 0] * 255).astype(int)
        assert levels.tolist() == [10] * 3 + [20] * 2 + [40] + [30] * 2
        assert batch.targets[8:14].argmax(axis=1).tolist() == [1] * 3 + [2] * 2 + [3]
        np.testing.assert_allclose(batch.targets[14:], 0.1)
        assert batch.weights.tolist() == [1.0] * 14 + [0.25] * 2


def test_stroke_of_zero_is_the_identity(pictures: Pictures, rng: np.random.Generator) -> None:
    """Nothing of the dilation or erosion is mixed in."""
    np.testing.assert_array_equal(change_stroke(pictures, 0.0, rng), pictures)


def test_stroke_grows_thicker_or_thinner(pictures: Pictures, rng: np.random.Generator) -> None:
    """Some digits gain ink everywhere and others lose it, and none leaves 0–1."""
    changed = change_stroke(pictures, 0.7, rng)

    difference = changed - pictures
    is_thicker = (difference >= -1e-6).all(axis=(1, 2))
    is_thinner = (difference <= 1e-6).all(axis=(1, 2))
    assert (is_thicker | is_thinner).all()
    assert is_thicker.any()
    assert is_thinner.any()
    assert changed.min() >= 0
    assert changed.max() <= 1 + 1e-6


def test_redraw_keeps_a_blank_picture(rng: np.random.Generator) -> None:
    """Where there is no ink there is nothing to draw, and no error."""
    blank = np.zeros((3, 28, 28), np.float32)

    np.testing.assert_array_equal(redraw(blank, rng), blank)


def test_redraw_draws_the_same_digit(pictures: Pictures, rng: np.random.Generator) -> None:
    """A re-inked digit lies over the one that was written."""
    redrawn = redraw(pictures, rng)

    likeness = [
        np.corrcoef(one.ravel(), other.ravel())[0, 1]
        for one, other in zip(pictures, redrawn, strict=True)
    ]
    assert redrawn.shape == pictures.shape
    assert redrawn.dtype == np.float32
    assert redrawn.min() >= 0
    assert redrawn.max() <= 1
    assert np.median(likeness) > 0.8
