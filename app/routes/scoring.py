"""What the protocols' routes share: take a body apart, have what is in it read."""

from collections.abc import Callable
from typing import TypeVar

import numpy as np
from fastapi import Request
from numpy.typing import NDArray

from app.classifier import Classifier
from app.protocols.subjects import Bounds, Subject
from app.routes.callers import unless_gone
from app.routes.uploads import parse_body, read_body
from app.settings import Settings

Question = TypeVar("Question")


def bound(settings: Settings) -> Bounds:
    """What one request may hold, by the limits of the other paths."""
    return Bounds(settings.max_tensor_rows, settings.max_batch_files, settings.max_upload_bytes)


async def understand(
    request: Request, classifier: Classifier, max_bytes: int, parse: Callable[[bytes], Question]
) -> Question:
    """Read the body and parse it, aside if that takes long.

    Raises:
        UploadError: it is too large, or `parse` refuses it.
        QueueFull: too much waits for being parsed or decoded.
    """
    body = await read_body(request, max_bytes)
    return await parse_body(body, classifier.run_aside, parse)


async def score(request: Request, classifier: Classifier, subject: Subject) -> NDArray[np.float32]:
    """Logits [n, 10] of what a request asks to be read.

    Raises:
        ServiceError: as the classifier's `score` and `score_many` say.
        ClientDisconnect: the caller has gone.
    """
    if isinstance(subject, list):
        return await unless_gone(request, classifier.score_many(subject))
    work = classifier.score(subject)
    # Under light load the answer is there before a caller can go, and watching costs time.
    return await (unless_gone(request, work) if classifier.is_backlogged else work)
