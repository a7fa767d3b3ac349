"""Ray Serve, batching by its decorator."""

import os
import signal
import sys

import numpy as np
from ray import serve
from starlette.requests import Request

from benchmarks.contenders import network
from benchmarks.contenders.network import Digits


@serve.deployment(max_ongoing_requests=256, ray_actor_options={"num_cpus": 1})
class Reader:
    """One replica."""

    def __init__(self) -> None:
        """Load the model, in the process that computes."""
        self.compute = network.load()

    @serve.batch(max_batch_size=64, batch_wait_timeout_s=0.005)
    async def read(self, digits: list[Digits]) -> list[int]:
        """One run of the network."""
        return [int(digit) for digit in self.compute(np.stack(digits)).argmax(axis=1)]

    async def __call__(self, request: Request) -> dict[str, int]:
        """Read the digit of one picture."""
        file = (await request.form())["file"]
        assert not isinstance(file, str)  # noqa: S101 # the driver sends files
        return {"digit": await self.read(network.decode(await file.read()))}


if __name__ == "__main__":
    import ray

    passed = {name: os.environ[name] for name in ("NETWORK", "VERSION_FOLDER")}
    ray.init(
        address="local",
        include_dashboard=False,
        runtime_env={"env_vars": {**passed, "PYTHONPATH": os.getcwd()}},  # noqa: PTH109 # a string
    )
    serve.start(http_options={"host": "127.0.0.1", "port": int(sys.argv[1])})
    serve.run(Reader.bind(), route_prefix="/")  # type: ignore[attr-defined] # what the decorator adds
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
