"""What lies behind a picture's transparent parts."""

import numpy as np
from PIL import Image

WHITE, BLACK = (255, 255, 255), (0, 0, 0)

# What is drawn onto nothing with a light pen has no pixel darker than this, and is of one shade,
# to this many levels; a photo cut out of its background is not.
LIGHT = 128
ONE_SHADE = 64

OPAQUE = 128

# A coarse picture tells it as well: its longer side in pixels.
SAMPLED_PIXELS = 512

_ALPHA_MODES = {"LA", "PA", "RGBA", "RGBa"}

Colour = tuple[int, int, int]


def has_alpha(image: Image.Image) -> bool:
    """Whether a picture may have transparent parts."""
    return image.mode in _ALPHA_MODES or "transparency" in image.info


def choose_backdrop(image: Image.Image) -> Colour:
    """White, as paper is; black for what is drawn with a light pen onto nothing.

    Args:
        image: with transparency.
    """
    ratio = min(1.0, SAMPLED_PIXELS / max(image.size))
    size = (max(1, round(image.width * ratio)), max(1, round(image.height * ratio)))
    coarse = image.resize(size, Image.Resampling.NEAREST).convert("RGBA")
    alpha = np.asarray(coarse.getchannel("A"))
    # Of a pen that is translucent itself, what is more than half as opaque as it ever is.
    is_opaque = alpha >= max(1, min(OPAQUE, int(alpha.max()) // 2))
    shades = np.asarray(coarse.convert("RGB").convert("L"))[is_opaque]
    if not shades.size or is_opaque.all():
        return WHITE
    darkest, lightest = int(shades.min()), int(shades.max())
    return BLACK if darkest >= LIGHT and lightest - darkest < ONE_SHADE else WHITE


def lay(image: Image.Image, backdrop: Colour | None) -> Image.Image:
    """The picture, RGB, on a backdrop if it has transparent parts."""
    if backdrop is None:
        return image if image.mode == "RGB" else image.convert("RGB")
    rgba = image.convert("RGBA")
    page = Image.new("RGB", image.size, backdrop)
    page.paste(rgba, mask=rgba.getchannel("A"))
    return page
