"""What is learnt from beside MNIST as it is: uploads, print, other hands, and what is no digit.

Made once a run, because drawing and normalising a page takes longer than a step of training, and
kept with the run's checkpoints.
"""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from training import aside, chance, fonts, hands, outliers, things, uploads
from training.config import Mixture
from training.dataset import Digits

BATCH = 100
"""Uploads between two moves of the progress bar."""

HELD_OUT = 10
"""Every tenth family of typefaces and group of things is validated by, and not learnt from."""


@dataclass(frozen=True)
class Extras:
    """Pictures as the served network sees them.

    Attributes:
        uploaded: digits of MNIST, photographed and normalised.
        printed: digits in many typefaces, normalised.
        written: digits as other hands write them, normalised.
        outliers: what is no digit, uint8 [n, 28, 28].
    """

    uploaded: Digits
    printed: Digits
    written: Digits
    outliers: NDArray[np.uint8]


def prepare(
    digits: Digits, mixture: Mixture, path: Path, *, seed: int, is_validation: bool = False
) -> Extras:
    """Read what was made for this run before, or make it.

    Args:
        digits: what is photographed and scrambled.
        mixture: how much is made.
        path: an .npz file; its folder is made if it is not there.
        seed: fixes every picture.
        is_validation: a tenth as much, in the typefaces that are not learnt from.

    Raises:
        PackageError: the typefaces or the things are not to be had.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        made = make(digits, mixture, seed=seed, is_validation=is_validation)
        write = partial(
            np.savez,
            uploaded=made.uploaded.images,
            uploaded_labels=made.uploaded.labels,
            printed=made.printed.images,
            printed_labels=made.printed.labels,
            written=made.written.images,
            written_labels=made.written.labels,
            outliers=made.outliers,
        )
        aside.replace(path, write)
    with np.load(path) as kept:
        return Extras(
            Digits(kept["uploaded"], kept["uploaded_labels"]),
            Digits(kept["printed"], kept["printed_labels"]),
            Digits(kept["written"], kept["written_labels"]),
            kept["outliers"],
        )


def make(digits: Digits, mixture: Mixture, *, seed: int, is_validation: bool) -> Extras:
    """Draw, photograph and normalise everything; minutes of one core."""
    rng = chance.generator(seed, "extras", is_validation)
    families = set(fonts.families()[HELD_OUT - 1 :: HELD_OUT])
    faces = [face for face in fonts.load() if (face.family in families) == is_validation]
    share = 0.1 if is_validation else 1.0
    return Extras(
        uploaded=_upload(digits, round(mixture.uploads * share), rng),
        printed=_print_digits(faces, rng),
        written=_write_digits(round(mixture.written * share), rng),
        outliers=np.concatenate(
            [
                _print_letters(faces, rng),
                _draw_outliers(digits.images, round(mixture.outliers * share), rng),
                _draw_things(round(mixture.things * share), rng, is_validation=is_validation),
            ]
        ),
    )


def _upload(digits: Digits, count: int, rng: np.random.Generator) -> Digits:
    """Photographs, and one in five shrunk as a small scan is."""
    chosen = rng.permutation(len(digits))[: min(count, len(digits))]
    small, large = np.split(chosen, [len(chosen) // 5])
    batches = np.array_split(large, max(1, len(large) // BATCH))
    parts = [
        uploads.reduce(digits.take(small), rng),
        *(
            uploads.photograph(digits.take(batch), rng)
            for batch in tqdm(batches, "uploads", unit=f"×{BATCH}")
        ),
    ]
    return _join(parts)


def _join(parts: list[Digits]) -> Digits:
    return Digits(
        np.concatenate([part.images for part in parts]),
        np.concatenate([part.labels for part in parts]),
    )


def _print_digits(faces: list[fonts.Typeface], rng: np.random.Generator) -> Digits:
    """Each digit in each face at two sizes."""
    texts = [(face, str(digit)) for face in faces for digit in range(10) for _ in range(2)]
    pages = [face.draw(text, int(rng.integers(20, 160))) for face, text in texts]
    return uploads.normalise_pages(pages, [int(text) for _, text in texts])


def _write_digits(count: int, rng: np.random.Generator) -> Digits:
    """Half of them large, half as small scans."""
    large, small = hands.write(count // 2, rng), hands.write(count - count // 2, rng)
    found = uploads.normalise_pages(list(large.images), large.labels)
    return _join([found, uploads.reduce(small, rng)])


def _print_letters(faces: list[fonts.Typeface], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Each letter in each face at two sizes, as the digits are."""
    texts = [(face, letter) for face in faces for letter in outliers.LETTERS for _ in range(2)]
    pages = [face.draw(text, int(rng.integers(20, 160))) for face, text in tqdm(texts, "letters")]
    return uploads.normalise_pages(pages, [0] * len(pages)).images


def _draw_outliers(
    images: NDArray[np.uint8], count: int, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """As many of each other kind."""
    each = count // 4
    return np.stack(
        [outliers.scribble(rng) for _ in range(each)]
        + [outliers.solid(rng) for _ in range(each)]
        + [outliers.texture(rng) for _ in range(each)]
        + [outliers.scramble(images, rng) for _ in range(each)]
    )


def _draw_things(count: int, rng: np.random.Generator, *, is_validation: bool) -> NDArray[np.uint8]:
    """Each as often as another, of the groups that are learnt from, or of the others."""
    known = things.load()
    groups = set(sorted({thing.group for thing in known})[HELD_OUT - 1 :: HELD_OUT])
    shown = [thing for thing in known if (thing.group in groups) == is_validation]
    return np.stack([shown[place % len(shown)].draw(rng) for place in range(count)])
