"""A picture becomes the digit that MNIST would have made of it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from app.errors import BlankImage
from app.imaging import frame, is_framed, normalise

Grey = NDArray[np.uint8]


def draw_seven(side: int, width: int, *, ink: int = 0, paper: int = 255) -> Grey:
    """A 7 of straight pen strokes, in the middle of a page."""
    image = Image.new("L", (side, side), paper)
    corners = [(0.32, 0.3), (0.66, 0.3), (0.46, 0.72)]
    ImageDraw.Draw(image).line([(x * side, y * side) for x, y in corners], ink, width, "curve")
    return np.asarray(image)


def overlap(one: Grey, other: Grey) -> float:
    """Cosine of the angle between two digits: 1 for the same, up to brightness."""
    a, b = one.astype(float).ravel(), other.astype(float).ravel()
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def test_real_digits_pass_through_unchanged(golden: dict[str, Grey]) -> None:
    """What is MNIST's already loses nothing, not one bit."""
    for image in golden["images"]:
        np.testing.assert_array_equal(normalise(image).digit, image)


def test_inverted_real_digits_come_back(golden: dict[str, Grey]) -> None:
    """Dark on light is the same digit."""
    for image in golden["images"]:
        found = normalise(255 - image)
        np.testing.assert_array_equal(found.digit, image)
        assert found.is_dark_on_light


@pytest.mark.parametrize("side", [60, 280, 1000])
@pytest.mark.parametrize(("ink", "paper"), [(0, 255), (255, 0), (90, 200), (210, 120)])
def test_size_and_polarity_do_not_matter(side: int, ink: int, paper: int) -> None:
    """The same drawing on any page comes to the same digit, framed as MNIST's."""
    reference = normalise(draw_seven(280, 14)).digit
    found = normalise(draw_seven(side, side // 20, ink=ink, paper=paper))

    assert is_framed(found.digit)
    assert overlap(found.digit, reference) > 0.9
    assert found.is_dark_on_light == (ink < paper)


def test_box_is_where_the_ink_is() -> None:
    """In the picture's own pixels, to a pen's width."""
    x, y, w, h = normalise(draw_seven(400, 16)).box

    assert abs(x - 128) <= 16
    assert abs(y - 120) <= 16
    assert abs(w - 136) <= 24
    assert abs(h - 168) <= 24


@pytest.mark.parametrize("edges", ["left", "right", "all"])
@pytest.mark.parametrize("is_light", [False, True])
def test_dark_edges_do_not_matter(edges: str, is_light: bool) -> None:  # noqa: FBT001 # a case
    """A frame, or the table beside the page, of a few pixels is no paper."""
    page = draw_seven(320, 16).copy()
    reference = normalise(page).digit
    page[:, :6] = 0 if edges != "right" else page[:, :6]
    page[:, -6:] = 0 if edges != "left" else page[:, -6:]
    if edges == "all":
        page[:6] = page[-6:] = 0
    found = normalise(255 - page if is_light else page)

    assert overlap(found.digit, reference) > 0.95
    assert found.is_dark_on_light is not is_light


def test_light_from_one_side_does_not_matter() -> None:
    """A gradient over the page is light, not ink."""
    page = draw_seven(280, 14).astype(float)
    lit = (page * np.linspace(0.5, 1.0, 280)).astype(np.uint8)

    assert overlap(normalise(lit).digit, normalise(draw_seven(280, 14)).digit) > 0.9


def test_specks_do_not_matter() -> None:
    """Dust is no part of the digit."""
    page = draw_seven(280, 14).copy()
    page[20:22, 30:32] = 0
    page[250:252, 200:202] = 0

    assert overlap(normalise(page).digit, normalise(draw_seven(280, 14)).digit) > 0.9


def test_sharp_shadow_does_not_matter() -> None:
    """A hand over half of the page is no ink."""
    page = draw_seven(280, 14).astype(float)
    page[:, 130:] *= 0.5

    assert (
        overlap(normalise(page.astype(np.uint8)).digit, normalise(draw_seven(280, 14)).digit) > 0.9
    )


@pytest.mark.parametrize("is_squared", [False, True])
def test_lines_on_the_paper_do_not_matter(*, is_squared: bool) -> None:
    """Ruled and squared paper, lines half as dark as the ink."""
    page = draw_seven(320, 16, ink=20, paper=230).copy()
    lines = np.zeros(page.shape, bool)
    lines[15::32] = lines[16::32] = True
    if is_squared:
        lines |= lines.T
    page[lines] = np.minimum(page[lines], 130)

    assert overlap(normalise(page).digit, normalise(draw_seven(320, 16)).digit) > 0.85


@pytest.mark.parametrize("width", [1, 3, 10, 30])
def test_strokes_come_to_the_width_of_mnist(width: int) -> None:
    """Hairlines are thickened, heavy strokes thinned: 5 to 40 % of the 20×20 box is ink."""
    digit = normalise(draw_seven(280, width)).digit

    assert 0.05 < np.count_nonzero(digit >= 128) / 400 < 0.4


def test_several_digits_are_told() -> None:
    """The most conspicuous one is taken, with a warning."""
    seven = draw_seven(280, 14)
    beside = normalise(np.hstack([seven, seven]))

    assert "several_digits" in beside.warnings
    assert "several_digits" not in normalise(seven).warnings


def test_faint_tiny_and_cut_ink_is_told() -> None:
    """What makes a digit hard to read."""
    faint = normalise(draw_seven(280, 14, ink=205, paper=230))
    tiny = normalise(draw_seven(24, 2))
    cut = normalise(draw_seven(280, 14)[84:])

    assert faint.warnings == ("low_contrast",)
    assert tiny.warnings == ("tiny",)
    assert cut.warnings == ("touches_border",)


def test_damaged_real_digits_are_left_alone(golden: dict[str, Grey]) -> None:
    """A 28×28 picture crossed out by a line is no worse for being normalised."""
    for image in golden["images"]:
        damaged = image.copy()
        damaged[:, 9] = 255
        damaged[24] = 255

        np.testing.assert_array_equal(normalise(damaged).digit, damaged)


def test_moved_real_digits_come_back(golden: dict[str, Grey]) -> None:
    """A digit in the wrong place of the frame is framed anew."""
    for image in golden["images"]:
        if image[:4].any() or image[:, :4].any():
            continue
        moved = np.roll(image, (-4, -4), axis=(0, 1))

        assert overlap(normalise(moved).digit, image) > 0.8


@pytest.mark.parametrize(
    "page",
    [
        np.full((100, 100), 255, np.uint8),
        np.zeros((28, 28), np.uint8),
        np.full((300, 200), 128, np.uint8),
        np.tile(np.linspace(80, 220, 256).astype(np.uint8), (256, 1)),
        np.full((1, 1), 7, np.uint8),
    ],
    ids=["white", "black", "grey", "gradient", "one-pixel"],
)
def test_pages_without_ink_are_blank(page: Grey) -> None:
    """No ink is an error that says so."""
    with pytest.raises(BlankImage):
        normalise(page)


def draw_line(left: int, right: int, *, thickness: int = 6) -> Grey:
    """A thick level line on a small page, as of ruled paper that was enlarged."""
    page = np.full((150, 200), 240, np.uint8)
    page[70 : 70 + thickness, left:right] = 60
    return page


@pytest.mark.parametrize(
    "page",
    [draw_line(0, 200, thickness=20), draw_line(30, 170), draw_line(90, 104, thickness=3)],
    ids=["through", "piece", "dash"],
)
def test_a_level_line_is_no_digit(page: Grey) -> None:
    """From edge to edge, a long piece of one, a short dash."""
    with pytest.raises(BlankImage):
        normalise(page)


def test_an_upright_line_and_digits_that_touch_are_ink() -> None:
    """The one is a 1; the others are wide, however many they are."""
    one = normalise(np.ascontiguousarray(draw_line(30, 170).T))
    row = np.hstack([draw_seven(280, 14)[60:220, 84:190]] * 8)
    row[40:50, 10:-10] = 0  # a stroke through all of them
    touching = normalise(np.pad(row, 40, constant_values=255))

    assert one.box[3] > 9 * one.box[2]
    assert touching.box[2] > 4 * touching.box[3]


@given(page=hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, max_side=40)))
@settings(max_examples=200, deadline=None)
def test_any_picture_is_a_digit_or_blank(page: Grey) -> None:
    """Whatever the pixels: a digit of the right form, or no ink."""
    try:
        found = normalise(page)
    except BlankImage:
        return

    assert (found.digit.shape, found.digit.dtype) == ((28, 28), np.uint8)
    assert found.digit.max() > 0


@given(
    ink=hnp.arrays(
        np.uint8,
        hnp.array_shapes(min_dims=2, max_dims=2, max_side=60),
        elements=st.sampled_from([0, 0, 0, 40, 255]),
    )
)
@settings(max_examples=200, deadline=None)
def test_framed_ink_is_centred_and_at_most_twenty(ink: Grey) -> None:
    """Tight box, 20 pixels, centre of mass in the middle unless that would cut it."""
    if not ink.any():
        with pytest.raises(BlankImage):
            frame(ink)
        return
    framed = frame(ink)
    rows, columns = np.nonzero(framed)

    assert framed.shape == (28, 28)
    assert max(np.ptp(rows), np.ptp(columns)) < 20
    assert framed.max() == 255


def test_stripes_that_are_inverted_are_left_alone(golden: dict[str, Grey]) -> None:
    """Neither black nor white is the paper, so that nothing can be told from it."""
    for image in golden["images"]:
        striped = image.copy()
        striped[:, :7] = 255 - striped[:, :7]
        striped[:, 21:] = 255 - striped[:, 21:]

        np.testing.assert_array_equal(normalise(striped).digit, striped)


def test_speckled_real_digits_are_not_blank(golden: dict[str, Grey]) -> None:
    """Salt and pepper over a digit hides its strokes from the search, not from the model."""
    rng = np.random.default_rng(0)
    for image in golden["images"]:
        is_hit = rng.random(image.shape) < 0.17
        speckled = np.where(is_hit, rng.choice(np.array([0, 255], np.uint8), image.shape), image)

        assert normalise(speckled).digit.any()


def test_hairlines_between_wide_strokes_stay() -> None:
    """As in a Didot: the thin half of a 0 is part of it."""
    image = Image.new("L", (200, 240), 255)
    draw = ImageDraw.Draw(image)
    draw.ellipse((50, 40, 150, 200), outline=0, width=1)
    draw.line((52, 90, 52, 150), 0, 14)
    digit = normalise(np.asarray(image)).digit

    assert digit[10:18].max(axis=0)[20:].max() > 100
    assert np.ptp(np.flatnonzero(digit.any(axis=1))) >= 18


def test_a_stroke_that_fills_its_picture_is_ink() -> None:
    """A fat 1 of eight pixels, enlarged, is as smooth as light, and far blacker than a shadow."""
    fat = np.full((8, 8), 255, np.uint8)
    fat[:, 3:6] = 0
    enlarged = Image.fromarray(fat).resize((160, 160), Image.Resampling.BICUBIC)

    assert normalise(np.asarray(enlarged)).digit.any()


def test_noise_of_a_few_pixels_is_no_digit() -> None:
    """Specks of a 28×28 page are too small for anyone to read."""
    page = np.full((28, 28), 230, np.uint8)
    page[12:14, 10:13] = 40

    with pytest.raises(BlankImage):
        normalise(page)


@pytest.mark.parametrize(
    "shape", [(1, 1), (1, 2), (1, 100), (100, 1), (2, 1280), (1280, 2), (3, 3)]
)
@pytest.mark.parametrize("seed", range(4))
def test_thin_picture_is_read_or_refused(shape: tuple[int, int], seed: int) -> None:
    """However few pixels a side has, nothing else comes of it than a digit or our own error."""
    ink = np.random.default_rng(seed).random(shape) < 0.2
    picture = np.where(ink, 0, 255).astype(np.uint8)
    try:
        digit = normalise(picture).digit
    except BlankImage:
        return

    assert digit.shape == (28, 28)
