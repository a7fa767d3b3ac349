"""What stands before every route, so that no route has to remember it.

Each is plain ASGI and refuses by raising one of our errors, which `app.middleware` answers.
"""

PROBED = ("/health", "/v2/health")
_UNDER_PROBED = tuple(f"{each}/" for each in PROBED)
"""Paths by which orchestrators ask for health: open to all, and answered under any load."""

METRICS = "/metrics"

PAGES = ("/", "/docs", "/openapi.json")
ASSETS = "/web/"
"""What a browser opens by itself, which has no key to send then; the pages ask for one."""


def is_probe(path: str) -> bool:
    """Whether a path is one of those."""
    return path in PROBED or path.startswith(_UNDER_PROBED)


def is_metrics(path: str) -> bool:
    """Whether a path is that of the metrics, as lenient as routes are with the slash at its end."""
    return path.removesuffix("/") == METRICS


def is_page(path: str) -> bool:
    """Whether a path is a page, or what a page is made of."""
    return (path.removesuffix("/") or "/") in PAGES or path.startswith(ASSETS)
