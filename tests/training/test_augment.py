"""Every variant of a digit is a digit still, and a seed and an epoch fix it."""

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest

from training.augment import (
    DAMAGES,
    Damage,
    Pictures,
    augment,
    batches,
    change_stroke,
    redraw,
    sample,
    steps_per_epoch,
    warp,
)
from training.config import Augmentation, Recipe
from training.dataset import Digits

STILL = Augmentation(
    rotation_degrees=0,
    shear=0,
    scale=0,
    shift_pixels=0,
    elastic_pixels=0,
    stroke=0,
    redrawn_share=0,
    damaged_share=0,
)
RECIPE = Recipe(
    name="test",
    epochs=3,
    batch_size=16,
    learning_rate=1e-3,
    augmentation=Augmentation(redrawn_share=0.3, damaged_share=0.5),
    seed=4,
)


@pytest.fixture(scope="session")
def digits(mnist: tuple[Digits, Digits]) -> Digits:
    """Fifty real digits: three batches of 16 and two digits over."""
    return mnist[0].take(np.arange(50))


@pytest.fixture
def pictures(digits: Digits) -> Pictures:
    """The same digits as float32 [50, 28, 28] in 0–1."""
    return digits.images.astype(np.float32) / np.float32(255)


@pytest.fixture
def rng() -> np.random.Generator:
    """A generator that starts the same way in every test."""
    return np.random.default_rng(11)


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
    made = list(batches(digits, RECIPE))

    assert steps_per_epoch(digits, RECIPE) == 3
    assert len(made) == 3 * RECIPE.epochs
    assert {images.shape for images, _ in made} == {(16, 28, 28, 1)}
    assert {labels.shape for _, labels in made} == {(16,)}
    assert {images.dtype.name for images, _ in made} == {"float32"}


def test_batches_pair_each_digit_with_its_label(digits: Digits) -> None:
    """Without augmentation an epoch shows digits as they are, none twice, under their labels."""
    recipe = replace(RECIPE, augmentation=None, epochs=1)
    known = {image.tobytes(): label for image, label in zip(*unpack(digits), strict=True)}
    shown = [
        (np.round(image[..., 0] * 255).astype(np.uint8).tobytes(), label)
        for images, labels in batches(digits, recipe)
        for image, label in zip(images, labels, strict=True)
    ]

    assert len({image for image, _ in shown}) == 48
    assert all(known[image] == label for image, label in shown)


def unpack(digits: Digits) -> tuple[np.ndarray, np.ndarray]:
    """Images and labels."""
    return digits.images, digits.labels


def test_same_seed_gives_the_same_batches(digits: Digits) -> None:
    """A run can be repeated to the pixel."""
    for one, other in zip(batches(digits, RECIPE), batches(digits, RECIPE), strict=True):
        np.testing.assert_array_equal(one[0], other[0])
        np.testing.assert_array_equal(one[1], other[1])


def test_seeds_and_epochs_differ(digits: Digits) -> None:
    """Another seed and another epoch show other variants."""
    first = next(batches(digits, RECIPE))[0]
    other_seed = next(batches(digits, replace(RECIPE, seed=5)))[0]
    other_epoch = next(batches(digits, RECIPE, first_epoch=1))[0]

    assert not np.array_equal(first, other_seed)
    assert not np.array_equal(first, other_epoch)


@pytest.mark.parametrize("first_epoch", [1, 2, 3])
def test_resumed_run_sees_the_same_batches(digits: Digits, first_epoch: int) -> None:
    """Going on after an epoch is the same as never having stopped."""
    rest = list(islice(batches(digits, RECIPE), 3 * first_epoch, None))
    resumed = list(batches(digits, RECIPE, first_epoch=first_epoch))

    assert len(resumed) == len(rest)
    for (images, labels), (rest_images, rest_labels) in zip(resumed, rest, strict=True):
        np.testing.assert_array_equal(images, rest_images)
        np.testing.assert_array_equal(labels, rest_labels)


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_changes_pictures_and_keeps_their_shape(
    pictures: Pictures, rng: np.random.Generator, damage: Damage
) -> None:
    """Each damage gives finite pictures of the same shape, changed and yet akin to the digit."""
    damaged = np.clip(damage(pictures.copy(), rng), 0, 1)

    flat, damaged_flat = pictures.reshape(50, -1), damaged.reshape(50, -1)
    likeness = [np.corrcoef(a, b)[0, 1] for a, b in zip(flat, damaged_flat, strict=True)]
    assert damaged.shape == pictures.shape
    assert damaged.dtype == np.float32
    assert np.isfinite(damaged).all()
    assert not np.array_equal(damaged, pictures)
    assert np.median(likeness) > 0.5


def test_warp_without_movement_is_the_identity(
    pictures: Pictures, rng: np.random.Generator
) -> None:
    """With every figure at zero each pixel is read from its own place."""
    np.testing.assert_allclose(warp(pictures, STILL, rng), pictures, atol=1e-6)


def test_warp_keeps_most_of_the_ink(pictures: Pictures, rng: np.random.Generator) -> None:
    """No digit of the production recipe is moved out of its picture."""
    warped = warp(pictures, Augmentation(), rng)

    ratio = warped.sum(axis=(1, 2)) / pictures.sum(axis=(1, 2))
    assert warped.dtype == np.float32
    assert ratio.min() > 0.6
    assert ratio.max() < 1.6


def test_warp_shifts_no_further_than_it_may(rng: np.random.Generator) -> None:
    """A dot in the middle stays within the given pixels, and does move."""
    dots = np.zeros((200, 28, 28), np.float32)
    dots[:, 14, 14] = 1
    moved = warp(dots, replace(STILL, shift_pixels=2), rng)

    rows = (moved * np.arange(28)[:, None]).sum(axis=(1, 2)) / moved.sum(axis=(1, 2))
    assert np.abs(rows - 14).max() <= 2 + 1e-4
    assert np.abs(rows - 14).max() > 1.5


def test_sample_reads_between_pixels() -> None:
    """Half-way between ink and paper is grey, and outside the picture is paper."""
    picture = np.zeros((1, 28, 28), np.float32)
    picture[0, 10, 10] = 1
    source = np.full((1, 2, 28, 28), -9.0)
    source[0, :, 0, 0] = 10, 10
    source[0, :, 0, 1] = 10.5, 10
    source[0, :, 0, 2] = 10.5, 9.75
    read = sample(picture, source)

    np.testing.assert_allclose(read[0, 0, :3], [1, 0.5, 0.375], atol=1e-6)
    assert read.sum() == pytest.approx(1.875)


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
