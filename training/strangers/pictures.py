"""A set of pictures of which none is a digit."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Strangers:
    """Pictures of no digit.

    Attributes:
        images: uint8 [n, 28, 28], light on black.
        kinds: what each is, [n].
        source: where they are from, for people.
    """

    images: NDArray[np.uint8]
    kinds: NDArray[np.str_]
    source: str

    def __len__(self) -> int:
        """How many pictures."""
        return len(self.images)

    def take(self, indices: NDArray[np.intp]) -> "Strangers":
        """The pictures at these places, in this order."""
        return Strangers(self.images[indices], self.kinds[indices], self.source)
