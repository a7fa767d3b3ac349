"""All that callers do, for a long time: what the process holds does not grow."""

import asyncio
import io
import os
import re
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.faults.fleet import fleet
from tests.faults.load import Answer, Connection, Golden, callers

pytestmark = pytest.mark.anyio

MAX_GROWTH = 0.02


def measure(pid: int) -> tuple[int, int, int]:
    """Memory of its own in kibibytes, descriptors and threads of a process."""
    status = Path(f"/proc/{pid}/status").read_text()
    memory, threads = re.search(r"RssAnon:\s+(\d+)", status), re.search(r"Threads:\s+(\d+)", status)
    assert memory is not None
    assert threads is not None
    return int(memory[1]), len(os.listdir(f"/proc/{pid}/fd")), int(threads[1])  # noqa: PTH208 # names only


def make_photograph() -> bytes:
    """A digit on a megapixel, as a JPEG, which goes through the threads."""
    grey = np.full((1000, 1000), 230, np.uint8)
    grey[200:800, 450:550] = 20
    buffer = io.BytesIO()
    Image.fromarray(grey).save(buffer, "JPEG")
    return buffer.getvalue()


async def misbehave(port: int, is_over: asyncio.Event) -> None:
    """Photographs, rubbish, and callers who hang up, by turns."""
    photograph = make_photograph()
    answers: list[Answer] = []
    while not is_over.is_set():
        for body in (photograph, b"rubbish", photograph[: len(photograph) // 2], b""):
            connection = Connection(port)
            answers.append(await connection.post("/predict", body))
            connection.close()
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /predict HTTP/1.1\r\nHost: test\r\nContent-Length: 100\r\n\r\nx")
        await writer.drain()
        writer.close()
        await asyncio.sleep(0.05)
    assert {answer.status for answer in answers} <= {200, 400, 422}


async def test_nothing_grows(
    tmp_path: Path,
    golden_uploads: Golden,
    scaled: Callable[[int, int], int],
    tell: Callable[[str], None],
) -> None:
    """Half an hour of mixed load: under 2 % more memory in the second half than in the first."""
    seconds = scaled(1800, 30)
    samples = []
    is_over = asyncio.Event()
    async with (
        fleet(tmp_path, 1, LOG_LEVEL="WARNING") as (replica,),
        callers(8, lambda: replica.port, golden_uploads) as tally,
    ):
        misbehaving = asyncio.create_task(misbehave(replica.port, is_over))
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            await asyncio.sleep(min(1.0, seconds / 100))
            samples.append(measure(replica.pid))
        is_over.set()
        await misbehaving
    history = np.array(samples[len(samples) // 4 :])  # the first quarter warms up
    first, second = np.array_split(history, 2)
    growth = np.median(second[:, 0]) / np.median(first[:, 0]) - 1
    tell(
        f"{seconds} s, {tally}; memory {np.median(second[:, 0]) / 1024:.0f} MiB, {growth:+.2%}; "
        f"descriptors at most {second[:, 1].max()}, threads at most {second[:, 2].max()}"
    )

    assert set(tally.outcomes) == {"right"}
    assert growth < MAX_GROWTH
    assert second[:, 1].max() <= first[:, 1].max() + 4
    assert second[:, 2].max() <= first[:, 2].max()
