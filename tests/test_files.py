"""One file of every kind that people send, each a 7, through the whole service."""

from pathlib import Path

import httpx
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
