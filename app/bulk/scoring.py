"""An actor with an engine of its own, which reads, scores and writes one part after the other."""

import asyncio
import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.bulk.places import Place
from app.bulk.planning import Part
from app.bulk.reading import Image, read_part
from app.bulk.results import make_row, write_part
from app.classifier import Classifier
from app.offline import open_classifier

Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Job:
    """What every actor is told.

    Attributes:
        source: where the paths of the parts are.
        destination: where their rows go.
        models_dir: holds `alexnet/<version>/`, on every machine.
        version: which all of them read with.
        max_bytes: of one image.
    """

    source: Place
    destination: Place
    models_dir: Path
    version: str
    max_bytes: int


class Scorer:
    """Made once an actor; called with one part at a time."""

    def __init__(self, job: Job) -> None:
        """Load the model.

        Raises:
            NoModel: it is not on this machine.
        """
        self._job = job
        self._runner = asyncio.Runner()
        # Of one core, which is what an actor asks the cluster for.
        opened = open_classifier(
            models_dir=job.models_dir,
            model_versions=job.version,
            engine="auto",  # the environment's may be Ray
            engine_threads=1,
            decode_threads=1,
        )
        self._stack = contextlib.AsyncExitStack()
        self._classifier: Classifier = self._runner.run(self._stack.enter_async_context(opened))

    def __call__(self, item: dict[str, Any]) -> dict[str, Any]:
        """Score one part, the fields of a `Part`; gives how many images and how many errors."""
        part = Part(**{**item, "paths": tuple(item["paths"])})
        rows = self._runner.run(self._score(part))
        write_part(self._job.destination, part.name, rows)
        return {"images": len(rows), "errors": sum("error" in row for row in rows)}

    async def _score(self, part: Part) -> Rows:
        pieces = read_part(self._job.source, part, self._job.max_bytes)
        rows: Rows = []
        piece = await asyncio.to_thread(next, pieces, None)
        while piece is not None:
            # The next is read while this one is scored.
            coming = asyncio.create_task(asyncio.to_thread(next, pieces, None))
            rows += await self._score_piece(piece)
            piece = await coming
        return rows

    async def _score_piece(self, piece: list[Image]) -> Rows:
        found = await self._classifier.classify_many([content for _, content in piece])
        return [
            make_row(name, each, self._job.version)
            for (name, _), each in zip(piece, found, strict=True)
        ]
