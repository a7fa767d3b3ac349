"""POST /predict?explain=true: what was seen of a picture, and what decided."""

import io
from base64 import b64decode
from pathlib import Path

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from app.schemas import ExplainedAnswer, Explanation, Problem
from tests.pictures import encode

pytestmark = pytest.mark.anyio

FILES = Path(__file__).parent.parent / "files"


def draw_seven(width: int) -> NDArray[np.uint8]:
    """A dark 7 on a light page of 400 × 300."""
    image = Image.new("L", (400, 300), 240)
    corners = [(150, 80), (250, 80), (190, 230)]
    ImageDraw.Draw(image).line(corners, 20, width, "curve")
    return np.asarray(image)


async def explain(client: httpx.AsyncClient, upload: bytes) -> Explanation:
    """The explanation, as documented."""
    response = await client.post("/predict?explain=true", files={"file": upload})
    explanation = ExplainedAnswer.model_validate_json(response.content, strict=True).explanation
    assert explanation is not None
    return explanation


def open_url(url: str) -> Image.Image:
    """The picture of a data URL."""
    kind, data = url.split(",")
    assert kind == "data:image/png;base64"
    return Image.open(io.BytesIO(b64decode(data)))


async def test_it_tells_where_the_ink_is(client: httpx.AsyncClient) -> None:
    """Its box, polarity, width and share, in the picture's own pixels."""
    found = await explain(client, encode(draw_seven(18)))

    assert found.box == pytest.approx((141, 71, 118, 168), abs=10)
    assert (found.polarity, found.rotation_degrees, found.warnings) == ("dark_on_light", 0, [])
    assert found.stroke_width_pixels == pytest.approx(18, rel=0.25)
    assert 0.1 < found.ink_fraction < 0.4


async def test_a_large_picture_is_told_of_in_its_own_pixels(client: httpx.AsyncClient) -> None:
    """Though it is reduced at once."""
    large = Image.fromarray(255 - draw_seven(18)).resize((4000, 3000), Image.Resampling.BOX)
    found = await explain(client, encode(np.asarray(large), "JPEG"))

    assert found.box == pytest.approx((1410, 710, 1180, 1680), abs=100)
    assert found.polarity == "light_on_dark"
    assert found.stroke_width_pixels == pytest.approx(180, rel=0.25)


async def test_a_turned_picture_is_told(client: httpx.AsyncClient) -> None:
    """By how much EXIF had it turned."""
    found = await explain(client, (FILES / "orientation-6.jpg").read_bytes())

    assert found.rotation_degrees == 90


async def test_the_pictures_are_what_the_model_saw(
    client: httpx.AsyncClient, golden: dict[str, NDArray[np.uint8]]
) -> None:
    """A genuine digit comes back bit for bit, and coloured where its ink decided."""
    digit = golden["images"][0]
    found = await explain(client, encode(digit))
    with open_url(found.heatmap) as heatmap:
        colours = np.asarray(heatmap).astype(int)

    with open_url(found.image) as image:
        np.testing.assert_array_equal(np.asarray(image), digit)
    assert colours.shape == (224, 224, 3)
    assert np.ptp(colours, axis=2).max() > 100


async def test_only_yes_and_no_are_understood(client: httpx.AsyncClient, seven: bytes) -> None:
    """And no is what a plain request gets."""
    vague = await client.post("/predict?explain=perhaps", files={"file": seven})
    no = await client.post("/predict?explain=false", files={"file": seven})

    assert vague.status_code == 422
    assert Problem.model_validate(vague.json()).code == "invalid_parameter"
    assert "explanation" not in no.json()
