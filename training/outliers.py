"""What is no digit, to learn from: letters, scribbles, solid shapes, textures, scrambled digits.

Outlier exposure (Hendrycks et al. 2019, "Deep Anomaly Detection with Outlier Exposure"). Nothing of
this is measured: the sets that measure come from elsewhere, and their typefaces are others.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from app.imaging import frame
from training.curves import round_corners
from training.warping import SIDE

Grey = NDArray[np.uint8]

LETTERS = "ABCDEFGHJKLMNPQRTUVWXYacdefhijkmnprtuvwxy&@#%$*+=?"
"""Without those that a reader would take for a digit: I O S Z b g l o q s z |."""

CANVAS = 84
"""Pixels of what is drawn on before it is framed: three to each of the digit's."""


def scribble(rng: np.random.Generator) -> Grey:
    """A pen's ways through points at random: two or more, as one alone may look like a 1 or a 2."""
    page = Image.new("L", (CANVAS, CANVAS))
    pen = ImageDraw.Draw(page)
    width = int(rng.integers(5, 13))
    for _ in range(rng.integers(2, 5)):
        points = round_corners(rng.uniform(8, CANVAS - 8, (rng.integers(4, 9), 2)))
        pen.line([tuple(point) for point in points], fill=255, width=width, joint="curve")
    framed: Grey = frame(np.asarray(page))
    return framed


def solid(rng: np.random.Generator) -> Grey:
    """Filled shapes, overlapping, each with a brightness, a gradient or a grain of its own."""
    total = np.zeros((CANVAS, CANVAS), dtype=np.float32)
    for _ in range(rng.integers(1, 5)):
        page = Image.new("L", (CANVAS, CANVAS))
        pen = ImageDraw.Draw(page)
        if rng.random() < 0.5:  # noqa: PLR2004 # polygons and ellipses as often
            corners = rng.uniform(0, CANVAS, (rng.integers(3, 8), 2))
            angles = np.arctan2(*(corners - corners.mean(axis=0)).T)
            pen.polygon([tuple(point) for point in corners[np.argsort(angles)]], fill=255)
        else:
            low, high = np.sort(rng.uniform(0, CANVAS, (2, 2)), axis=0)
            pen.ellipse([*low, *(high + 6)], fill=255)
        mask = np.asarray(page) > 0
        total[mask] = _cloth(rng)[mask]
    if rng.random() < 0.5:  # noqa: PLR2004 # as things are: alike on both sides
        total = np.maximum(total, total[:, ::-1])
    shape = np.clip(total * 255, 0, 255).astype(np.uint8)
    page = Image.fromarray(shape).filter(ImageFilter.GaussianBlur(rng.uniform(0, 2)))
    side = int(rng.integers(20, SIDE + 1))
    small = np.asarray(page.resize((side, side), Image.Resampling.BOX))
    out = np.zeros((SIDE, SIDE), dtype=np.uint8)
    margin = (SIDE - side) // 2
    out[margin : margin + side, margin : margin + side] = small
    return out


def _cloth(rng: np.random.Generator) -> NDArray[np.float32]:
    """One brightness, lit from a side, with a grain or stripes: about 0–1 [84, 84]."""
    rows, columns = np.mgrid[:CANVAS, :CANVAS] / CANVAS - 0.5
    angle, other = rng.uniform(0, np.pi, 2)
    along = np.cos(angle) * rows + np.sin(angle) * columns
    cloth = rng.uniform(0.2, 1.0) + rng.uniform(-0.5, 0.5) * along
    if rng.random() < 0.4:  # noqa: PLR2004
        across = np.cos(other) * rows + np.sin(other) * columns
        cloth = cloth + rng.uniform(0, 0.4) * np.sin(across * rng.uniform(10, 90))
    grain = rng.normal(0, rng.uniform(0, 0.25), (CANVAS // 3, CANVAS // 3))
    grainy = cloth + np.kron(grain, np.ones((3, 3)))
    lit: NDArray[np.float32] = np.clip(grainy, 0.02, 1).astype(np.float32)
    return lit


def texture(rng: np.random.Generator) -> Grey:
    """Noise whose power falls with some power of its frequency, brought to some contrast.

    From white noise (0) to clouds (4), some of it cut to two levels, as print is.
    """
    across = np.fft.fftfreq(SIDE)
    frequency = np.hypot(across[:, None], across[None, :]) + 1 / SIDE
    stretched = np.hypot(across[:, None] * rng.uniform(0.2, 1), across[None, :]) + 1 / SIDE
    spectrum = (frequency if rng.random() < 0.7 else stretched) ** (-rng.uniform(0, 4) / 2)  # noqa: PLR2004
    wave = np.fft.ifft2(np.fft.fft2(rng.standard_normal((SIDE, SIDE))) * spectrum).real
    wave = (wave - wave.mean()) / (wave.std() + 1e-9)
    if rng.random() < 0.3:  # noqa: PLR2004
        wave = np.where(wave > rng.uniform(-1.0, 1.5), 1.5, -1.5)
    level = rng.uniform(0, 1) + wave * rng.uniform(0.02, 0.5)
    grey: Grey = np.clip(np.rint(level * 255), 0, 255).astype(np.uint8)
    return grey


def scramble(digits: Grey, rng: np.random.Generator) -> Grey:
    """One digit's picture cut into sixteen and put together anew, or two half and half."""
    one, other = digits[rng.integers(0, len(digits), 2)]
    if rng.random() < 0.5:  # noqa: PLR2004
        return _shuffled(one, rng)
    halves: Grey = np.maximum(np.roll(one, -9, axis=1), np.roll(other, 9, axis=1))
    return halves


def _shuffled(image: Grey, rng: np.random.Generator) -> Grey:
    side = 7  # four by four tiles; fewer would leave whole bows of a 3 or an 8
    tiles = image.reshape(4, side, 4, side).swapaxes(1, 2).reshape(16, side, side)
    mixed: Grey = (
        rng.permutation(tiles).reshape(4, 4, side, side).swapaxes(1, 2).reshape(SIDE, SIDE)
    )
    return mixed
