"""Run a plan through Ray Data: a row a part, an engine an actor, as many as the cluster holds."""

import asyncio
import logging
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath

# Read when Ray is imported: it shall tell nobody that it is used.
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")

import ray
import ray.data

from app.bulk.places import Place, find_place, find_source
from app.bulk.planning import Part, cut, is_meant
from app.bulk.results import check_source, list_images, list_parts, note_source
from app.bulk.scoring import Job, Scorer
from app.offline import open_classifier
from app.settings import read_settings


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
        ValueError: an address that is none, or a destination that is another source's or holds it.
        OSError: a place that cannot be asked for.
    """
    place, names = find_source(source)
    rows = find_place(destination)
    if rows.locate(place) is not None:
        raise ValueError(f"The rows need a folder of their own: {source} is in {destination}.")
    meant = [each for each in _leave_out(place, names, rows) if is_meant(each)]
    if not meant:
        raise NothingToScore(f"There are no pictures and no Parquet files in {source}.")
    check_source(rows, place)
    done = list_images(rows)
    return Plan(place, rows, cut(place, meant, done), len(done))


def _leave_out(source: Place, names: list[str], destination: Place) -> list[str]:
    """All files but the rows, which may lie among them."""
    rows = source.locate(destination)
    if rows is None:
        return names
    return [each for each in names if not PurePosixPath(each).is_relative_to(rows)]


def score(plan: Plan, models_dir: Path) -> Iterator[tuple[int, int]]:
    """Score on the cluster that there is, or on this machine; images and errors, part by part.

    `RAY_ADDRESS` says which cluster. On several machines the package, the folder of models, the
    source and the destination must be the same on each of them.

    Raises:
        NoModel: there is none to read with.
        OSError: the destination cannot be written to.
        Unfinished: the cluster gave up, or what its machines wrote is not to be seen from here.
    """
    job = Job(
        source=plan.source,
        destination=plan.destination,
        models_dir=models_dir.resolve(),
        version=asyncio.run(_find_version(models_dir)),
        max_bytes=read_settings(engine="auto").max_upload_bytes,  # the environment's may be Ray
    )
    note_source(plan.destination, plan.source)
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
    async with open_classifier(models_dir=models_dir, engine="auto") as classifier:
        return classifier.model.version


def _run(job: Job, parts: list[Part]) -> Iterator[tuple[int, int]]:
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    ray.data.DataContext.get_current().enable_progress_bars = False
    scored = ray.data.from_items(
        [asdict(part) for part in parts], override_num_blocks=len(parts)
    ).map(
        Scorer,  # type: ignore[arg-type] # Ray makes one an actor; its types know functions alone
        fn_constructor_args=(job,),
        num_cpus=1,
        compute=ray.data.ActorPoolStrategy(min_size=1, max_size=len(parts)),
    )
    for row in scored.iter_rows():
        yield row["images"], row["errors"]
