"""What the load generators print, as numbers."""

import math

import pytest

from benchmarks.speed.parsing import parse_h2load_log, parse_wrk

WRK = """Running 5s test @ http://127.0.0.1:8000/predict
  1 threads and 32 connections
Requests/sec:   2730.00
{"requests": 13650, "failures": 3, "duration_us": 5000000, "p50_us": 11020, "p99_us": 25100}
"""


def log(*requests: tuple[float, int, float]) -> str:
    """A log of h2load, of requests by their begin in seconds, status and milliseconds."""
    return "".join(
        f"{round(1e15 + began * 1e6)}\t{status}\t{round(took * 1000)}\n"
        for began, status, took in requests
    )


def test_wrk_summary() -> None:
    """The line of JSON becomes a rate and milliseconds."""
    closed = parse_wrk(WRK)

    assert (closed.requests, closed.failures) == (13650, 3)
    assert closed.per_second == pytest.approx(2730)
    assert (closed.p50_ms, closed.p99_ms) == pytest.approx((11.02, 25.1))


def test_wrk_without_a_summary() -> None:
    """An output without that line is an error, not a zero."""
    with pytest.raises(ValueError, match="no summary"):
        parse_wrk("unable to connect to 127.0.0.1:1\n")


def test_h2load_counts_by_status() -> None:
    """Answers, refusals and failures are told apart, and only answers make the latency."""
    text = log((0, 200, 10), (0.5, 503, 1), (1, 200, 30), (1.5, -1, 5), (2, 200, 20))

    load = parse_h2load_log(text, asked_per_second=4, seconds=2)

    assert load.asked_per_second == 4
    assert load.sent_per_second == pytest.approx(2.5)
    assert load.refused_per_second == pytest.approx(0.5)
    assert load.failures == 1
    assert load.p50_ms == pytest.approx(20)
    assert load.refused_p99_ms == pytest.approx(1)


def test_h2load_rate_leaves_out_what_ended_later() -> None:
    """An answer that came after the last request was sent is no part of the rate."""
    load = parse_h2load_log(
        log((0, 200, 10), (1, 200, 2000), (2, 503, 1)), asked_per_second=1, seconds=2
    )

    assert load.answered_per_second == pytest.approx(0.5)
    assert load.p99_ms > 1900


def test_h2load_skips_the_warm_up() -> None:
    """What began in the first seconds is left out."""
    text = log((0, 200, 500), (0.9, 200, 500), (1, 200, 10), (2, 200, 10))

    load = parse_h2load_log(text, asked_per_second=2, seconds=1, skip_seconds=1)

    assert load.p99_ms == pytest.approx(10)
    assert math.isnan(load.refused_p99_ms)


def test_h2load_line_cut_short() -> None:
    """The last line may be cut when the generator is stopped, and is passed over."""
    load = parse_h2load_log(
        log((0, 200, 10), (1, 200, 10)) + "1000000000000", asked_per_second=1, seconds=2
    )

    assert load.p50_ms == pytest.approx(10)


@pytest.mark.parametrize("text", ["", "\n", "1000000000000\t200\n"])
def test_h2load_log_of_nothing(text: str) -> None:
    """A log of no request is an error, not a zero."""
    with pytest.raises(ValueError, match="logged no request"):
        parse_h2load_log(text, asked_per_second=1, seconds=2)
