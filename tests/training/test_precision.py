"""A step multiplies narrow numbers where the recipe and the processor both do."""

from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from training import precision
from training.alexnet import build
from training.config import RECIPES, Widths
from training.precision import is_float32, multiplies_bfloat16

FEW = Widths(filters=(8, 8, 8, 8, 8), hidden_units=8)
NARROW = replace(RECIPES["production"], precision="bfloat16")


@pytest.fixture
def flags(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A file that tells, instead of the machine's, what the processor can."""
    path = tmp_path / "cpuinfo"
    monkeypatch.setattr(precision, "CPU", path)
    return path


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("flags\t\t: fpu avx512f avx512_bf16 avx512vl\n", True),
        ("flags\t\t: fpu amx_bf16 amx_tile\n", True),
        ("Features\t: fp asimd bf16 i8mm\n", True),
        ("flags\t\t: fpu avx2 avx512f\n", False),
    ],
)
def test_the_processor_is_asked(flags: Path, text: str, *, expected: bool) -> None:
    """By the names that Linux has for what it can."""
    flags.write_text(text)

    assert multiplies_bfloat16() is expected


def test_a_system_that_does_not_tell_has_none(flags: Path) -> None:
    """Such as macOS."""
    assert not flags.exists()
    assert not multiplies_bfloat16()


def test_narrow_layers_keep_wide_weights(flags: Path) -> None:
    """What is multiplied is narrow; weights and answers are not, nor is any later network."""
    flags.write_text("avx512_bf16")
    model = build(NARROW, FEW)

    assert not is_float32(model)
    assert model.get_layer("conv1").compute_dtype == "bfloat16"
    assert {weight.dtype for weight in model.weights} == {"float32"}
    assert model.output.dtype == "float32"
    assert keras.config.dtype_policy().name == "float32"
    assert is_float32(build(replace(NARROW, precision="float32"), FEW))


def test_without_the_instructions_all_is_wide(flags: Path) -> None:
    """The recipe's wish is none that would make training slower."""
    flags.write_text("avx2")

    assert is_float32(build(NARROW, FEW))


def test_narrow_and_wide_networks_nearly_agree(flags: Path) -> None:
    """Eight bits of a significand are enough for the same answer; seeds are the same."""
    flags.write_text("avx512_bf16")
    pictures = np.random.default_rng(0).random((8, 28, 28, 1), np.float32)
    narrow, wide = build(NARROW, FEW), build(replace(NARROW, precision="float32"), FEW)

    np.testing.assert_allclose(narrow(pictures), wide(pictures), atol=0.02)
