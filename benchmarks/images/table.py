"""Count what was right, and hold it against the bars."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from benchmarks.images.sample import Sample
from benchmarks.images.service import Answer
from benchmarks.images.sets import PictureSet, is_several

MOST_SEVERAL = 0.3
"""Percent of single digits that may be taken for several."""

MOST_KINDS = 40
"""More kinds than these are not listed one by one, but for those with mistakes."""


@dataclass(frozen=True)
class Outcome:
    """One set, answered.

    Attributes:
        pictures: which set.
        samples: what was posted.
        answers: in the same order.
        direct: of samples that are the model's own input, what it reads when fed them directly.
    """

    pictures: PictureSet
    samples: Sequence[Sample]
    answers: Sequence[Answer]
    direct: Sequence[int] = ()

    def failures(self) -> list[tuple[Sample, Answer]]:
        """What was answered wrongly."""
        return [
            (sample, answer)
            for sample, answer in zip(self.samples, self.answers, strict=True)
            if not self.pictures.is_right(sample, answer)
        ]

    def successes(self) -> list[tuple[Sample, Answer]]:
        """What was answered rightly."""
        return [
            (sample, answer)
            for sample, answer in zip(self.samples, self.answers, strict=True)
            if self.pictures.is_right(sample, answer)
        ]

    def by_kind(self) -> dict[str, float]:
        """Percent right of each kind."""
        wrong = Counter(sample.kind for sample, _ in self.failures())
        total = Counter(sample.kind for sample in self.samples)
        return {kind: 100 - 100 * wrong[kind] / total[kind] for kind in total}

    def share(self) -> float:
        """Percent right."""
        return 100 - 100 * len(self.failures()) / len(self.samples)

    def direct_share(self) -> float:
        """Percent that the model reads rightly when fed directly."""
        return _percent(
            sample.text == str(digit)
            for sample, digit in zip(self.samples, self.direct, strict=True)
        )

    def direct_by_kind(self) -> dict[str, float]:
        """The same of each kind."""
        return {
            kind: _percent(
                sample.text == str(digit)
                for sample, digit in zip(self.samples, self.direct, strict=True)
                if sample.kind == kind
            )
            for kind in dict.fromkeys(sample.kind for sample in self.samples)
        }

    def bar(self) -> str:
        """What must hold, in words."""
        pictures = self.pictures
        if pictures.below_direct is not None:
            least = self.direct_share() - pictures.below_direct
            return f"≥ {least:.2f} % (fed directly − {pictures.below_direct})"
        return f"≥ {pictures.bar} %" + (
            f", every kind ≥ {pictures.kind_bar} %" if pictures.kind_bar else ""
        )

    def is_met(self) -> bool:
        """Whether it holds."""
        pictures = self.pictures
        least = pictures.bar or 0.0
        if pictures.below_direct is not None:
            least = self.direct_share() - pictures.below_direct
        is_every_kind = min(self.by_kind().values()) >= (pictures.kind_bar or 0)
        return self.share() >= least - 1e-9 and is_every_kind


def print_table(outcomes: Sequence[Outcome]) -> bool:
    """Print every set with its bar, then the kinds; say whether every bar is met."""
    print("| set | pictures | right | bar | met |\n|---|---|---|---|---|")
    for outcome in outcomes:
        cells = (
            outcome.pictures.title,
            f"{len(outcome.samples):,}",
            f"{outcome.share():.2f} %",
            outcome.bar(),
            "yes" if outcome.is_met() else "**no**",
        )
        print("| " + " | ".join(cells) + " |")
    is_met = all(outcome.is_met() for outcome in outcomes)
    single = [
        answer
        for outcome in outcomes
        if outcome.pictures.has_one_digit
        for answer in outcome.answers
    ]
    if single:
        share = _percent(is_several(answer) for answer in single)
        is_met &= share <= MOST_SEVERAL
        verdict = "yes" if share <= MOST_SEVERAL else "**no**"
        print(
            f"| single digits taken for several | {len(single):,} | {share:.2f} % "
            f"| ≤ {MOST_SEVERAL} % | {verdict} |"
        )
    for outcome in outcomes:
        _print_kinds(outcome)
    return is_met


def _print_kinds(outcome: Outcome) -> None:
    shares = outcome.by_kind()
    direct = outcome.direct_by_kind() if outcome.direct else {}
    told = [
        f"{kind} {share:.1f}" + (f" (directly {direct[kind]:.1f})" if direct else "")
        for kind, share in shares.items()
        if len(shares) <= MOST_KINDS or share < 100
    ]
    print(f"\n{outcome.pictures.name}: {', '.join(told) or 'all right'}")


def _percent(truths: Iterable[bool]) -> float:
    values = list(truths)
    return 100 * sum(values) / max(len(values), 1)
