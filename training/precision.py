"""How wide the numbers are that a step of training multiplies."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import keras

from training.config import Precision

CPU = Path("/proc/cpuinfo")
MULTIPLIES_BFLOAT16 = {"avx512_bf16", "amx_bf16", "bf16"}
"""Flags of x86 and of ARM; without one of them bfloat16 is emulated, many times slower."""


@contextmanager
def layers_of(precision: Precision) -> Iterator[None]:
    """Let layers that are made meanwhile multiply numbers so wide, if this processor can.

    Weights, their updates and every normalisation stay in float32 (Micikevicius et al. 2018,
    "Mixed Precision Training").
    """
    before = keras.config.dtype_policy()
    if precision == "bfloat16" and multiplies_bfloat16():
        keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def multiplies_bfloat16() -> bool:
    """Whether this processor has instructions for it."""
    return CPU.exists() and not MULTIPLIES_BFLOAT16.isdisjoint(CPU.read_text().split())


def is_float32(model: keras.Model) -> bool:
    """Whether no layer of a network computes in anything narrower."""
    return all(layer.compute_dtype == "float32" for layer in model.layers)
