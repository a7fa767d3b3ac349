"""Any bytes: a grey picture, or one of our errors, and nothing else."""

import io
import struct
import threading
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngImageFile

from app.errors import DamagedImage, EmptyUpload, ImageError, NotAnImage, TooManyPixels
from app.imaging import decode, is_small
from app.imaging.formats import recognise

MAX_PIXELS = 1_000_000
PATIENCE_SECONDS = 20
FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF")


def save(image: Image.Image, form: str = "PNG", **options: object) -> bytes:
    """A picture as the bytes of a file."""
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def make_picture(mode: str = "L") -> Image.Image:
    """40 wide, 30 high; dark, but for a light top left quarter."""
    image = Image.new("L", (40, 30), 50)
    image.paste(200, (0, 0, 20, 15))
    return image.convert(mode)


def read(upload: bytes) -> np.ndarray:
    """Decode with the limit of these tests."""
    return decode(upload, max_pixels=MAX_PIXELS)


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_is_read(form: str) -> None:
    """The picture comes back, to the loss of the format."""
    grey = read(save(make_picture(), form))

    assert (grey.shape, grey.dtype) == ((30, 40), np.uint8)
    assert abs(int(grey[5, 5]) - 200) < 8
    assert abs(int(grey[25, 35]) - 50) < 8


@pytest.mark.parametrize(
    ("mode", "form"),
    [
        ("1", "PNG"),
        ("P", "PNG"),
        ("LA", "PNG"),
        ("RGBA", "PNG"),
        ("I;16", "PNG"),
        ("CMYK", "JPEG"),
        ("CMYK", "TIFF"),
        ("F", "TIFF"),
        ("I;16", "TIFF"),
        ("P", "GIF"),
    ],
)
def test_every_mode_is_read(mode: str, form: str) -> None:
    """Bits, palettes, transparency, 16 bits and printers' inks keep light and dark apart."""
    if mode == "I;16":
        wide = np.asarray(make_picture()).astype(np.uint16) * 257
        image = Image.fromarray(wide)
    elif mode == "1":
        image = make_picture().point(lambda value: 255 * (value > 127), "1")
    else:
        image = make_picture(mode)
    grey = read(save(image, form))

    assert int(grey[5, 5]) > int(grey[25, 35]) + 100


def test_progressive_jpeg_is_read() -> None:
    """As cameras and sites write them."""
    grey = read(save(make_picture(), "JPEG", progressive=True))

    assert int(grey[5, 5]) > int(grey[25, 35]) + 100


def test_first_frame_of_an_animation_is_read() -> None:
    """What moves is read as it starts."""
    second = Image.new("L", (40, 30), 0)
    grey = read(save(make_picture(), "GIF", save_all=True, append_images=[second]))

    assert int(grey[5, 5]) > 150


def test_transparency_lies_on_white() -> None:
    """A drawing on a transparent canvas is a drawing on paper."""
    image = Image.new("RGBA", (10, 10), (0, 0, 0, 0))
    image.putpixel((3, 4), (0, 0, 0, 255))
    grey = read(save(image))

    assert grey[4, 3] == 0
    assert np.count_nonzero(grey == 255) == 99


UPRIGHT: dict[int, Callable[[np.ndarray], np.ndarray]] = {
    1: lambda stored: stored,
    2: np.fliplr,
    3: lambda stored: np.rot90(stored, 2),
    4: np.flipud,
    5: np.transpose,
    6: lambda stored: np.rot90(stored, -1),
    7: lambda stored: np.rot90(stored, 2).T,
    8: np.rot90,
}


@pytest.mark.parametrize("orientation", UPRIGHT)
@pytest.mark.parametrize("form", ["PNG", "TIFF"])
def test_orientation_is_applied(orientation: int, form: str) -> None:
    """A phone held sideways tells so in EXIF (2.32, section 4.6.4)."""
    stored = np.arange(30 * 40, dtype=np.uint32).reshape(30, 40) % 251
    image = Image.fromarray(stored.astype(np.uint8))
    exif = Image.Exif()
    exif[0x0112] = orientation
    grey = read(save(image, form, exif=exif))

    np.testing.assert_array_equal(grey, UPRIGHT[orientation](stored))


def test_large_picture_is_reduced() -> None:
    """Ink is looked for on at most 1280 pixels a side."""
    grey = decode(save(Image.new("L", (4000, 3000), 255), "JPEG"), max_pixels=12_000_000)

    assert max(grey.shape) <= 1280


def chunk(kind: bytes, content: bytes) -> bytes:
    """A chunk of a PNG."""
    checked = kind + content
    return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))


def announce(width: int, height: int) -> bytes:
    """The beginning of a PNG that announces a size."""
    size = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size)


@pytest.mark.parametrize("size", [(1001, 1000), (100_000, 100_000), (2**31 - 1, 2**31 - 1)])
def test_pixels_are_counted_before_decoding(size: tuple[int, int]) -> None:
    """The header alone is enough to refuse."""
    with pytest.raises(TooManyPixels):
        read(announce(*size))


@pytest.mark.parametrize("form", FORMATS)
def test_honest_picture_over_the_limit_is_refused(form: str) -> None:
    """In every format."""
    with pytest.raises(TooManyPixels):
        decode(save(make_picture(), form), max_pixels=1199)


def test_text_that_swells_is_not_unpacked() -> None:
    """A PNG may hide gigabytes in compressed text; it is read without."""
    upload = save(make_picture())
    text = b"zTXtComment\0\0" + zlib.compress(b"\0" * 50_000_000)
    chunk = struct.pack(">I", len(text) - 4) + text + struct.pack(">I", zlib.crc32(text))
    bomb = upload[:33] + chunk + upload[33:]

    np.testing.assert_array_equal(read(bomb), read(upload))


def test_no_bytes_are_told_apart() -> None:
    """Nothing is not a damaged something."""
    with pytest.raises(EmptyUpload):
        read(b"")


@pytest.mark.parametrize("upload", [b"hello", b"%PDF-1.7", b"<svg/>", b"RIFF\0\0\0\0WAVE"])
def test_other_files_are_no_images(upload: bytes) -> None:
    """Formats that are not meant are not tried."""
    with pytest.raises(NotAnImage):
        read(upload)


@pytest.mark.parametrize("form", FORMATS)
def test_truncated_at_every_length(form: str) -> None:
    """However much is missing: a picture or a clean error."""
    upload = save(make_picture().resize((12, 9)), form)
    errors = 0
    for length in range(1, len(upload)):
        try:
            read(upload[:length])
        except ImageError:
            errors += 1

    assert errors > len(upload) // 4


def test_cut_pixels_are_damage() -> None:
    """Half of a picture's data is a damaged image."""
    upload = save(Image.effect_noise((60, 60), 80))

    with pytest.raises(DamagedImage):
        read(upload[: len(upload) // 2])


UPLOADS = [save(make_picture(), form) for form in FORMATS]


@given(
    upload=st.sampled_from(UPLOADS),
    changes=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=8),
)
@settings(max_examples=400, deadline=None)
def test_any_mutation_is_a_picture_or_a_clean_error(
    upload: bytes, changes: list[tuple[float, int]]
) -> None:
    """Flipped bytes raise nothing but our errors, and warn of nothing."""
    mutated = bytearray(upload)
    for place, value in changes:
        mutated[int(place * len(mutated))] = value
    try:
        grey = read(bytes(mutated))
    except ImageError:
        return

    assert grey.dtype == np.uint8
    assert grey.ndim == 2


@given(upload=st.binary(max_size=400))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_a_picture_or_a_clean_error(upload: bytes) -> None:
    """Bytes of no format at all."""
    with pytest.raises((ImageError, EmptyUpload)):
        read(upload)


def test_only_a_little_png_is_small() -> None:
    """What is decoded at once takes microseconds, whatever its first bytes say."""
    small = save(make_picture().resize((28, 28)))
    exif = Image.Exif()
    exif[0x0112] = 3
    size = struct.pack(">II", 28, 28)
    hidden = small[:8] + chunk(b"tEXt", size + b"x") + small[8:]

    assert is_small(small)
    assert not is_small(save(make_picture()))
    assert not is_small(announce(100_000, 100_000))
    assert not is_small(save(make_picture().resize((28, 28)), "JPEG"))
    assert not is_small(b"\x89PNG\r\n\x1a\n")
    assert not is_small(save(make_picture().resize((28, 28)), exif=exif))
    assert not is_small(hidden)
    assert not is_small(small[:-12] + chunk(b"IDAT", b"") * 3000 + small[-12:])


@pytest.mark.parametrize("segment", [b"\xff\xe3\x00\x02", b"\xff\xda\x00\x02"])
def test_jpeg_of_countless_segments_is_refused(segment: bytes) -> None:
    """Pillow would keep a note of each, or go over the picture for each."""
    picture = save(make_picture(), "JPEG")

    with pytest.raises(DamagedImage, match="too many segments"):
        read(picture[:2] + segment * 3000 + picture[2:])


@pytest.mark.parametrize("padding", [b"", b"\xff", b"\xff" * 9])
@pytest.mark.parametrize("coded", [0, 1, 4094, 4095, 4096, 4097, 20_000, 2_000_000])
def test_scans_of_a_jpeg_are_found_behind_what_is_coded(coded: int, padding: bytes) -> None:
    """Wherever one begins, and whatever looks like a marker and is none."""
    picture = save(make_picture(), "JPEG")
    scan = b"\xff\xda\x00\x02"
    pixels = (b"\xff\x00\xff\xd7\xff" + bytes(997)) * (coded // 1000 + 1)
    many = (scan + pixels[:coded] + padding) * 101

    with pytest.raises(DamagedImage, match="too many segments"):
        read(picture[:-2] + many + picture[-2:])


@pytest.mark.parametrize("end", [b"", b"\xff", b"\xff\xff", b"\xff\xe1", b"\xff\xe1\x00"])
def test_jpeg_may_end_anywhere(end: bytes) -> None:
    """In a marker too: whether enough of it is there is for the decoder to say."""
    cut = save(make_picture(), "JPEG")[:-2] + end

    assert recognise(cut).essential(cut) == cut


def test_what_follows_a_jpeg_is_no_part_of_it() -> None:
    """Phones put a film behind a photo, in which any bytes can occur."""
    picture = save(make_picture(), "JPEG")
    film = b"\xff\xda\xff\xe3" * 3000

    np.testing.assert_array_equal(read(picture + film), read(picture))


def test_png_is_decoded_while_others_are_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is opened one at a time is the header: a large PNG must not hold up the small ones."""
    load = PngImageFile.load
    held_up: list[bool] = []

    def load_beside_another(image: PngImageFile) -> object:
        small = save(Image.new("L", (5, 5)), "BMP")
        other = threading.Thread(target=read, args=(small,), daemon=True)
        other.start()
        other.join(PATIENCE_SECONDS)
        held_up.append(other.is_alive())
        return load(image)

    monkeypatch.setattr(PngImageFile, "load", load_beside_another)
    exif = Image.Exif()  # of which Pillow may warn
    exif[0x0112] = 3
    read(save(make_picture(), exif=exif))

    assert held_up
    assert not any(held_up)
