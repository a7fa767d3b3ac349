"""Run a plan through Ray Data: a row a part, an engine an actor, as many as the cluster holds."""

import asyncio
import logging
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

# Read when Ray is imported: it shall tell nobody that it is used.
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")

import ray
import ray.data

from app.bulk.places import Place, find_place, find_source
from app.bulk.planning import Part, cut
from app.bulk.results import list_images, list_parts
from app.bulk.scoring import Job, Scorer
from app.offline import open_classifier
from app.settings import Settings


class NothingToScore(Exception):
    """No picture and no Parquet file is meant by the source."""


class Unfinished(Exception):
    """Some parts have no rows; whoever runs it again does only those."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be done.

    Attributes:
        source: where the images are.
        destination: where the rows go.
        parts: of all that has no row yet.
        done: images that have one from an earlier run.
    """

    source: Place
    destination: Place
    parts: list[Part]
    done: int

    @property
    def images(self) -> int:
        """In the parts."""
        return sum(part.images for part in self.parts)


def prepare(source: str, destination: str) -> Plan:
    """Find what is to be scored and has no row yet.

    Raises:
        NothingToScore: there is no picture and no Parquet file.
        ValueError: an address that is none.
        OSError: a place that cannot be asked for.
    """
    place, names = find_source(source)
    rows = find_place(destination)
    done = list_images(rows)
    parts = cut(place, names, done)
    if not parts and not done:
        raise NothingToScore(f"There are no pictures and no Parquet files in {source}.")
    return Plan(place, rows, parts, len(done))


def score(plan: Plan, models_dir: Path) -> Iterator[tuple[int, int]]:
    """Score on the cluster that there is, or on this machine; images and errors, part by part.

    `RAY_ADDRESS` says which cluster. On several machines the package, the folder of models, the
    source and the destination must be the same on each of them.

    Raises:
        NoModel: there is none to read with.
        Unfinished: the cluster gave up, or what its machines wrote is not to be seen from here.
    """
    job = Job(
        source=plan.source,
        destination=plan.destination,
        models_dir=models_dir.resolve(),
        version=asyncio.run(_find_version(models_dir)),
        max_bytes=Settings().max_upload_bytes,
    )
    ray.init(logging_level=logging.WARNING, log_to_driver=False)
    try:
        yield from _run(job, plan.parts)
    except ray.exceptions.RayError as error:
        raise Unfinished(str(error)) from error
    finally:
        ray.shutdown()
    missing = {part.name for part in plan.parts} - list_parts(plan.destination)
    if missing:
        raise Unfinished(f"The rows of {len(missing)} of {len(plan.parts)} parts are not there.")


async def _find_version(models_dir: Path) -> str:
    async with open_classifier(models_dir=models_dir) as classifier:
        return classifier.model.version


def _run(job: Job, parts: list[Part]) -> Iterator[tuple[int, int]]:
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    ray.data.DataContext.get_current().enable_progress_bars = False
    cores = int(ray.cluster_resources()["CPU"])  # type: ignore[no-untyped-call] # it is Ray's
    scored = ray.data.from_items(
        [asdict(part) for part in parts], override_num_blocks=len(parts)
    ).map(
        Scorer,  # type: ignore[arg-type] # Ray makes one an actor; its types know functions alone
        fn_constructor_args=(job,),
        num_cpus=1,
        compute=ray.data.ActorPoolStrategy(min_size=1, max_size=cores),
    )
    for row in scored.iter_rows():
        yield row["images"], row["errors"]
