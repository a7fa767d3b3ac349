"""What is posted, and what it shows."""

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Grey = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Sample:
    """One upload.

    Attributes:
        kind: which of its set's kinds.
        upload: the bytes of a file.
        text: the digits in it, from left to right; empty for a blank.
        digit: the model's own input, uint8 [28, 28], where the upload is nothing else.
    """

    kind: str
    upload: bytes
    text: str
    digit: Grey | None = None


def encode(image: Image.Image | Grey, form: str = "PNG", **options: object) -> bytes:
    """A picture as the bytes of a file."""
    buffer = io.BytesIO()
    picture = image if isinstance(image, Image.Image) else Image.fromarray(image)
    picture.save(buffer, form, **options)
    return buffer.getvalue()
