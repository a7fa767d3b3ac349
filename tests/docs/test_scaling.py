"""The page on scaling is what was measured, and its arithmetic right."""

import json

import pytest

from docs.__main__ import FOLDER, RESULTS
from docs.scaling import count_core_hours, count_cores, count_replicas, describe_scaling


def test_page_is_what_was_measured() -> None:
    """`make docs` was called after `make bench`."""
    written = (FOLDER / "scaling.md").read_text()

    assert written == describe_scaling(json.loads(RESULTS.read_text()))


def test_arithmetic_by_hand() -> None:
    """A thousand requests of 0.6 ms keep one core busy at 60 %; a million of 3.6 ms an hour."""
    assert count_cores(1000, 0.6) == pytest.approx(1)
    assert [count_replicas(cores) for cores in (0.1, 2.0, 2.1)] == [2, 2, 3]
    assert count_core_hours(3.6) == pytest.approx(1)


def test_what_was_not_measured_is_missed() -> None:
    """A short benchmark leaves out what the page needs, and the page is not written without."""
    short = {"machine": {"cores": "2"}, "rounds": {"ours": [{"cpu_ms": {"32": 1.0}}]}}

    with pytest.raises(KeyError):
        describe_scaling(short)
