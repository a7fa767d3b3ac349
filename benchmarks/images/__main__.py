"""Draw every set of pictures, post them, print the table.

python -m benchmarks.images                       # all of it, a server of its own
python -m benchmarks.images --set photos --scale 0.1 --url http://127.0.0.1:8000
"""

import argparse
import sys
import time
import zlib
from contextlib import nullcontext
from pathlib import Path

import httpx
import numpy as np

from app.engines import litert
from benchmarks.images import drawings
from benchmarks.images.sample import Sample
from benchmarks.images.service import post, running
from benchmarks.images.sets import SETS, PictureSet
from benchmarks.images.sheets import write_gallery, write_sheet
from benchmarks.images.table import Outcome, print_table
from training.dataset import Digits, load

SEED = 20_261_124

# Parameters of app.imaging are chosen on these training digits, never on what is measured.
CHOSEN_ON = slice(50_000, 60_000)


def main(arguments: list[str]) -> int:
    """Run the benchmark; 0 if every bar is met."""
    options = _parse(arguments)
    drawings.require()
    training, test = load(options.data)
    source = test if options.source == "test" else _chosen_on(training)
    server = nullcontext(options.url) if options.url else running(options.models)
    with server as url:
        outcomes = [
            _measure(pictures, source, options, url)
            for pictures in SETS
            if not options.set or pictures.name in options.set
        ]
    is_met = print_table(outcomes)
    for outcome in outcomes:
        path = write_sheet(options.sheets, outcome)
        if path is not None:
            print(f"{outcome.pictures.name}: {len(outcome.failures())} failures, {path}")
    print(f"some of all: {write_gallery(options.sheets, outcomes)}")
    return 0 if is_met else 1


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.images", description=__doc__)
    parser.add_argument("--url", help="a running server; one is started if not given")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the full number")
    parser.add_argument("--set", action="append", choices=[each.name for each in SETS])
    parser.add_argument("--source", choices=("test", "training"), default="test")
    parser.add_argument("--data", type=Path, help="folder of MNIST's four idx files")
    parser.add_argument("--models", type=Path, default=Path("models"))
    parser.add_argument("--sheets", type=Path, default=Path("build/images"))
    return parser.parse_args(arguments)


def _chosen_on(training: Digits) -> Digits:
    return Digits(training.images[CHOSEN_ON], training.labels[CHOSEN_ON])


def _measure(
    pictures: PictureSet, source: Digits, options: argparse.Namespace, url: str
) -> Outcome:
    """Draw a set and post it."""
    started = time.monotonic()
    rng = np.random.default_rng([SEED, zlib.crc32(pictures.name.encode())])
    samples = list(pictures.draw(source, options.scale, rng))
    answers = post(url + pictures.path, [sample.upload for sample in samples])
    direct = _read_directly(samples, url, options.models) if pictures.below_direct else []
    seconds = time.monotonic() - started
    print(f"{pictures.name}: {len(samples):,} pictures, {seconds:.0f} s", file=sys.stderr)
    return Outcome(pictures, samples, answers, direct)


def _read_directly(samples: list[Sample], url: str, models: Path) -> list[int]:
    """What the version that is served reads without any image code before it."""
    version = httpx.get(f"{url}/health").json()["model"]["version"]
    engine = litert.load(models / "alexnet" / version, threads=1)
    digits = np.stack([sample.digit for sample in samples if sample.digit is not None])
    logits = np.concatenate([engine(digits[at : at + 256]) for at in range(0, len(digits), 256)])
    return [int(digit) for digit in logits.argmax(axis=1)]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
