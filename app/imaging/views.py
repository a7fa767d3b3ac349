"""What was seen of an upload, in the upload's own terms and as pictures."""

from dataclasses import dataclass
from io import BytesIO
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.imaging.decoding import Picture
from app.imaging.normalisation import Normalised

Box = tuple[int, int, int, int]

# A digit of 28 pixels is shown so many times as large.
ENLARGED = 8

# What speaks for a digit is tinted so, what speaks against it otherwise.
FOR, AGAINST = np.array((230, 60, 20)), np.array((30, 100, 240))


@dataclass(frozen=True, slots=True)
class View:
    """An upload and the digit that was found in it."""

    picture: Picture
    seen: Normalised

    @property
    def box(self) -> Box:
        """(x, y, w, h) of the ink, in the upright upload's pixels."""
        return self.picture.in_upload(self.seen.box)

    @property
    def polarity(self) -> Literal["dark_on_light", "light_on_dark"]:
        """Which of ink and paper is the darker."""
        return "dark_on_light" if self.seen.is_dark_on_light else "light_on_dark"

    @property
    def stroke_width_pixels(self) -> float:
        """The mean width of the strokes, in the upload's pixels."""
        ratio = max(self.picture.width, self.picture.height) / max(self.picture.grey.shape)
        return float(self.seen.stroke_width_pixels * ratio)


def draw_digit(digit: NDArray[np.uint8]) -> bytes:
    """A digit uint8 [28, 28] as a PNG of its very pixels."""
    return _to_png(Image.fromarray(digit))


def draw_heatmap(digit: NDArray[np.uint8], heat: NDArray[np.float32]) -> bytes:
    """A PNG of a digit, enlarged, its ink red where it speaks for its reading, blue where against.

    Args:
        digit: uint8 [28, 28].
        heat: float32 [28, 28], above 0 what speaks for it, below 0 what speaks against.
    """
    strength = heat / max(float(np.abs(heat).max()), 1e-6)
    tint = np.where(strength[..., None] > 0, FOR, AGAINST)
    share = np.abs(strength)[..., None]
    grey = np.repeat(digit[..., None], 3, axis=2)
    image = Image.fromarray(np.rint(grey * (1 - share) + tint * share).astype(np.uint8))
    size = (ENLARGED * image.width, ENLARGED * image.height)
    return _to_png(image.resize(size, Image.Resampling.NEAREST))


def _to_png(image: Image.Image) -> bytes:
    buffer = BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()
