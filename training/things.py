"""Pictures of things, as no digits: animals, food, tools, faces, houses, grey on black.

What pictures of things and digits have in common is not what random shapes have. They are Google's
of an emoji set, Apache License 2.0. No clothes, shoes or bags are among them: those measure the
network (Fashion-MNIST) and are never learnt from.
"""

import io
import json
import tarfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from training import npm
from training.cache import cache_folder
from training.warping import SIDE

PACKAGE = npm.Package(
    "emoji-datasource-google",
    "16.0.0",
    "fb5fd131b362aab7a55542d2a147a79708cce0a8b1c1bbacd470172708b5c438",
)

LIST = "package/emoji.json"
PICTURES = PurePosixPath("package/img/google/64")
"""Folder of pictures of 64×64 pixels: twice a digit's."""

SIGNS = {"Symbols", "Component", "Flags"}
"""Categories that show letters, digits and other signs, or nothing but colours."""

WORN = {
    "running_shirt_with_sash", "martial_arts_uniform", "boxing_glove", "ice_skate", "roller_skate",
    "ski", "briefcase", "luggage",
}  # fmt: skip
"""Clothes, shoes and bags that the list has elsewhere than in its group of clothing."""

DIGITS = {"100", "doughnut"}
"""What reads as a digit."""

VISIBLE = 0.1
"""Of cover: less is the soft edge of a thing."""

FLAT = 0.1
"""Below this range of grey a thing is a silhouette, and shown bright."""


@dataclass(frozen=True)
class Thing:
    """One picture, cut to what it shows.

    Attributes:
        group: what it is one of: a bird, a tool.
        grey: float32 [h, w] in 0–1.
        cover: float32 [h, w] in 0–1, where the thing is and not its background.
    """

    group: str
    grey: NDArray[np.float32]
    cover: NDArray[np.float32]

    def draw(self, rng: np.random.Generator) -> NDArray[np.uint8]:
        """Show it on black, as bright or as dark as may be, 20–28 pixels long: uint8 [28, 28]."""
        grey = self.grey if rng.random() < 0.5 else 1 - self.grey  # noqa: PLR2004 # either polarity
        inside = grey[self.cover > VISIBLE]
        low, high = inside.min(), inside.max()
        darkest, brightest = rng.uniform(0, 0.5), rng.uniform(0.6, 1)
        depth = (brightest - darkest) / max(high - low, FLAT)
        lit = self.cover * np.clip(brightest - depth * (high - grey), 0, 1)
        if rng.random() < 0.5:  # noqa: PLR2004 # seen from either side
            lit = lit[:, ::-1]
        return _fit(lit, int(rng.integers(20, SIDE + 1)))


def load() -> list[Thing]:
    """Read the pictures from the cache, or fetch them into it.

    Returns:
        In the list's order.

    Raises:
        PackageError: they cannot be fetched, or differ from what is pinned.
    """
    with (
        npm.archives([PACKAGE], cache_folder("things")) as found,
        tarfile.open(found[PACKAGE]) as tar,
    ):
        files = {
            name: tar.extractfile(member).read()  # type: ignore[union-attr] # they are files
            for member in tar
            if (name := member.name) == LIST or PurePosixPath(name).parent == PICTURES
        }
    return [
        _read(row["subcategory"], files[str(PICTURES / row["image"])])
        for row in json.loads(files[LIST])
        if _is_thing(row)
    ]


def save(folder: Path) -> None:
    """Put the package into a folder, for a machine that cannot fetch it.

    Raises:
        PackageError: it cannot be fetched, or differs from what is pinned.
    """
    npm.save([PACKAGE], cache_folder("things"), folder)


def _is_thing(row: dict[str, str]) -> bool:
    return (
        row["category"] not in SIGNS
        and row["subcategory"] != "clothing"
        and row["short_name"] not in WORN | DIGITS
    )


def _read(group: str, png: bytes) -> Thing:
    picture = Image.open(io.BytesIO(png)).convert("LA")
    cover = np.asarray(picture.getchannel("A"))
    box = Image.fromarray(cover > VISIBLE * 255).getbbox()
    grey, cover = np.moveaxis(np.asarray(picture.crop(box), np.float32) / 255, -1, 0)
    return Thing(group, grey, cover)


def _fit(picture: NDArray[np.float32], side: int) -> NDArray[np.uint8]:
    """Shrink to so many pixels on the longer side, in the middle of a digit's 28×28."""
    longest = max(picture.shape)
    height, width = (max(1, round(length * side / longest)) for length in picture.shape)
    page = Image.fromarray(np.rint(picture * 255).astype(np.uint8))
    small = np.asarray(page.resize((width, height), Image.Resampling.BOX))
    top, left = (SIDE - height) // 2, (SIDE - width) // 2
    return np.pad(small, ((top, SIDE - height - top), (left, SIDE - width - left)))
