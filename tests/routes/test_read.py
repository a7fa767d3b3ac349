"""POST /read: whole numbers; and what /predict says of them."""

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from app.schemas import NumberAnswer, PredictionAnswer, Problem
from tests.pictures import encode

pytestmark = pytest.mark.anyio

Grey = NDArray[np.uint8]


@pytest.fixture
def number(golden: dict[str, Grey]) -> Grey:
    """2, 0 and 7 in a row, dark on light, each at most 80 pixels."""
    page = np.full((200, 500), 250, np.uint8)
    for place, label in enumerate((2, 0, 7)):
        digit = golden["images"][golden["labels"] == label][0]
        ink = np.asarray(Image.fromarray(digit).resize((112, 112), Image.Resampling.BICUBIC))
        left = 60 + 130 * place
        page[40:152, left : left + 112] -= (ink * 0.9).astype(np.uint8)
    return page


async def test_a_number_is_read(client: httpx.AsyncClient, number: Grey) -> None:
    """Its text, and every digit with its box, as documented."""
    response = await client.post("/read", files={"file": encode(number)})
    answer = NumberAnswer.model_validate_json(response.content, strict=True)

    assert response.status_code == 200
    assert (answer.text, answer.accepted) == ("207", True)
    assert [digit.digit for digit in answer.digits] == [2, 0, 7]
    for place, digit in enumerate(answer.digits):
        x, y, w, h = digit.box
        assert 60 + 130 * place <= x <= x + w <= 60 + 130 * place + 112
        assert 40 <= y <= y + h <= 152
        assert max(w, h) == pytest.approx(80, abs=8)


async def test_a_large_number_has_its_boxes_in_its_own_pixels(
    client: httpx.AsyncClient, number: Grey
) -> None:
    """Though it was reduced before it was read."""
    large = np.asarray(Image.fromarray(number).resize((4000, 1600), Image.Resampling.BILINEAR))
    response = await client.post("/read", files={"file": encode(large, "JPEG")})
    answer = NumberAnswer.model_validate_json(response.content, strict=True)

    assert answer.text == "207"
    assert max(answer.digits[0].box[2:]) == pytest.approx(640, abs=64)


async def test_one_digit_is_a_number_too(client: httpx.AsyncClient, seven: bytes) -> None:
    """A genuine MNIST image."""
    answer = (await client.post("/read", files={"file": seven})).json()

    assert answer["text"] == "7"


async def test_a_page_without_ink_is_a_problem(client: httpx.AsyncClient) -> None:
    """As for `/predict`."""
    blank = encode(np.full((100, 300), 255, np.uint8))
    response = await client.post("/read", files={"file": blank})

    assert response.status_code == 422
    assert Problem.model_validate(response.json()).code == "blank_image"


async def test_predict_does_not_accept_several_digits(
    client: httpx.AsyncClient, number: Grey
) -> None:
    """The most conspicuous is read, with the reason why that may not be what was meant."""
    response = await client.post("/predict", files={"file": encode(number)})
    answer = PredictionAnswer.model_validate_json(response.content, strict=True)

    assert (answer.accepted, answer.reason) == (False, "several_digits")
    assert answer.warnings == ["several_digits"]
    assert answer.digit in {2, 0, 7}


@pytest.mark.parametrize(
    ("top", "contrast", "warning"), [(85, 1.0, "touches_border"), (0, 0.1, "low_contrast")]
)
async def test_predict_warns_of_what_is_hard_to_read(
    client: httpx.AsyncClient, number: Grey, top: int, contrast: float, warning: str
) -> None:
    """Ink that the page's edge cuts, and faint ink, are read nevertheless."""
    page = 250 - contrast * (250.0 - number[top:, 70:180])
    response = await client.post("/predict", files={"file": encode(page.astype(np.uint8))})
    answer = PredictionAnswer.model_validate_json(response.content, strict=True)

    assert answer.warnings == [warning]
