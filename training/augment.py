"""Show every digit anew: moved, bent, thicker or thinner, re-inked, damaged.

All of it is NumPy on whole batches, drawn from one generator, so that a seed and an epoch fix every
picture. Pictures are float32 [n, 28, 28], ink 1 on paper 0.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from app.imaging import frame
from training import chance
from training.config import Augmentation, Recipe
from training.damage import DAMAGES, Damage, neighbourhood
from training.dataset import Digits, one_hot, scale
from training.extras import Extras
from training.kin import Bends
from training.supplement import Supplement
from training.warping import SIDE, Pictures, warp

CANVAS_SIDE = 112
"""Pixels of the canvas a digit is re-inked on: four to one, enough for a smooth pen line."""


@dataclass(frozen=True)
class Batch:
    """What one step of training learns from.

    Attributes:
        images: float32 [n, 28, 28, 1] in 0–1.
        targets: float32 [n, 10], probabilities; all alike for what is no digit.
        weights: float32 [n], of each row's loss.
    """

    images: Pictures
    targets: NDArray[np.float32]
    weights: NDArray[np.float32]


def batches(
    digits: Digits, supplement: Supplement, recipe: Recipe, *, first_epoch: int = 0
) -> Iterator[Batch]:
    """Yield the batches of all epochs from `first_epoch` on, whole batches only.

    Args:
        digits: the training digits; each is seen once an epoch, but for those that give their turn
            to one that is drawn.
        supplement: what else a batch holds, how digits are drawn and bent.
        recipe: seed, name, epochs, batch size, augmentation and mixture; recipes of other names see
            other variants.
        first_epoch: a run that goes on after epoch k−1 sees the same batches as one never stopped.
    """
    sizes = _sizes(recipe)
    for epoch in range(first_epoch, recipe.epochs):
        rng = chance.generator(recipe.seed, recipe.name, epoch)
        order = rng.permutation(len(digits))
        if supplement.odds is not None:
            is_drawn = rng.random(len(order)) < recipe.doubted_share
            order[is_drawn] = rng.choice(len(order), is_drawn.sum(), p=supplement.odds)
        for step in range(steps_per_epoch(digits, recipe)):
            chosen = order[step * sizes[0] : (step + 1) * sizes[0]]
            batch = _gather(digits.take(chosen), supplement.extras, sizes, recipe, rng)
            if recipe.augmentation is not None:
                bends = None if supplement.bends is None else supplement.bends[chosen]
                batch = _show_anew(batch, recipe.augmentation, bends, rng)
            yield batch


def steps_per_epoch(digits: Digits, recipe: Recipe) -> int:
    """Whole batches in one pass: one compiled shape, and no tiny last step."""
    return max(1, len(digits) // _sizes(recipe)[0])


def _sizes(recipe: Recipe) -> tuple[int, int, int, int, int]:
    """How many of a batch are digits of MNIST, uploads, print, other hands' and outliers."""
    how = recipe.mixture
    if how is None:
        return recipe.batch_size, 0, 0, 0, 0
    uploaded, printed, written, outliers = (
        round(share * recipe.batch_size)
        for share in (how.uploaded_share, how.printed_share, how.written_share, how.outlier_share)
    )
    digits = recipe.batch_size - uploaded - printed - written - outliers
    return digits, uploaded, printed, written, outliers


def _gather(
    digits: Digits,
    extras: Extras | None,
    sizes: tuple[int, int, int, int, int],
    recipe: Recipe,
    rng: np.random.Generator,
) -> Batch:
    """MNIST's digits as they are, and what else there is behind them."""
    images, weights = scale(digits.images), np.ones(len(digits), np.float32)
    targets = one_hot(digits.labels)
    if extras is not None and recipe.mixture is not None:
        others = [
            kind.take(rng.integers(0, len(kind), size))
            for kind, size in zip(
                (extras.uploaded, extras.printed, extras.written), sizes[1:4], strict=True
            )
        ]
        outliers = extras.outliers[rng.integers(0, len(extras.outliers), sizes[4])]
        images = np.concatenate(
            [images, *(scale(other.images) for other in others), scale(outliers)]
        )
        uniform = np.full((sizes[4], 10), 0.1, np.float32)
        targets = np.concatenate([targets, *(one_hot(other.labels) for other in others), uniform])
        weights = np.ones(len(images), np.float32)
        weights[len(images) - sizes[4] :] = recipe.mixture.outlier_weight
    return Batch(images[..., None], targets, weights)


def _show_anew(
    batch: Batch, how: Augmentation, bends: Bends | None, rng: np.random.Generator
) -> Batch:
    """Another variant of every picture; those that there are bends for are bent besides."""
    images, besides = batch.images[..., 0], None
    if bends is not None:
        besides = np.zeros((len(images), *bends.shape[1:]), np.float32)
        part = rng.uniform(-how.bend, how.bend, (len(bends), 1, 1, 1)).astype(np.float32)
        besides[: len(bends)] = part * bends
    return replace(batch, images=augment(images, how, rng, besides)[..., None])


def augment(
    images: Pictures,
    how: Augmentation,
    rng: np.random.Generator,
    bends: Pictures | None = None,
) -> Pictures:
    """Make one new variant of every picture.

    Args:
        images: float32 [n, 28, 28] in 0–1.
        how: how far each is changed.
        rng: draws the changes.
        bends: of each picture besides, float32 [n, 2, 28, 28], in pixels.

    Returns:
        Float32 [n, 28, 28] in 0–1, on the 256 levels that a served digit has.
    """
    images = warp(images, how.reach, rng, bends)
    images = _on_share(images, how.redrawn_share, rng, redraw)
    images = change_stroke(images, how.stroke, rng)
    shares = np.full(len(DAMAGES), how.damaged_share / len(DAMAGES))
    kinds = rng.choice(len(DAMAGES) + 1, size=len(images), p=[1 - how.damaged_share, *shares])
    for kind, damage in enumerate(DAMAGES, start=1):
        chosen = kinds == kind
        if chosen.any():
            images[chosen] = damage(images[chosen], rng)
    return np.round(np.clip(images, 0, 1) * 255).astype(np.float32) / np.float32(255)


def _on_share(images: Pictures, share: float, rng: np.random.Generator, change: Damage) -> Pictures:
    chosen = rng.random(len(images)) < share
    if chosen.any():
        images[chosen] = change(images[chosen], rng)
    return images


def change_stroke(images: Pictures, most: float, rng: np.random.Generator) -> Pictures:
    """Mix in a one-pixel dilation or erosion, by up to `most` of it."""
    share = rng.uniform(-most, most, (len(images), 1, 1)).astype(np.float32)
    thicker = neighbourhood(images, np.maximum)
    thinner = neighbourhood(images, np.minimum)
    changed: Pictures = np.where(
        share > 0, images + share * (thicker - images), images - share * (thinner - images)
    )
    return changed


def redraw(images: Pictures, rng: np.random.Generator) -> Pictures:
    """Ink each digit on a canvas with a hard-edged pen, then frame it as an upload is framed."""
    enlarge = _enlargement()
    canvases = enlarge @ images @ enlarge.T
    # The level at which grey becomes ink is the pen's width.
    levels = rng.uniform(0.25, 0.65, (len(images), 1, 1)) * canvases.max(axis=(1, 2), keepdims=True)
    inked = (canvases > levels).astype(np.uint8) * np.uint8(255)
    framed = [
        frame(ink).astype(np.float32) / 255 if ink.any() else image
        for ink, image in zip(inked, images, strict=True)
    ]
    return np.stack(framed)


def _enlargement() -> Pictures:
    """Gaussian interpolation [112, 28]: smooth enough that the pen's edge shows no pixels."""
    places = (np.arange(CANVAS_SIDE) + 0.5) * SIDE / CANVAS_SIDE - 0.5
    weights = np.exp(-0.5 * ((places[:, None] - np.arange(SIDE)) / 0.6) ** 2)
    normalised: Pictures = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    return normalised
