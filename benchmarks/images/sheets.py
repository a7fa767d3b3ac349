"""Contact sheets of what was answered wrongly: the upload, and what the model saw of it."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from app.errors import ServiceError
from app.imaging import decode_picture, normalise
from benchmarks.images.sample import Sample
from benchmarks.images.service import Answer
from benchmarks.images.table import Outcome

COLUMNS, ROWS = 8, 8
CELL_PIXELS, CAPTION_PIXELS, GAP_PIXELS = 120, 13, 6
MAX_PIXELS = 50_000_000
RED = (220, 0, 0)

Case = tuple[Sample, Answer]


def write_sheet(folder: Path, outcome: Outcome) -> Path | None:
    """Write up to 64 of a set's failures as a PNG; None if there are none."""
    failures = outcome.failures()
    if not failures:
        return None
    chosen = _spread(failures, COLUMNS * ROWS)
    width, height = 2 * CELL_PIXELS + GAP_PIXELS, CELL_PIXELS + CAPTION_PIXELS
    rows = -(-len(chosen) // COLUMNS)
    sheet = Image.new("RGB", (COLUMNS * width, rows * height), "white")
    for place, case in enumerate(chosen):
        left, top = place % COLUMNS * width, place // COLUMNS * height
        _paste(sheet, (left, top), *case)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{outcome.pictures.name}.png"
    sheet.save(path)
    return path


def write_gallery(folder: Path, outcomes: Sequence[Outcome]) -> Path:
    """Write one honest picture: of each set some that are read rightly, then some that are not.

    They are spread over the kinds, and none is chosen by hand.
    """
    width, height = 2 * CELL_PIXELS + GAP_PIXELS, CELL_PIXELS + CAPTION_PIXELS
    sheet = Image.new("RGB", (COLUMNS * width, len(outcomes) * height), "white")
    for row, outcome in enumerate(outcomes):
        wrong = _spread(outcome.failures(), COLUMNS // 2)
        right = _spread(outcome.successes(), COLUMNS - len(wrong))
        for column, (sample, answer) in enumerate(right + wrong):
            _paste(sheet, (column * width, row * height), sample, answer)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "gallery.png"
    sheet.save(path)
    return path


def _spread(cases: list[Case], most: int) -> list[Case]:
    """Some of them, evenly from the first to the last."""
    places = np.linspace(0, len(cases) - 1, min(len(cases), most)).astype(int)
    return [cases[place] for place in places]


def _paste(sheet: Image.Image, corner: tuple[int, int], sample: Sample, answer: Answer) -> None:
    """One failure: caption, upload with the ink's box, digit."""
    left, top = corner
    draw = ImageDraw.Draw(sheet)
    caption = f"{sample.text or 'blank'} > {_read(answer)} {sample.kind}"
    # Pillow's own font has no ×.
    draw.text((left, top), caption.replace("×", "x"), fill=(0, 0, 0))
    grey = decode_picture(sample.upload, max_pixels=MAX_PIXELS).grey
    upload = Image.fromarray(grey).convert("RGB")
    try:
        found = normalise(grey)
    except ServiceError:
        pass
    else:
        x, y, w, h = found.box
        line = max(1, max(upload.size) // CELL_PIXELS)
        ImageDraw.Draw(upload).rectangle((x, y, x + w, y + h), outline=RED, width=line)
        digit = Image.fromarray(found.digit).resize((CELL_PIXELS, CELL_PIXELS), 0)
        sheet.paste(digit, (left + CELL_PIXELS, top + CAPTION_PIXELS))
    ratio = CELL_PIXELS / max(upload.size)
    size = (max(1, int(upload.width * ratio)), max(1, int(upload.height * ratio)))
    sheet.paste(upload.resize(size), (left, top + CAPTION_PIXELS))


def _read(answer: Answer) -> str:
    body = answer.body
    for key in ("text", "digit", "code"):
        if key in body:
            doubt = "" if body.get("accepted", True) else f" {body.get('reason', 'unsure')}"
            return f"{body[key]}{doubt}"
    return str(answer.status)
