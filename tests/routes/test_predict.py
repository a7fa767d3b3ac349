"""POST /predict and /predict/batch: what is answered, and how each wrong request is told."""

import io
import struct
import zlib

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from app.schemas import BatchAnswer, ExplainedAnswer, PredictionAnswer, Problem
from app.settings import Settings
from tests.conftest import connect, ready
from tests.pictures import encode

pytestmark = pytest.mark.anyio


BLANK = encode(np.full((100, 100), 255, np.uint8))


def huge_png() -> bytes:
    """A small file that announces 10 billion pixels."""
    header = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 0, 0, 0, 0)
    chunk = b"IHDR" + header
    return (
        b"\x89PNG\r\n\x1a\n"
        + struct.pack(">I", len(header))
        + chunk
        + struct.pack(">I", zlib.crc32(chunk))
    )


def check_problem(response: httpx.Response, status: int, code: str) -> None:
    """The answer is a complete problem document."""
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    problem = Problem.model_validate(response.json())
    assert (problem.status, problem.code) == (status, code)
    assert problem.request_id == response.headers["x-request-id"]
    assert problem.title
    assert problem.detail


async def test_form_upload_is_read(client: httpx.AsyncClient, seven: bytes) -> None:
    """A real 7 in the field `file` is a 7, and the answer is as documented."""
    response = await client.post("/predict", files={"file": ("seven.png", seven)})
    answer = PredictionAnswer.model_validate(response.json(), strict=True)

    assert response.status_code == 200
    assert (answer.digit, answer.accepted, answer.reason) == (7, True, None)
    assert answer.confidence == max(answer.probabilities)
    assert sum(answer.probabilities) == pytest.approx(1, abs=1e-5)
    assert set(response.json()) == set(PredictionAnswer.model_fields)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF"])
async def test_every_format_is_read_as_a_body(
    client: httpx.AsyncClient, golden: dict[str, NDArray[np.uint8]], form: str
) -> None:
    """The image itself may be the body, in each format."""
    large = np.kron(golden["images"][golden["labels"] == 7][0], np.ones((10, 10), np.uint8))
    headers = {"content-type": f"image/{form.lower()}"}
    response = await client.post("/predict", content=encode(large, form), headers=headers)

    assert response.json()["digit"] == 7


async def test_form_and_body_answer_alike(client: httpx.AsyncClient, two: bytes) -> None:
    """It does not matter how the bytes came."""
    form = await client.post("/predict", files={"file": two})
    body = await client.post("/predict", content=two, headers={"content-type": "image/png"})

    assert form.json() == body.json()


async def test_what_the_model_saw_is_told_when_asked_for(
    client: httpx.AsyncClient, golden: dict[str, NDArray[np.uint8]]
) -> None:
    """A framed digit passes through bit for bit, and the rest of the answer stays as it was."""
    image = golden["images"][0]
    files = {"file": encode(image)}
    plain = (await client.post("/predict", files=files)).json()
    answer = (await client.post("/predict?include=image", files=files)).json()

    assert np.array_equal(answer.pop("image"), image)
    assert answer == plain


async def test_heatmap_says_which_ink_speaks_for_the_digit(
    client: httpx.AsyncClient, golden: dict[str, NDArray[np.uint8]]
) -> None:
    """Where there is no ink near there is no heat, and erasing ink makes the digit less likely."""
    image = golden["images"][golden["labels"] == 7][0]
    response = await client.post("/predict?include=image,heatmap", files={"file": encode(image)})
    answer = ExplainedAnswer.model_validate(response.json(), strict=True)
    heat = np.array(answer.heatmap)

    assert heat.shape == (28, 28)
    assert heat[0, 0] == 0
    assert heat.max() > 1
    assert heat[image > 0].sum() > 0


async def test_unknown_include_is_refused(client: httpx.AsyncClient, seven: bytes) -> None:
    """A misspelt wish is told, not passed over."""
    response = await client.post("/predict?include=images", files={"file": seven})

    check_problem(response, 422, "invalid_parameter")
    assert "images" in response.json()["detail"]


@pytest.mark.parametrize(
    ("path", "field", "stages"),
    [
        ("/predict", "file", {"decode", "normalise", "queue", "inference", "total"}),
        ("/predict/batch", "files", {"decode", "normalise", "queue", "inference", "total"}),
        (
            "/predict?include=heatmap",
            "file",
            {"decode", "normalise", "queue", "inference", "explain", "total"},
        ),
        ("/nowhere", "file", {"total"}),
    ],
)
async def test_every_answer_tells_its_times(
    client: httpx.AsyncClient, seven: bytes, path: str, field: str, stages: set[str]
) -> None:
    """`Server-Timing` names each stage once, and the stages of one image fit into the total."""
    large = encode(np.kron(np.asarray(Image.open(io.BytesIO(seven))), np.ones((4, 4), np.uint8)))
    response = await client.post(path, files={field: large})
    entries = [entry.split(";dur=") for entry in response.headers["server-timing"].split(", ")]
    times = {name: float(milliseconds) for name, milliseconds in entries}

    assert set(times) == stages
    assert len(entries) == len(stages)
    assert sum(times.values()) - times["total"] <= times["total"] + 0.01


FORM = {"content-type": "multipart/form-data; boundary=x"}


@pytest.mark.parametrize(
    ("content", "headers", "status", "code"),
    [
        (b"hello", {"content-type": "image/png"}, 422, "not_an_image"),
        (BLANK[:60], {"content-type": "image/png"}, 422, "damaged_image"),
        (b"", {"content-type": "image/png"}, 400, "empty_upload"),
        (b"", FORM, 400, "empty_upload"),
        (b"{}", {"content-type": "application/json"}, 415, "unsupported_media_type"),
        (b"x", {}, 415, "unsupported_media_type"),
        (BLANK, {"content-type": "image/png"}, 422, "blank_image"),
        (huge_png(), {"content-type": "image/png"}, 413, "too_many_pixels"),
        (b"x", {"content-type": "multipart/form-data"}, 400, "malformed_body"),
        (b"no form at all", FORM, 400, "malformed_body"),
        (b"--x\r\nContent-Disposition: form-data", FORM, 400, "malformed_body"),
        (b"--x\r\n\r\nno name\r\n--x--\r\n", FORM, 422, "missing_file"),
    ],
)
async def test_bad_input_has_its_own_status_and_code(
    client: httpx.AsyncClient, content: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    """Each way to be wrong is told apart."""
    response = await client.post("/predict", content=content, headers=headers)

    check_problem(response, status, code)


async def test_wrong_field_name_is_told(client: httpx.AsyncClient, seven: bytes) -> None:
    """A form without the field names the field."""
    response = await client.post("/predict", files={"image": seven})

    check_problem(response, 422, "missing_file")
    assert "`file`" in response.json()["detail"]


async def test_empty_file_is_told(client: httpx.AsyncClient) -> None:
    """A field with a file of no bytes is an empty upload."""
    response = await client.post("/predict", files={"file": ("a.png", b"")})

    check_problem(response, 400, "empty_upload")


async def test_two_files_for_one_are_refused(client: httpx.AsyncClient, seven: bytes) -> None:
    """/predict reads one image."""
    response = await client.post("/predict", files=[("file", seven), ("file", seven)])

    check_problem(response, 413, "too_many_files")


async def test_batch_keeps_order_and_bad_images_apart(
    client: httpx.AsyncClient, seven: bytes, two: bytes
) -> None:
    """One bad image yields an error in its place, the others their predictions."""
    uploads = [seven, b"no image", two, BLANK, seven]
    files = [("files", (f"{place}.png", upload)) for place, upload in enumerate(uploads)]
    response = await client.post("/predict/batch", files=files)
    items = response.json()["predictions"]
    BatchAnswer.model_validate(response.json())

    assert response.status_code == 200
    assert [item.get("digit") for item in items] == [7, None, 2, None, 7]
    assert items[1]["error"]["code"] == "not_an_image"
    assert items[3]["error"]["code"] == "blank_image"


@pytest.mark.parametrize("count", [1, 2])
async def test_empty_files_of_a_batch_are_errors_in_their_places(
    client: httpx.AsyncClient, count: int
) -> None:
    """Be there others or not."""
    response = await client.post("/predict/batch", files=[("files", ("a.png", b""))] * count)

    codes = [each["error"]["code"] for each in response.json()["predictions"]]
    assert (response.status_code, codes) == (200, ["empty_upload"] * count)


async def test_file_of_a_batch_is_no_larger_than_a_single_one(
    settings: Settings, seven: bytes
) -> None:
    """It is told in its place; the others are read."""
    bounded = settings.model_copy(update={"max_upload_bytes": len(seven)})
    async with ready(bounded) as app, connect(app) as client:
        files = [("files", ("a.png", upload)) for upload in (seven + b"0", seven)]
        response = await client.post("/predict/batch", files=files)

    large, fitting = response.json()["predictions"]
    assert large["error"]["code"] == "upload_too_large"
    assert fitting["digit"] == 7


async def test_batch_answers_as_single_requests_do(
    client: httpx.AsyncClient, golden: dict[str, NDArray[np.uint8]]
) -> None:
    """A digit's batch-mates do not change its answer."""
    uploads = [encode(image) for image in golden["images"]]
    single = [await client.post("/predict", files={"file": upload}) for upload in uploads]
    batch = await client.post("/predict/batch", files=[("files", upload) for upload in uploads])

    for one, item in zip(single, batch.json()["predictions"], strict=True):
        assert item["digit"] == one.json()["digit"]
        assert item["probabilities"] == pytest.approx(one.json()["probabilities"], abs=1e-4)


async def test_batch_wants_a_form(client: httpx.AsyncClient, seven: bytes) -> None:
    """Many images come as a form."""
    response = await client.post(
        "/predict/batch", content=seven, headers={"content-type": "image/png"}
    )

    check_problem(response, 415, "unsupported_media_type")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not_found"),
        ("GET", "/predict", 405, "method_not_allowed"),
        ("POST", "/health", 405, "method_not_allowed"),
    ],
)
async def test_framework_refusals_are_problems_too(
    client: httpx.AsyncClient, method: str, path: str, status: int, code: str
) -> None:
    """No path leaks the framework's own form of an error."""
    response = await client.request(method, path)

    check_problem(response, status, code)


async def test_unexpected_error_says_nothing_of_itself(
    client: httpx.AsyncClient, seven: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What nobody foresaw is a 500 without a trace of what it was."""

    async def explode(*_: object, **__: object) -> bytes:
        raise RuntimeError("secret path /etc/secret")

    monkeypatch.setattr("app.routes.predict.read_upload", explode)
    response = await client.post("/predict", files={"file": seven})

    check_problem(response, 500, "internal_error")
    assert "secret" not in response.text


async def test_request_id_is_kept_or_made(client: httpx.AsyncClient) -> None:
    """A caller's id comes back; one that could forge a log line does not."""
    kept = await client.get("/health", headers={"x-request-id": "trace-1"})
    forged = await client.get("/health", headers={"x-request-id": 'a"b'})

    assert kept.headers["x-request-id"] == "trace-1"
    assert forged.headers["x-request-id"] != 'a"b'


class TestSmallLimits:
    """With limits that a small upload reaches."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        """Limits of a few hundred."""
        return settings.model_copy(
            update={"max_upload_bytes": 500, "max_batch_files": 2, "max_pixels": 1000}
        )

    async def test_too_many_bytes_are_not_read_whole(self, client: httpx.AsyncClient) -> None:
        """An endless body is refused once it is over the limit."""
        sent = 0

        async def endless() -> object:
            nonlocal sent
            for _ in range(100):
                sent += 1
                yield b"\0" * 100

        headers = {"content-type": "image/png"}
        response = await client.post("/predict", content=endless(), headers=headers)  # type: ignore[arg-type]

        check_problem(response, 413, "upload_too_large")

    async def test_announced_length_is_believed(self, client: httpx.AsyncClient) -> None:
        """A body that says it is too large is refused unread."""
        response = await client.post(
            "/predict", content=b"\0" * 501, headers={"content-type": "image/png"}
        )

        check_problem(response, 413, "upload_too_large")

    async def test_file_in_a_form_has_the_same_limit(self, client: httpx.AsyncClient) -> None:
        """The room for the form is no room for the file."""
        response = await client.post("/predict", files={"file": b"\0" * 600})

        check_problem(response, 413, "upload_too_large")

    async def test_too_many_pixels(self, client: httpx.AsyncClient) -> None:
        """The limit holds for honest pictures too."""
        response = await client.post("/predict", files={"file": BLANK})

        check_problem(response, 413, "too_many_pixels")

    async def test_too_many_files(self, client: httpx.AsyncClient, seven: bytes) -> None:
        """A batch has its limit."""
        response = await client.post("/predict/batch", files=[("files", seven)] * 3)

        check_problem(response, 413, "too_many_files")
