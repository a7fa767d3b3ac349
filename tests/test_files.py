"""One file of every kind that people send, each a 7, through the whole service."""

from pathlib import Path

import httpx
import numpy as np
import pytest

FILES = Path(__file__).parent / "files"

pytestmark = pytest.mark.anyio


async def test_every_file_is_a_seven(client: httpx.AsyncClient) -> None:
    """Depths, palettes, inks, transparency, compressions, turned cameras, the first of frames."""
    paths = sorted(FILES.iterdir())
    answer = await client.post(
        "/predict/batch", files=[("files", (path.name, path.read_bytes())) for path in paths]
    )
    read = dict(zip([path.name for path in paths], answer.json()["predictions"], strict=True))

    assert len(read) == 39
    assert {name: each for name, each in read.items() if each.get("digit") != 7} == {}
    assert {name: each for name, each in read.items() if not each["accepted"]} == {}


async def test_a_turned_camera_does_not_move_the_box(client: httpx.AsyncClient) -> None:
    """Boxes are in the upright picture's pixels, whatever EXIF says."""
    boxes = []
    for name in ("baseline.jpg", "orientation-3.jpg", "orientation-6.jpg", "orientation-8.jpg"):
        answer = await client.post("/read", files={"file": (FILES / name).read_bytes()})
        boxes.append(answer.json()["digits"][0]["box"])

    for box in boxes[1:]:
        assert box == pytest.approx(boxes[0], abs=2)


async def test_spoilt_files_are_read_or_refused(client: httpx.AsyncClient) -> None:
    """Bytes flipped anywhere: each is a digit or an error of the caller's, never one of ours."""
    rng = np.random.default_rng(7)
    uploads = []
    for path in sorted(FILES.iterdir()):
        for _ in range(6):
            spoilt = bytearray(path.read_bytes())
            for place in rng.integers(0, len(spoilt), rng.integers(1, 9)):
                spoilt[place] = rng.integers(256)
            uploads.append(("files", bytes(spoilt)))
    answer = await client.post("/predict/batch", files=uploads)
    statuses = {
        each.get("error", {"status": 200})["status"] for each in answer.json()["predictions"]
    }

    assert answer.status_code == 200
    assert statuses <= {200, 413, 422}
    assert {200, 422} <= statuses
