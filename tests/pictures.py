"""Pictures as bytes, for every test that uploads some."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def encode(image: NDArray[np.uint8], form: str = "PNG") -> bytes:
    """An image as the bytes of a file."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, form)
    return buffer.getvalue()
