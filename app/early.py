"""Refusing a request as soon as its headers are here, when there is no room for one more.

`app.guards.admission` refuses the same in the same words, behind all the other
guards; by then a request has cost a scope, a task and every layer in between. Under three times
the load that it can bear, a service answers two refusals for each digit that it reads: what they
cost, those it accepted wait for.
"""

import time
from functools import lru_cache

from app import logs
from app.envelopes import Sealed, seal
from app.errors import Overloaded
from app.guards.admission import Places
from app.guards.headers import ENCODED
from app.metrics import Metrics
from app.middleware import (
    REQUEST_ID_HEADER,
    TIMING_HEADER,
    TRACE_HEADER,
    UNMATCHED,
    make_id,
    record,
)
from app.refusals import refuse

Headers = list[tuple[bytes, bytes]]

METHOD = b"POST"
"""Of what costs something; all else is let in, health above all."""

NEED_MORE = frozenset({REQUEST_ID_HEADER, TRACE_HEADER})
"""Headers of a request that belongs to something larger: the layers further in see to it."""

BLANK_ID = "0" * len(make_id())
"""Stands in for the id in an answer that is kept."""

TIMING = (TIMING_HEADER, b"total;dur=0.000")
"""No stage of the work was begun."""


class EarlyRefusal:
    """Turns requests away; its answers are counted and logged as all others are.

    Attributes:
        places: that requests take.
        metrics: that it counts with.
    """

    def __init__(self, places: Places, metrics: Metrics) -> None:
        """Share the places that requests take, and count with these metrics."""
        self.places = places
        self.metrics = metrics

    def __call__(self, method: bytes, url: bytes, headers: Headers) -> Sealed | None:
        """The answer to a request for which there is no room.

        Args:
            method: as it was sent.
            url: likewise, with its query.
            headers: names in lower case.

        Returns:
            None where the request is let in.
        """
        if method != METHOD or self.places.expect():
            return None
        if any(name in NEED_MORE for name, _ in headers):
            return None
        started = time.perf_counter()
        refusal = self.places.refusal()
        path = url.partition(b"?")[0].decode("latin-1")
        answer = _compose(path, str(refusal), refusal.retry_after_seconds)
        current = make_id()
        token = logs.request_id.set(current)
        seconds = time.perf_counter() - started
        record(self.metrics, UNMATCHED, METHOD.decode(), Overloaded.status, seconds)
        logs.request_id.reset(token)
        return answer.replace(BLANK_ID.encode(), current.encode())


@lru_cache(maxsize=64)  # paths are the callers': of those they make up, few are kept
def _compose(path: str, detail: str, retry_after_seconds: float | None) -> Sealed:
    token = logs.request_id.set(BLANK_ID)
    response = refuse(Overloaded(detail, retry_after_seconds=retry_after_seconds), path)
    logs.request_id.reset(token)
    response.raw_headers += [(REQUEST_ID_HEADER, BLANK_ID.encode()), TIMING, *ENCODED]
    return seal(response)
