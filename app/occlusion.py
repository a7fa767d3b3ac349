"""Why a digit was read as it was: erase it spot by spot and see what that does to the reading.

Occlusion sensitivity (Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks",
2014, section 4.2). It asks the network that is served, not a gradient of its float twin, so it
holds for the int8 engine too. Only ink can be erased: what a gap in the stroke says for a digit,
such as the open top of a 4, shows at the ends of the strokes around it.
"""

import numpy as np
from numpy.typing import NDArray

SPOT_PIXELS = 7
"""Wide enough to take a stroke away, where 5 pixels left its edges standing."""

STEP_PIXELS = 3
"""With spots of 7 pixels, 8 × 8 of them cover 28 × 28 evenly: 65 digits, itself among them."""


def list_spots(image: NDArray[np.uint8]) -> list[tuple[slice, slice]]:
    """The spots of a digit uint8 [28, 28] that hold ink; to erase another would change nothing."""
    height, width = image.shape
    spots = [
        (slice(y, y + SPOT_PIXELS), slice(x, x + SPOT_PIXELS))
        for y in range(0, height - SPOT_PIXELS + 1, STEP_PIXELS)
        for x in range(0, width - SPOT_PIXELS + 1, STEP_PIXELS)
    ]
    return [spot for spot in spots if image[spot].any()]


def erase(image: NDArray[np.uint8], spots: list[tuple[slice, slice]]) -> NDArray[np.uint8]:
    """The digit, and after it a copy for each spot with that spot erased: uint8 [n + 1, 28, 28]."""
    copies = np.repeat(image[None], len(spots) + 1, axis=0)
    for copy, spot in zip(copies[1:], spots, strict=True):
        copy[spot] = 0
    return copies


def attribute(
    logits: NDArray[np.float32],
    digit: int,
    spots: list[tuple[slice, slice]],
    shape: tuple[int, ...],
) -> NDArray[np.float32]:
    """How much each pixel speaks for a digit.

    Args:
        logits: float32 [n + 1, 10], of what `erase` returned.
        digit: whose reading is explained.
        spots: those that were erased.
        shape: of the digit.

    Returns:
        float32 [28, 28]: by how many nats the log-odds of the digit fall, in the mean of all spots
        over a pixel, when the ink there is erased. Below 0 the ink speaks against the digit.
    """
    falls = _log_odds(logits[:1], digit) - _log_odds(logits[1:], digit)
    heat, spots_over = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    for spot, fall in zip(spots, falls, strict=True):
        heat[spot] += fall
        spots_over[spot] += 1
    heat /= np.maximum(spots_over, 1)
    return heat


def _log_odds(logits: NDArray[np.float32], digit: int) -> NDArray[np.float32]:
    """Of one digit against all others, [n]; it goes on where probabilities stick at 0 and 1."""
    others = np.delete(logits, digit, axis=1)
    peak = others.max(axis=1)
    rest: NDArray[np.float32] = peak + np.log(np.exp(others - peak[:, None]).sum(axis=1))
    return logits[:, digit] - rest
