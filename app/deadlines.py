"""By when the request that is being answered has to be answered."""

import math
from contextvars import ContextVar

deadline: ContextVar[float] = ContextVar("deadline", default=math.inf)
"""On the clock `time.monotonic`; infinite outside of a request."""
