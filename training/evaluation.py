"""Measure all that is said of a version: digits, spoiled digits, and what is no digit.

The service accepts or refuses a reading by the manifest's thresholds; so does what is counted here.
"""

import json
import zlib
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.scores import energy
from training import versions
from training.answers import SEED, Answers, ask
from training.dataset import Digits, load
from training.diagrams import draw_evaluation
from training.figures import agreement, auroc, describe_classes, measure
from training.scorers import Logits
from training.strangers import Strangers, gather
from training.thresholds import Thresholds
from training.versions import EngineName, Version

APART = "look-alikes"
"""The set that is measured and does not count as no digit."""


@dataclass(frozen=True)
class Material:
    """What a version is measured on.

    Attributes:
        data: the folder of MNIST's idx files; None looks elsewhere.
        fonts: a folder of those whose letters are strangers; None takes the machine's.
        limit: pictures of each set; None for all.
    """

    data: Path | None = None
    fonts: Path | None = None
    limit: int | None = None


def evaluate(
    folder: Path, engine: versions.EngineName, material: Material, runs: Path, out: Path | None
) -> dict[str, Any]:
    """Measure a version and say where the figures are.

    Args:
        folder: of the version.
        engine: what runs it.
        material: what it is measured on.
        runs: gets a folder of figures and plots.
        out: gets them instead.

    Returns:
        What was measured, as `describe` takes it.
    """
    _, test = load(material.data)
    version = versions.read(folder)
    unknown = gather(SEED, material.fonts)
    if material.limit is not None:
        test = test.take(_spread(len(test), material.limit))
        unknown = {
            name: pictures.take(_spread(len(pictures), material.limit))
            for name, pictures in unknown.items()
        }
    out = out or runs / f"evaluation-{version.number}-{engine}"
    metrics = measure_version(version, engine, test, unknown, out)
    print(f"wrote {out}")
    return metrics


def _spread(count: int, limit: int) -> NDArray[np.intp]:
    """At most so many places, evenly far apart."""
    return np.linspace(0, count - 1, min(count, limit)).astype(np.intp)


def measure_version(
    version: Version,
    engine: EngineName,
    test: Digits,
    strangers: dict[str, Strangers],
    out: Path,
) -> dict[str, Any]:
    """Measure a version and write `metrics.json` and the plots.

    Args:
        version: read and verified.
        engine: what runs the network.
        test: the digits; spoiled, too, in each of the fifteen ways.
        strangers: what `strangers.gather` returns.
        out: a folder that is not the version's; made if it is not there.

    Returns:
        What was written to `metrics.json`.

    Raises:
        VersionError: the network cannot be run, or `out` lies in the version folder.
        NoNumbers: it answers what is no number, run one way or the other.
    """
    if out.resolve().is_relative_to(version.folder.resolve()):
        raise versions.VersionError(f"{out} lies in the version folder, which must stay as it is")
    answers = ask(version, engine, test, strangers)
    errors = answers.count_errors(test.labels)
    metrics = {
        "version": version.number,
        "manifest_sha256": version.sha256,
        "engine": engine,
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
        "seed": SEED,
        "test": measure(answers.digits, test.labels),
        "agreement": (None if answers.other is None else agreement(answers.digits, answers.other)),
        "corruptions": {"mean_error": float(np.mean(list(errors.values()))), "error": errors},
        "thresholds": asdict(version.thresholds),
        "accepted": judge_digits(version.thresholds, answers.digits, test.labels),
        "strangers": judge_strangers(version.thresholds, answers, strangers),
        "packed_bytes": packed_bytes(version),
    }
    draw_evaluation(out, answers, test, strangers, version.thresholds)
    (out / "metrics.json").write_text(json.dumps(metrics, indent=2) + "\n")
    return metrics


def judge_digits(
    thresholds: Thresholds, logits: Logits, labels: NDArray[np.uint8]
) -> dict[str, float]:
    """The share of digits that is accepted, and how many of those are read right."""
    is_accepted = thresholds.accept(logits)
    is_right = logits.argmax(axis=1) == labels
    return {
        "share": float(is_accepted.mean()),
        "accuracy": float(is_right[is_accepted].mean()) if is_accepted.any() else 0.0,
    }


def judge_strangers(
    thresholds: Thresholds, answers: Answers, strangers: dict[str, Strangers]
) -> dict[str, dict[str, Any]]:
    """AUROC and accepted share of each set, of all letters, and of all that counts as no digit."""
    known = energy(answers.digits)

    def judge(*logits: Logits) -> dict[str, Any]:
        pictures = np.concatenate(logits)
        return {
            "pictures": len(pictures),
            "auroc": auroc(known, energy(pictures)),
            "accepted": float(thresholds.accept(pictures).mean()),
        }

    unknown = answers.strangers
    return {
        **{
            name: {
                **judge(logits),
                "accepted_by_kind": _share_by_kind(
                    thresholds.accept(logits), strangers[name].kinds
                ),
                "source": strangers[name].source,
            }
            for name, logits in unknown.items()
        },
        "all letters": judge(unknown["letters"], unknown[APART]),
        "all three": judge(*(logits for name, logits in unknown.items() if name != APART)),
    }


def _share_by_kind(is_accepted: NDArray[np.bool_], kinds: NDArray[np.str_]) -> dict[str, float]:
    return {str(kind): float(is_accepted[kinds == kind].mean()) for kind in np.unique(kinds)}


def packed_bytes(version: Version) -> int:
    """What a version adds to a packed repository: git deflates each file, and so does this."""
    paths = [path for path in version.folder.rglob("*") if path.is_file()]
    return sum(len(zlib.compress(path.read_bytes())) for path in paths)


def describe(metrics: dict[str, Any]) -> str:
    """The figures of `measure_version` as a table to read."""
    test, accepted = metrics["test"], metrics["accepted"]
    agreement = metrics["agreement"]
    lines = [
        f"version {metrics['version']}, {metrics['engine']}: {test['digits']:,} digits",
        f"accuracy            {test['accuracy']:.2%}",
        f"cross-entropy       {test['loss']:.4f} nats",
        f"calibration error   {test['calibration_error']:.4f}",
        f"twin and SavedModel {'-' if agreement is None else format(agreement, '.2%')} agree",
        f"accepted            {accepted['share']:.2%}, {accepted['accuracy']:.2%} of those right",
        f"packed              {metrics['packed_bytes'] / 1e6:.1f} MB",
        "",
        f"{'no digit':14} {'pictures':>8} {'AUROC':>7} {'accepted':>9}",
        *(
            f"{name:14} {figures['pictures']:8,} {figures['auroc']:7.4f} {figures['accepted']:9.2%}"
            for name, figures in metrics["strangers"].items()
        ),
        "",
        f"{'spoiled by':14} {'error':>7}",
        *(f"{kind:14} {error:7.2%}" for kind, error in metrics["corruptions"]["error"].items()),
        f"{'mean':14} {metrics['corruptions']['mean_error']:7.2%}",
        "",
        *describe_classes(test),
    ]
    return "\n".join(lines)
