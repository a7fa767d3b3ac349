"""LitServe, batching, as its documentation has it."""

import sys

import litserve
import numpy as np
from fastapi import Request

from benchmarks.contenders import network
from benchmarks.contenders.network import Digits

BATCH_ROWS = 64
WAIT_SECONDS = 0.005


class Reader(litserve.LitAPI):
    """Decodes, batches and answers."""

    def setup(self, device: str) -> None:  # noqa: ARG002 # LitServe's signature
        """Load the model, in the process that computes."""
        self.compute = network.load()

    def decode_request(self, request: Request) -> Digits:
        """The picture of a form, which is what LitServe hands in where a request is announced."""
        return network.decode(request["file"].file.read())

    def batch(self, inputs: list[Digits]) -> Digits:
        """Pictures → one array."""
        return np.stack(inputs)

    def predict(self, x: Digits) -> list[int]:
        """One run of the network."""
        return [int(digit) for digit in self.compute(x).argmax(axis=1)]

    def unbatch(self, output: list[int]) -> list[int]:
        """Digit by digit."""
        return output

    def encode_response(self, output: int) -> dict[str, int]:
        """As JSON."""
        return {"digit": output}


if __name__ == "__main__":
    reader = Reader(max_batch_size=BATCH_ROWS, batch_timeout=WAIT_SECONDS)
    server = litserve.LitServer(reader, accelerator="cpu")
    server.run(host="127.0.0.1", port=int(sys.argv[1]), generate_client_file=False)
