"""Digits are moved as far as they may be, and no farther."""

from dataclasses import replace

import numpy as np
import pytest

from training.config import PEOPLES
from training.warping import Pictures, Reach, sample, smooth_noise, warp

STILL = Reach(0, 0, 0, 0, 0)


def test_warp_without_movement_is_the_identity(
    pictures: Pictures, rng: np.random.Generator
) -> None:
    """With every figure at zero each pixel is read from its own place."""
    np.testing.assert_allclose(warp(pictures, STILL, rng), pictures, atol=1e-6)


def test_warp_keeps_most_of_the_ink(pictures: Pictures, rng: np.random.Generator) -> None:
    """No digit of the production recipe is moved out of its picture."""
    warped = warp(pictures, PEOPLES, rng)

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


def test_smooth_noise_is_standard_and_smooth(rng: np.random.Generator) -> None:
    """Its values have about unit variance, and neighbours are nearly alike."""
    noise = smooth_noise((200,), 5.0, rng)

    assert noise.shape == (200, 28, 28)
    assert noise.std() == pytest.approx(1, abs=0.1)
    assert np.corrcoef(noise[:, :, :-1].ravel(), noise[:, :, 1:].ravel())[0, 1] > 0.95
