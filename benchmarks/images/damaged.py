"""MNIST spoilt in MNIST-C's ways, posted as PNGs: what was readable must stay so."""

from collections.abc import Iterator

import numpy as np

from benchmarks.images.sample import Sample, encode
from training.corruptions import KINDS, corrupt
from training.dataset import Digits


def list_damaged(source: Digits, per_kind: int, rng: np.random.Generator) -> Iterator[Sample]:
    """`per_kind` digits of every kind of damage."""
    seed = int(rng.integers(1 << 31))
    for kind in KINDS:
        chosen = rng.permutation(len(source))[:per_kind]
        spoilt = corrupt(source.images[chosen], kind, seed)
        for digit, label in zip(spoilt, source.labels[chosen], strict=True):
            yield Sample(kind, encode(digit), str(label), digit)
