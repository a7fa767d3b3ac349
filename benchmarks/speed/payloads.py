"""What is posted: digits that the model knows, in every form that a contender takes."""

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.contract import GOLDEN

BOUNDARY = "0123456789abcdef"
FORM_TYPE = f"multipart/form-data; boundary={BOUNDARY}"
SURE = 0.9

Digits = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Payload:
    """Bodies in files, as the generators want them, and where they go.

    Attributes:
        path: of the address.
        headers: of each request.
        files: one body each.
    """

    path: str
    headers: Mapping[str, str]
    files: Sequence[Path]


@dataclass(frozen=True, slots=True)
class Known:
    """Digits whose reading is known.

    Attributes:
        images: uint8 [n, 28, 28].
        readings: what the model reads in each, 0–9.
    """

    images: Digits
    readings: Sequence[int] = field(repr=False)


def load_known(version: Path) -> Known:
    """The golden digits of a version folder that the model is sure of, however it rounds."""
    golden = np.load(version / GOLDEN)
    is_sure = golden["probabilities"].max(axis=1) > SURE
    readings = golden["probabilities"][is_sure].argmax(axis=1)
    return Known(golden["images"][is_sure], [int(each) for each in readings])


def to_png(image: Digits) -> bytes:
    """A picture as a PNG file."""
    return _encode(image, "PNG")


def to_jpeg(image: Digits) -> bytes:
    """A picture as a JPEG file, as a camera makes it: in colour."""
    return _encode(np.stack([image] * 3, axis=-1), "JPEG")


def enlarge(image: Digits, side: int) -> Digits:
    """A digit as a photo would hold it: dark on light, `side` pixels high and 4/3 as wide."""
    large = Image.fromarray(~image).resize((side // 2, side // 2), Image.Resampling.BICUBIC)
    paper = np.full((side, side * 4 // 3), 235, dtype=np.uint8)
    corner = side // 4
    paper[corner : corner + side // 2, corner : corner + side // 2] = np.minimum(
        np.asarray(large, dtype=np.uint8), 235
    )
    # A camera's noise, without which a JPEG would be smaller and sooner decoded than a photo.
    noise = np.random.default_rng(0).integers(-6, 7, paper.shape)
    noisy: Digits = np.clip(paper + noise, 0, 255).astype(np.uint8)
    return noisy


def to_form(field_name: str, *uploads: bytes) -> bytes:
    """Files in one field of a form (RFC 7578)."""
    parts = [
        f"--{BOUNDARY}\r\nContent-Disposition: form-data; "
        f'name="{field_name}"; filename="digit.png"\r\nContent-Type: image/png\r\n\r\n'.encode()
        + upload
        + b"\r\n"
        for upload in uploads
    ]
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def to_tensor(images: Digits) -> bytes:
    """Digits as the JSON of the Open Inference Protocol."""
    tensor = {
        "name": "images",
        "shape": list(images.shape),
        "datatype": "UINT8",
        "data": images.ravel().tolist(),
    }
    return json.dumps({"inputs": [tensor]}).encode()


def to_binary_tensor(images: Digits) -> tuple[bytes, int]:
    """The same, the numbers as bytes behind the JSON; and how long the JSON is."""
    tensor = {
        "name": "images",
        "shape": list(images.shape),
        "datatype": "UINT8",
        "parameters": {"binary_data_size": images.size},
    }
    head = json.dumps({"inputs": [tensor]}).encode()
    return head + images.tobytes(), len(head)


def write(folder: Path, name: str, bodies: Sequence[bytes]) -> list[Path]:
    """Put bodies into files."""
    paths = [folder / f"{name}-{place}.body" for place in range(len(bodies))]
    for path, body in zip(paths, bodies, strict=True):
        path.write_bytes(body)
    return paths


def _encode(image: Digits, form: str) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, form)
    return buffer.getvalue()
