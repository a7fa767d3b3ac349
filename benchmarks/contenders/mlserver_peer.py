"""MLServer with adaptive batching; it takes tensors of the Open Inference Protocol, no pictures."""

import asyncio
import sys

import numpy as np
from mlserver import MLModel, MLServer, ModelSettings, Settings
from mlserver.codecs import NumpyCodec
from mlserver.settings import ModelParameters
from mlserver.types import InferenceRequest, InferenceResponse

from benchmarks.contenders import network

BATCH_ROWS = 64
WAIT_SECONDS = 0.005


class Reader(MLModel):
    """A custom runtime."""

    async def load(self) -> bool:
        """Load the model, in the process that computes."""
        self.compute = network.load()
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        """One run of the network, for all that were batched."""
        digits = NumpyCodec.decode_input(payload.inputs[0]).astype(np.uint8)
        output = NumpyCodec.encode_output("probabilities", self.compute(digits))
        return InferenceResponse(model_name=self.name, outputs=[output])


async def main(port: int) -> None:
    """Serve until told to stop; the ports beside the first are for what is not measured."""
    settings = Settings(
        host="127.0.0.1",
        http_port=port,
        grpc_port=port + 1,
        metrics_port=port + 2,
        metrics_endpoint=None,
        debug=False,
        parallel_workers=0,  # its worker processes end at once with the event loop of this uvloop
    )
    model = ModelSettings(
        name="alexnet",
        implementation=Reader,
        max_batch_size=BATCH_ROWS,
        max_batch_time=WAIT_SECONDS,
        parameters=ModelParameters(version="1"),
    )
    await MLServer(settings).start([model])


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
