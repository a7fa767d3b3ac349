"""More callers than there is room for: refused at once, and served when they come back as told."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.fleet import fleet
from tests.faults.load import Answer, Connection, Golden

pytestmark = pytest.mark.anyio

PATIENCE_SECONDS = 120


async def insist(port: int, upload: bytes, refusals: list[Answer]) -> Answer:
    """Ask until answered, coming back when the refusal says."""
    connection = Connection(port)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        answer = await connection.post("/predict", upload)
        if answer.status != 503:
            connection.close()
            return answer
        refusals.append(answer)
        await asyncio.sleep(float(answer.headers["retry-after"]))
    raise TimeoutError


async def test_refused_requests_succeed_when_they_come_back(
    tmp_path: Path,
    golden_uploads: Golden,
    scaled: Callable[[int, int], int],
    tell: Callable[[str], None],
) -> None:
    """With room for two requests, everyone is answered in the end, and nobody waits in vain."""
    callers = scaled(200, 20)
    refusals: list[Answer] = []
    async with fleet(tmp_path, 1, MAX_REQUESTS="2", LOG_LEVEL="WARNING") as (replica,):
        uploads = [golden_uploads.uploads[n % len(golden_uploads.uploads)] for n in range(callers)]
        answers = await asyncio.gather(
            *(insist(replica.port, upload, refusals) for upload in uploads)
        )
    tell(f"{callers} callers, {len(refusals)} refusals, all answered in the end")

    assert [answer.status for answer in answers] == [200] * callers
    assert refusals
    assert all(int(refusal.headers["retry-after"]) >= 1 for refusal in refusals)
    assert all(b'"overloaded"' in refusal.body for refusal in refusals)
