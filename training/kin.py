"""How digits of one class differ: each can be bent towards one that is like it, or away from it.

Elastic noise bends a stroke anywhere. The way from one digit to another of its class, or part of
it, or as far in the other direction, is a way in which people's do differ (Hauberg et al. 2016,
"Dreaming More Data: Class-dependent Distributions over Diffeomorphisms for Learned Data
Augmentation"). Two pictures are laid upon each other as by Thirion 1998, "Image matching as a
diffusion process: an analogy with Maxwell's demons".
"""

from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from training import aside, chance
from training.damage import blurring
from training.dataset import Digits, scale
from training.warping import SIDE, Pictures, sample

Bends = NDArray[np.float16]
"""From where each pixel comes, rows and columns away, in pixels [n, 2, 28, 28]."""

NEAREST = 0.1
"""Share of a class among which the other digit is drawn: near enough to be laid upon it."""

PASSES = ((2.5, 15), (1.5, 20), (0.8, 25))
"""Blur of both pictures in pixels, and steps: what is far apart first, what is fine last."""

STIFFNESS = 2.0
"""Pixels over which a field is smoothed after each step: strokes bend and do not tear."""

LEAST_SLOPE = 1e-4
"""Keeps points still where neither picture has ink."""

BATCH = 500
"""Digits between two moves of the progress bar."""


def prepare(digits: Digits, path: Path, *, seed: int) -> Bends:
    """Read the bends that were found for this run before, or find them.

    Args:
        digits: that are learnt from.
        path: an .npy file; its folder is made if it is not there.
        seed: of the run; fixes to which other digit each is bent.

    Returns:
        Bends of each digit, all the way to the other.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        pictures = scale(digits.images)
        others = find_kin(pictures, digits.labels, chance.generator(seed, "kin"))
        bends = np.empty((len(digits), 2, SIDE, SIDE), np.float16)
        for start in tqdm(range(0, len(digits), BATCH), "bending digits", unit_scale=BATCH):
            part = slice(start, start + BATCH)
            bends[part] = lay_upon(pictures[part], pictures[others[part]])
        aside.replace(path, partial(np.save, arr=bends))
    found: Bends = np.load(path)
    return found


def find_kin(
    pictures: Pictures, labels: NDArray[np.uint8], rng: np.random.Generator
) -> NDArray[np.intp]:
    """Draw for each digit another one of its class that is like it; itself if it has none."""
    blurred = _blur(pictures, 1.0).reshape(len(pictures), -1)
    kin = np.arange(len(labels))
    for label in np.unique(labels):
        (members,) = np.nonzero(labels == label)
        if len(members) == 1:
            continue
        points = blurred[members]
        lengths = (points**2).sum(axis=1)
        apart = lengths[:, None] + lengths - 2 * points @ points.T
        np.fill_diagonal(apart, np.inf)
        count = max(1, round(NEAREST * len(members)))
        nearest = np.argpartition(apart, count - 1, axis=1)[:, :count]
        drawn = rng.integers(0, count, len(members))
        kin[members] = members[nearest[np.arange(len(members)), drawn]]
    return kin


def lay_upon(pictures: Pictures, others: Pictures) -> NDArray[np.float32]:
    """Find the smooth fields [n, 2, 28, 28] by which pictures come to look like the others.

    What turns, slants, scales or shifts a picture as a whole is left out of them: how far it may go
    in these ways is said elsewhere, and kept below what is measured.
    """
    still = np.mgrid[:SIDE, :SIDE].astype(np.float64)
    field = np.zeros((len(pictures), 2, SIDE, SIDE), np.float32)
    for blur, steps in PASSES:
        moving, fixed = _blur(pictures, blur), _blur(others, blur)
        for _ in range(steps):
            moved = sample(moving, still + field)
            missing = (fixed - moved)[:, None]
            slope = np.stack([np.gradient(moved, axis=axis) for axis in (1, 2)], axis=1)
            steepness = (slope**2).sum(axis=1, keepdims=True)
            field = _blur(
                field + missing * slope / (steepness + missing**2 + LEAST_SLOPE), STIFFNESS
            )
    return field - _affine_part(field, _blur(pictures, STIFFNESS))


def _affine_part(field: NDArray[np.float32], weights: Pictures) -> NDArray[np.float32]:
    """The turn, slant, scale and shift that come nearest to a field, by least squares."""
    down, right = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
    basis = np.stack([np.ones_like(down), down, right])
    products = np.einsum("iyx,nyx,jyx->nij", basis, weights, basis, optimize=True)
    shares = np.einsum("iyx,nyx,ncyx->nic", basis, weights, field, optimize=True)
    nearest = np.linalg.solve(products + LEAST_SLOPE * np.eye(3), shares)
    part: NDArray[np.float32] = np.einsum("nic,iyx->ncyx", nearest, basis).astype(np.float32)
    return part


def _blur(pictures: Pictures, deviation: float) -> Pictures:
    """Smooth the last two axes; the edge is not darkened."""
    (weights,) = blurring(np.array([deviation])).astype(np.float32)
    blurred: Pictures = weights @ pictures @ weights.T
    return blurred
