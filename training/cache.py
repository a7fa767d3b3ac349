"""Where fetched data is kept for the next run."""

import os
from pathlib import Path


def cache_folder(name: str) -> Path:
    """The folder of one kind of data, under the user's cache; it need not exist."""
    root = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(root) / "alexnet-digits" / name
