"""BentoML with adaptive batching: a service that takes pictures before one that is batched."""

import bentoml
import numpy as np
from PIL import Image

from benchmarks.contenders import network
from benchmarks.contenders.network import Digits


@bentoml.service
class Reader:
    """The batched one."""

    def __init__(self) -> None:
        """Load the model, in the process that computes."""
        self.compute = network.load()

    @bentoml.api(batchable=True, max_batch_size=64, max_latency_ms=500)
    def read(self, digits: np.ndarray) -> np.ndarray:
        """Digits uint8 [n, 28, 28] → what they are, int64 [n]."""
        found: np.ndarray = self.compute(digits.astype(np.uint8)).argmax(axis=1)
        return found


@bentoml.service
class Pictures:
    """What is posted to."""

    reader = bentoml.depends(Reader)

    @bentoml.api
    async def predict(self, file: Image.Image) -> dict[str, int]:
        """Read the digit of one picture."""
        digits: Digits = np.asarray(file.convert("L"))[None]
        return {"digit": int((await self.reader.to_async.read(digits))[0])}
