"""A Ray cluster of two nodes on this machine, one of which can be killed."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("RAY_AUTH_MODE", "disabled")  # a test writes no token into a home folder
os.environ.setdefault("RAY_worker_niceness", "0")  # a busy machine would starve them for minutes
os.environ.setdefault("RAY_raylet_start_wait_time_s", "120")
os.environ.setdefault("RAY_health_check_failure_threshold", "2")  # a dead node is soon known to be

from ray.cluster_utils import Cluster

from tests.conftest import MODELS

SCORE = (sys.executable, "-m", "app.cli", "predict", "--engine", "ray", "--models", MODELS)
"""The command, as one types it but for where from and where to."""

STORE_BYTES = 80 << 20
"""A little above the least that Ray takes: paths and counts go through it, no pictures."""


class Nodes:
    """The two of them.

    Attributes:
        address: of the cluster.
    """

    def __init__(self) -> None:
        """Start both, a core each."""
        self._cluster = Cluster()
        self._cluster.add_node(num_cpus=1, object_store_memory=STORE_BYTES, include_dashboard=False)
        self._other = self._cluster.add_node(num_cpus=1, object_store_memory=STORE_BYTES)
        self.address: str = self._cluster.address

    def has_scorer(self) -> bool:
        """Whether an actor that scores lives on the second node."""
        raylets = self._other.all_processes["raylet"]
        children = [
            child
            for raylet in raylets
            for child in Path(f"/proc/{raylet.process.pid}/task/{raylet.process.pid}/children")
            .read_text()
            .split()
        ]
        return any("Scorer" in _title(child) for child in children)

    def kill(self) -> None:
        """End the second node with all its processes, without a word."""
        self._cluster.remove_node(self._other, allow_graceful=False)

    def stop(self) -> None:
        """End what is left."""
        self._cluster.shutdown()


@contextmanager
def two_nodes() -> Iterator[Nodes]:
    """A cluster, for as long as it is needed."""
    nodes = Nodes()
    try:
        yield nodes
    finally:
        nodes.stop()


def _title(process: str) -> str:
    try:
        return Path(f"/proc/{process}/cmdline").read_text()
    except OSError:  # it ended meanwhile
        return ""
