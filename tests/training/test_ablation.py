"""What is compared differs in one thing, is measured once, and is told as it was measured."""

from dataclasses import fields, replace
from pathlib import Path

import keras
import numpy as np
import pytest

from training import ablation
from training.ablation import SHORT, VARIANTS, ablate, describe, judge
from training.alexnet import build
from training.commitment import OtherRecipe
from training.config import Mixture, Recipe
from training.dataset import Digits, Split
from training.extras import Extras

WHOLE = [name for name in VARIANTS if name.startswith("whole")]

MEASURED = {
    "error": 0.01,
    "moved_error": 0.02,
    "damaged_error": 0.03,
    "uploaded_error": 0.04,
    "printed_error": 0.05,
    "written_error": 0.06,
    "outlier_auroc": 0.99,
    "outliers_accepted": 0.07,
    "calibration_error": 0.001,
    "uncalibrated_error": 0.002,
}


def make_digits(count: int) -> Digits:
    """Noise, each class as often as the others."""
    rng = np.random.default_rng(count)
    labels = np.arange(count, dtype=np.uint8) % 10
    return Digits(rng.integers(0, 256, (count, 28, 28), np.uint8), labels)


def test_every_variant_leaves_out_one_thing() -> None:
    """Beside the seeds, which change nothing else."""
    changed = {
        name: [each.name for each in fields(Recipe) if _differs(recipe, each.name)]
        for name, recipe in VARIANTS.items()
    }

    assert [VARIANTS[name].seed for name in WHOLE] == [0, 1, 2]
    assert {name: parts for name, parts in changed.items() if name not in WHOLE} == {
        "no teacher": ["teaching"],
        "digits not moved, bent or redrawn": ["augmentation"],
        "digits not bent towards others": ["augmentation"],
        "no damage": ["augmentation", "finishing"],  # which has its own share of it
        "no outliers": ["mixture"],
        "no uploads, print or other hands": ["mixture"],
        "digits not enlarged": ["side"],
        "digits drawn evenly": ["doubted_share"],
        "all units": ["narrowing"],
        "not finished": ["epochs", "finishing"],
    }
    assert len({repr(recipe) for recipe in VARIANTS.values()}) == len(VARIANTS)


def _differs(recipe: Recipe, name: str) -> bool:
    return name != "seed" and getattr(recipe, name) != getattr(SHORT, name)


def test_a_network_is_judged_by_what_it_reads() -> None:
    """One that knows nothing is wrong nine times of ten, on whatever is made of ten classes."""
    digits = make_digits(60)
    extras = Extras(digits, digits, digits, make_digits(30).images)

    figures = judge(build(SHORT), digits, extras)

    assert set(figures) == set(MEASURED)
    assert figures["error"] == pytest.approx(0.9, abs=0.1)
    assert figures["error"] == figures["uploaded_error"] == figures["written_error"]
    assert 0 <= figures["outliers_accepted"] <= 1


def test_runs_are_measured_once_and_share_what_they_may(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test digits are shown to whole runs alone; a second call reads what the first wrote."""
    digits = make_digits(20)
    trained: list[Recipe] = []
    had_a_teacher: list[bool] = []

    def fit_and_quantise(
        recipe: Recipe, _digits: Split, checkpoints: Path
    ) -> tuple[keras.Model | None, dict[str, list[float]]]:
        trained.append(recipe)
        had_a_teacher.append((checkpoints / "teacher").exists())
        (checkpoints / "teacher").mkdir(exist_ok=True)
        return None, {}

    monkeypatch.setattr(ablation, "fit_and_quantise", fit_and_quantise)
    monkeypatch.setattr(ablation.dataset, "load", lambda _: (digits, digits))
    monkeypatch.setattr(ablation.dataset, "split", lambda *_, **__: Split(digits, digits, digits))
    monkeypatch.setattr(ablation, "_prepare_validation", lambda *_: None)
    monkeypatch.setattr(ablation, "judge", lambda *_: dict(MEASURED))
    monkeypatch.setattr(ablation, "score_model", lambda _: lambda _: np.zeros((20, 10)))

    measured = ablate(None, tmp_path)
    again = ablate(None, tmp_path)

    assert trained == list(VARIANTS.values())
    assert had_a_teacher == [False, False, False] + [True] * (len(VARIANTS) - 3)
    assert measured == again
    assert [name for name, row in measured.items() if "test_error" in row] == WHOLE
    assert measured[WHOLE[0]]["test_error"] == pytest.approx(0.9)
    monkeypatch.setitem(VARIANTS, "no teacher", replace(SHORT, teaching=None, epochs=9))
    with pytest.raises(OtherRecipe):
        ablate(None, tmp_path)


def test_the_table_says_what_was_measured() -> None:
    """A row a variant, and the spread of the whole runs, with the deviation of a sample."""
    rows = {
        "whole, seed 0": {**MEASURED, "test_error": 0.004},
        "whole, seed 1": {**MEASURED, "test_error": 0.006},
        "no teacher": MEASURED,
    }

    lines = describe(rows).splitlines()

    assert len(lines) == 2 + 3 + 2
    assert lines[2].startswith(
        "| whole, seed 0 | 1.00% | 2.00% | 3.00% | 4.0% | 5.0% | 6.0% | 7.0%"
    )
    assert lines[-1] == "Test digits read wrong by 2 whole runs: 0.50 ± 0.14 %."


def test_nothing_is_left_out_of_the_production_recipe() -> None:
    """The whole run is the production's, only shorter."""
    production = ablation.RECIPES["production"]

    assert (
        replace(
            SHORT,
            name="production",
            epochs=production.epochs,
            teaching=production.teaching,
            narrowing=production.narrowing,
            finishing=production.finishing,
        )
        == production
    )
    assert SHORT.mixture == Mixture()
