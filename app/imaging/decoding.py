"""Decode an upload safely: bytes → grey picture, and every failure one of our errors."""

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile

from app.errors import DamagedImage, EmptyUpload, TooManyPixels
from app.imaging.formats import Format, recognise
from app.imaging.greying import to_grey
from app.imaging.plain import decode_plain

# Ink is looked for on a few hundred pixels; twice that and more is kept so that a small digit
# on a large page still has strokes of several pixels.
LONGEST_SIDE_PIXELS = 1280

# Pillow warns of odd metadata, which is no business of the log; the filters are the process's,
# hence one thread at a time. What it guards is the parsing of headers, not the decoding.
_quiet_lock = threading.Lock()

ORIENTATION_TAG = 0x0112

# EXIF orientation → what brings the picture upright, and by how many degrees it turns clockwise.
_UPRIGHT = {
    2: (Image.Transpose.FLIP_LEFT_RIGHT, 0),
    3: (Image.Transpose.ROTATE_180, 180),
    4: (Image.Transpose.FLIP_TOP_BOTTOM, 0),
    5: (Image.Transpose.TRANSPOSE, 90),
    6: (Image.Transpose.ROTATE_270, 90),
    7: (Image.Transpose.TRANSVERSE, 270),
    8: (Image.Transpose.ROTATE_90, 270),
}


@dataclass(frozen=True, slots=True)
class Picture:
    """An upload, upright and grey.

    Attributes:
        grey: uint8 [H, W], at most 1280 pixels on a side.
        width: of the upright upload, in its own pixels.
        height: likewise.
        rotation_degrees: clockwise, as EXIF asked; 0, 90, 180 or 270.
    """

    grey: NDArray[np.uint8]
    width: int
    height: int
    rotation_degrees: int

    def in_upload(self, box: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
        """A box (x, y, w, h) of `grey`, in the upright upload's own pixels."""
        x, y, w, h = box
        across, down = self.width / self.grey.shape[1], self.height / self.grey.shape[0]
        left, top = round(x * across), round(y * down)
        return left, top, round((x + w) * across) - left, round((y + h) * down) - top


def decode(upload: bytes, *, max_pixels: int) -> NDArray[np.uint8]:
    """Decode an upload to a grey picture.

    PNG, JPEG, WebP, BMP, GIF and TIFF are read, the first frame of an animation. EXIF's
    orientation is applied, transparency laid onto white, or onto black for what a light pen drew,
    and what is larger than 1280 pixels on a side reduced.

    Args:
        upload: the whole file.
        max_pixels: more than these, by the header, and nothing is decoded. Memory is bounded by
            about 10 bytes for each of them.

    Returns:
        uint8 [H, W].

    Raises:
        EmptyUpload: no bytes.
        NotAnImage: none of the formats above.
        TooManyPixels: the header announces more than `max_pixels`.
        DamagedImage: truncated, broken, or not decodable.
    """
    return decode_picture(upload, max_pixels=max_pixels).grey


def decode_picture(upload: bytes, *, max_pixels: int) -> Picture:
    """As `decode`, with what is needed to speak of the upload's own pixels."""
    if not upload:
        raise EmptyUpload("The upload has no bytes.")
    plain = decode_plain(upload, LONGEST_SIDE_PIXELS)
    if plain is not None and plain.size <= max_pixels:
        return Picture(plain, plain.shape[1], plain.shape[0], rotation_degrees=0)
    form = recognise(upload)
    try:
        return _decode(form, upload, max_pixels)
    except (TooManyPixels, DamagedImage):
        raise
    except Image.DecompressionBombError as error:
        raise TooManyPixels(f"The image has more than {max_pixels:,} pixels.") from error
    except Exception as error:
        # Pillow lets a decoder raise whatever it stumbled over, such as struct.error or KeyError.
        raise DamagedImage(f"The {form.name} image is truncated or damaged.") from error


def _decode(form: Format, upload: bytes, max_pixels: int) -> Picture:
    announced = form.announced_size(upload)
    if announced is not None:
        _refuse_above(max_pixels, announced)
    with _quiet() if form.may_warn(upload) else nullcontext():
        image = form.open(BytesIO(form.essential(upload)))
        _refuse_above(max_pixels, image.size)
        orientation = _orientation(image) if form.may_be_turned(upload) else 1
        width, height = image.size
        if form.turns_itself:
            image.load()  # here, because its loading reads tags and may warn of them
    _ask_for_less(image)
    image.load()
    grey = to_grey(image, LONGEST_SIDE_PIXELS)
    transpose, rotation_degrees = _UPRIGHT.get(orientation, (None, 0))
    if transpose is not None and not form.turns_itself:
        grey = np.asarray(Image.fromarray(grey).transpose(transpose))
        if transpose >= Image.Transpose.TRANSPOSE or rotation_degrees in (90, 270):
            width, height = height, width
    return Picture(grey, width, height, rotation_degrees)


def _refuse_above(max_pixels: int, size: tuple[int, int]) -> None:
    if size[0] * size[1] > max_pixels:
        raise TooManyPixels(
            f"The image has {size[0]} × {size[1]} pixels, more than the {max_pixels:,} allowed."
        )
    if min(size) < 1:
        raise DamagedImage("The image has no pixels.")


def _orientation(image: ImageFile.ImageFile) -> int:
    """EXIF's orientation, 1 where there is none that can be read."""
    try:
        return int(image.getexif().get(ORIENTATION_TAG, 1))
    except Exception:  # noqa: BLE001 — a broken EXIF block may raise anything, and the picture is still good
        return 1


def _ask_for_less(image: ImageFile.ImageFile) -> None:
    """Have the JPEG decoder reduce a large picture while it decodes; other formats ignore it."""
    width, height = image.size
    ratio = max(width, height) / (LONGEST_SIDE_PIXELS / 1.5)
    if ratio > 1:
        image.draft("RGB", (int(width / ratio), int(height / ratio)))


@contextmanager
def _quiet() -> Iterator[None]:
    with _quiet_lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
