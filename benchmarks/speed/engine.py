"""How long the service's engine takes by itself, in as many threads as it has there.

python -m benchmarks.speed.engine FOLDER [SIZE...]

Runs in the environment of the service, which has little else, and prints JSON: milliseconds a
batch by its size, the median of as many runs as fit into half a second.
"""

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import numpy as np

from app.contract import GOLDEN
from app.engines import litert
from app.settings import Settings

SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)
SECONDS_A_SIZE = 0.5


def measure(folder: Path, sizes: Sequence[int]) -> dict[int, float]:
    """Milliseconds of one run, by batch size."""
    engine = litert.load(folder, threads=Settings().engine_threads)
    digits = np.load(folder / GOLDEN)["images"]
    times = {}
    for size in sizes:
        batch = np.resize(digits, (size, 28, 28))
        engine(batch)
        taken: list[float] = []
        while sum(taken) < SECONDS_A_SIZE:
            started = time.perf_counter()
            engine(batch)
            taken.append(time.perf_counter() - started)
        times[size] = 1000 * median(taken)
    return times


if __name__ == "__main__":
    print(json.dumps(measure(Path(sys.argv[1]), [int(size) for size in sys.argv[2:]] or SIZES)))
