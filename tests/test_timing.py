"""Stages of a request, and the header that tells them."""

from app import timing


def test_stages_are_summed_in_their_order() -> None:
    """Twice the same stage is one entry; seconds become milliseconds; the total is last."""
    seconds = [("decode", 0.001), ("queue", 0.0005), ("decode", 0.002)]
    noted = [timing.Stage(*each, ended=0.0) for each in seconds]

    assert timing.describe(noted, 0.01) == "decode;dur=3.000, queue;dur=0.500, total;dur=10.000"


def test_nothing_is_noted_outside_of_a_request() -> None:
    """A library call without a request needs no header, and fails no worse for it."""
    timing.add("decode", 1.0)

    assert timing.stages.get() is None
