"""Every kind of large upload can be drawn, and is read."""

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from app.imaging import decode
from benchmarks.images import memory


@pytest.mark.parametrize("case", memory.KINDS, ids=lambda case: case[0])
def test_every_kind_is_drawn_as_it_is_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: tuple[str, str, str, dict[str, Any]]
) -> None:
    """With the mode that decides how much memory it takes."""
    title, mode, kind, options = case
    monkeypatch.setattr(memory, "SIDE", 400)
    path = tmp_path / "upload"
    memory.draw(path, mode, kind, options)

    with Image.open(path) as picture:
        assert (picture.format, picture.mode) == (kind, mode)
        assert bool(picture.info.get("progressive")) == ("progressive" in title)
    assert decode(path.read_bytes(), max_pixels=400 * 400).shape == (400, 400)
