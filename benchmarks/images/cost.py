"""What decoding and normalising cost, in seconds of one core.

    python -m benchmarks.images.cost

The processor's seconds of this thread are counted, not the clock's, so that other work on the
machine matters little; the best of several rounds is the one that was disturbed least.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from PIL import Image

from app.imaging import decode, normalise
from benchmarks.images.pages import develop, photograph
from benchmarks.images.photos import page_of
from benchmarks.images.sample import encode
from training.dataset import Digits, load

MAX_PIXELS = 50_000_000
ROUNDS = 9
SEED = 1


@dataclass(frozen=True, slots=True)
class Case:
    """One upload, how often it is read in a round, and what that may cost at the most."""

    title: str
    upload: bytes
    times: int
    bar_milliseconds: float


def main() -> int:
    """Measure every case and print a table; 0 if every bar is met."""
    _, test = load()
    print("| upload | bytes | decode | normalise | both | bar |\n|---|---|---|---|---|---|")
    is_met = True
    for case in _cases(test):
        grey = decode(case.upload, max_pixels=MAX_PIXELS)
        decoding = _milliseconds(partial(decode, case.upload, max_pixels=MAX_PIXELS), case)
        normalising = _milliseconds(partial(normalise, grey), case)
        is_met &= decoding + normalising < case.bar_milliseconds
        print(
            f"| {case.title} | {len(case.upload):,} | {decoding:.2f} ms | {normalising:.2f} ms "
            f"| {decoding + normalising:.2f} ms | < {case.bar_milliseconds} ms |"
        )
    return 0 if is_met else 1


def _cases(source: Digits) -> list[Case]:
    rng = np.random.default_rng(SEED)
    digit = source.images[0]
    page = develop(photograph(page_of(digit, (1500, 2000), "plain", rng), "plain", rng))
    photo = page.resize((4000, 3000), Image.Resampling.BICUBIC)
    return [
        Case("28×28 PNG, as MNIST's", encode(digit), 100, 0.3),
        Case("28×28 PNG, dark on light", encode(255 - digit), 100, 0.3),
        Case("12-megapixel JPEG, quality 75", encode(photo, "JPEG", quality=75), 1, 60),
        Case("12-megapixel JPEG, quality 95", encode(photo, "JPEG", quality=95), 1, 60),
    ]


def _milliseconds(work: Callable[[], object], case: Case) -> float:
    """Of the processor, for once; the least of all rounds."""
    rounds = []
    for _ in range(ROUNDS):
        started = time.thread_time()
        for _ in range(case.times):
            work()
        rounds.append((time.thread_time() - started) / case.times)
    return 1000 * min(rounds)


if __name__ == "__main__":
    sys.exit(main())
