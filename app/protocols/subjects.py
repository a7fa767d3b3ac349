"""What a request asks to be read, and how much of it one request may hold."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from app.errors import InvalidTensor, TooManyFiles, TooManyRows, too_large
from app.protocols.tensors import DIGIT, VALUES_PER_ROW

Digits: TypeAlias = NDArray[np.uint8]
Subject: TypeAlias = Digits | list[bytes]
"""Digits uint8 [n, 28, 28], or n encoded pictures."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much one request may hold.

    Attributes:
        max_rows: digits.
        max_pictures: encoded pictures.
        max_picture_bytes: of each.
    """

    max_rows: int
    max_pictures: int
    max_picture_bytes: int

    @property
    def max_values(self) -> int:
        """Values in a body of JSON."""
        return self.max_rows * VALUES_PER_ROW

    def check_rows(self, rows: int) -> None:
        """Refuse too many digits, and none.

        Raises:
            TooManyRows: more than `max_rows`.
            InvalidTensor: an empty batch.
        """
        if rows > self.max_rows:
            raise TooManyRows(f"{rows} digits in one request, of {self.max_rows} at most.")
        if rows < 1:
            raise InvalidTensor("A batch holds at least one digit.")

    def check_count(self, pictures: int) -> None:
        """Refuse too many pictures, and none, before anything is made of them.

        Raises:
            TooManyFiles: more than `max_pictures`.
            InvalidTensor: there is none.
        """
        if pictures > self.max_pictures:
            raise TooManyFiles(f"More than {self.max_pictures} pictures in one request.")
        if pictures < 1:
            raise InvalidTensor("A batch holds at least one picture.")

    def check_sizes(self, pictures: Sequence[bytes]) -> list[bytes]:
        """Refuse pictures that are too large.

        Raises:
            UploadTooLarge: one has more than `max_picture_bytes`.
        """
        for place, picture in enumerate(pictures):
            if len(picture) > self.max_picture_bytes:
                raise too_large(f"Picture {place}", self.max_picture_bytes)
        return list(pictures)


def to_digits(pixels: Digits) -> Digits:
    """Pixels [n · 784] as digits [n, 28, 28]."""
    return pixels.reshape(-1, *DIGIT)
