"""Each corruption does what its name says, to every picture anew, and at its one severity."""

import numpy as np
import pytest
from numpy.typing import NDArray

from training.corruptions import (
    KINDS,
    add_fog,
    add_impulse_noise,
    add_shot_noise,
    blur_by_motion,
    blur_through_glass,
    brighten,
    corrupt,
    draw_clouds,
    draw_dotted_line,
    draw_zigzag,
    invert_stripes,
    keep_edges,
    rotate,
    scale,
    shear,
    smooth,
    spatter,
    translate,
)
from training.dataset import Digits

Images = NDArray[np.uint8]

FIXED = {"scale", "brightness", "stripe", "canny edges"}
"""Kinds that draw nothing from their generator."""


def blank(count: int = 1, level: int = 0) -> Images:
    """Pictures of one grey."""
    return np.full((count, 28, 28), level, np.uint8)


def block(count: int, rows: slice, columns: slice) -> Images:
    """White blocks on black."""
    images = blank(count)
    images[:, rows, columns] = 255
    return images


def lean(image: Images) -> float:
    """Columns a picture's ink moves to the right by each row upwards: its regression line."""
    rows, columns = np.mgrid[:28, :28] - 13.5
    weights = image.astype(float)
    return -float((weights * rows * columns).sum() / (weights * rows**2).sum())


def test_there_are_fifteen_kinds() -> None:
    """As many as MNIST-C has."""
    assert len(KINDS) == 15


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_spoils_every_digit(digits: Digits, kind: str) -> None:
    """The result is new pictures of the same form; what came in is as it was."""
    before = digits.images.copy()
    spoiled = corrupt(digits.images, kind, 0)

    assert (spoiled.shape, spoiled.dtype) == (before.shape, np.uint8)
    assert (spoiled != before).any(axis=(1, 2)).all()
    np.testing.assert_array_equal(digits.images, before)


@pytest.mark.parametrize("kind", KINDS)
def test_seed_decides(digits: Digits, kind: str) -> None:
    """One seed gives the same pictures again; another gives others, where chance plays a part."""
    spoiled = corrupt(digits.images, kind, 0)

    np.testing.assert_array_equal(corrupt(digits.images, kind, 0), spoiled)
    assert np.array_equal(corrupt(digits.images, kind, 1), spoiled) == (kind in FIXED)


@pytest.mark.parametrize("kind", KINDS)
def test_every_picture_is_spoiled_anew(digits: Digits, kind: str) -> None:
    """One digit sixty times becomes different pictures, where chance plays a part."""
    spoiled = corrupt(np.repeat(digits.images[:1], 60, axis=0), kind, 0)

    assert (len(np.unique(spoiled, axis=0)) > 1) == (kind not in FIXED)


@pytest.mark.parametrize("kind", KINDS)
def test_no_picture_is_no_error(kind: str) -> None:
    """An empty batch comes back empty."""
    assert corrupt(blank(0), kind, 0).shape == (0, 28, 28)


def test_shot_noise_counts_three_photons(rng: np.random.Generator) -> None:
    """Four levels there are, black stays black, and a third of white is one photon on average."""
    dark, grey = add_shot_noise(blank(1), rng), add_shot_noise(blank(400, 85), rng)

    assert not dark.any()
    assert set(np.unique(grey)) == {0, 85, 170, 255}
    assert np.mean(grey == 0) == pytest.approx(np.exp(-1), abs=0.01)


def test_impulse_noise_is_salt_and_pepper(rng: np.random.Generator) -> None:
    """17 % of the pixels are hit, one half of them white, the other black."""
    spoiled = add_impulse_noise(blank(400, 100), rng)

    assert set(np.unique(spoiled)) == {0, 100, 255}
    assert np.mean(spoiled == 0) == pytest.approx(0.085, abs=0.005)
    assert np.mean(spoiled == 255) == pytest.approx(0.085, abs=0.005)


def test_glass_moves_ink_a_little(rng: np.random.Generator) -> None:
    """Ink is blurred and shuffled, never lost, and stays within a few pixels."""
    images = block(20, slice(10, 18), slice(10, 18))
    spoiled = blur_through_glass(images, rng)
    only_blurred = smooth(smooth(images / 255, 0.7), 0.7) * 255

    assert spoiled.sum() == pytest.approx(images.sum(), rel=0.01)
    assert np.abs(spoiled - only_blurred).max() > 30
    assert not spoiled[:, :, :2].any()
    assert not spoiled[:, :, 26:].any()


def test_motion_draws_a_trail(rng: np.random.Generator) -> None:
    """A point becomes a trail to the left, fading, at most as steep as 45°."""
    spoiled = blur_by_motion(block(100, slice(14, 15), slice(20, 21)), rng)
    rows, columns = np.nonzero(spoiled.any(axis=0))
    tails = [np.nonzero(image)[0][np.nonzero(image)[1].argmin()] for image in spoiled]

    assert (spoiled[:, 14, 20] > 0.5 * spoiled.max(axis=(1, 2))).all()
    assert columns.max() == 20
    assert (np.abs(rows - 14) <= 20 - columns + 1).all()
    assert min(tails) < 14 < max(tails)
    np.testing.assert_allclose(spoiled.sum(axis=(1, 2)), 255, atol=8)


def test_shear_leans_either_way(rng: np.random.Generator) -> None:
    """An upright bar leans by sin 0.4 columns a row: to the right as often as to the left."""
    bars = block(200, slice(6, 22), slice(13, 15))
    leans = np.array([lean(image) for image in shear(bars, rng)])

    np.testing.assert_allclose(np.abs(leans), np.sin(0.4), atol=0.01)
    assert 0.35 < np.mean(leans > 0) < 0.65


def test_scale_shrinks_to_seven_tenths(rng: np.random.Generator) -> None:
    """A square of 20 pixels has 14 then, and stays in the middle."""
    spoiled = scale(block(1, slice(4, 24), slice(4, 24)), rng)

    assert spoiled.sum() / 255 == pytest.approx(14**2, rel=0.03)
    np.testing.assert_array_equal(spoiled, spoiled[:, ::-1, ::-1])


def test_rotate_turns_either_way(rng: np.random.Generator) -> None:
    """An upright bar stands at tan 0.4 then, turned to the right as often as to the left."""
    bars = block(200, slice(6, 22), slice(13, 15))
    spoiled = rotate(bars, rng)
    leans = np.array([lean(image) for image in spoiled])

    np.testing.assert_allclose(np.abs(leans), np.tan(0.4), atol=0.03)
    assert 0.35 < np.mean(leans > 0) < 0.65
    np.testing.assert_allclose(spoiled.sum(axis=(1, 2)), bars.sum(axis=(1, 2)), rtol=0.02)


def test_brighten_lifts_paper_and_ink(rng: np.random.Generator) -> None:
    """Black becomes middle grey; from middle grey on, all is white."""
    levels = [int(brighten(blank(1, level), rng)[0, 0, 0]) for level in (0, 64, 128, 255)]

    assert levels == [128, 192, 255, 255]


def test_translate_goes_to_all_four_corners(rng: np.random.Generator) -> None:
    """A point is found three pixels off along both axes, and in no fifth place."""
    spoiled = translate(block(200, slice(14, 15), slice(9, 10)), rng)
    rows, columns = np.nonzero(spoiled)[1:]

    assert len(rows) == 200
    assert set(zip(rows.tolist(), columns.tolist(), strict=True)) == {
        (11, 6),
        (11, 12),
        (17, 6),
        (17, 12),
    }


def test_translate_brings_nothing_back_in(rng: np.random.Generator) -> None:
    """What leaves the picture is gone, and black comes after it."""
    spoiled = translate(blank(50, 255), rng)

    np.testing.assert_array_equal(np.count_nonzero(spoiled, axis=(1, 2)), 25**2)


def test_stripes_turn_the_outer_columns(digits: Digits, rng: np.random.Generator) -> None:
    """Seven columns on either side are inverted; those between are as they were."""
    images = digits.images
    spoiled = invert_stripes(images, rng)

    np.testing.assert_array_equal(spoiled[:, :, 7:21], images[:, :, 7:21])
    np.testing.assert_array_equal(spoiled[:, :, :7], 255 - images[:, :, :7])
    np.testing.assert_array_equal(spoiled[:, :, 21:], 255 - images[:, :, 21:])


def test_fog_veils(digits: Digits, rng: np.random.Generator) -> None:
    """No picture gets brighter than it was; its contrast is a quarter, its paper grey."""
    images = digits.images
    spoiled = add_fog(images, rng).astype(int)
    is_paper = images == 0

    assert (spoiled.max(axis=(1, 2)) <= images.max(axis=(1, 2))).all()
    assert np.mean(spoiled[is_paper]) > 60
    contrast = [
        image[~paper].mean() - image[paper].mean()
        for image, paper in zip(spoiled, is_paper, strict=True)
    ]
    original = [image[image > 0].mean() for image in images]
    assert np.mean(np.divide(contrast, original)) == pytest.approx(0.25, abs=0.05)


def test_clouds_are_smooth_and_fill_the_range(rng: np.random.Generator) -> None:
    """Each map goes from 0 to 1, and neighbours are far more alike than distant points."""
    clouds = draw_clouds(3, rng)

    assert clouds.shape == (3, 256, 256)
    np.testing.assert_allclose(clouds.min(axis=(1, 2)), 0, atol=1e-6)
    np.testing.assert_allclose(clouds.max(axis=(1, 2)), 1, atol=1e-6)
    near = np.abs(np.diff(clouds, axis=1)).mean()
    far = np.abs(clouds[:, 64:] - clouds[:, :-64]).mean()
    assert far > 10 * near


def test_spatter_throws_mud(rng: np.random.Generator) -> None:
    """Mud is dark grey: on paper it is brighter, on ink darker than what it covers."""
    on_paper, on_ink = spatter(blank(50), rng), spatter(blank(50, 255), rng)

    assert on_paper.max() == 63
    assert 0.02 < np.mean(on_paper > 0) < 0.5
    assert on_ink.min() == 63
    assert 0.02 < np.mean(on_ink < 255) < 0.5


def test_lines_are_added(digits: Digits, rng: np.random.Generator) -> None:
    """Where a line crosses, ink stays ink and paper gets some."""
    for draw in (draw_dotted_line, draw_zigzag):
        spoiled = draw(digits.images, rng)

        assert (spoiled >= digits.images).all()
        assert (spoiled > digits.images).any(axis=(1, 2)).all()


def test_edges_outline(rng: np.random.Generator) -> None:
    """Of a filled square its outline is left, white on black; of one grey nothing."""
    spoiled = keep_edges(block(1, slice(8, 20), slice(8, 20)), rng)[0]

    assert set(np.unique(spoiled)) == {0, 255}
    assert not spoiled[11:17, 11:17].any()
    assert spoiled[7:9, 8:20].any(axis=0).all()
    assert not keep_edges(blank(1, 200), rng).any()


def test_smoothing_keeps_what_is_even() -> None:
    """One grey stays what it is, at the border too, and a point becomes a Gaussian."""
    point = np.zeros((1, 28, 28))
    point[0, 14, 14] = 1
    bell = smooth(point, 1.0)[0]

    np.testing.assert_allclose(smooth(np.full((1, 28, 28), 0.3), 1.5), 0.3)
    assert bell.sum() == pytest.approx(1)
    assert bell[14, 15] / bell[14, 14] == pytest.approx(np.exp(-0.5))
