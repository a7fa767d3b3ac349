"""Triton by way of pytriton, batching; it takes tensors, no pictures."""

import sys

import numpy as np
from pytriton.decorators import batch
from pytriton.model_config import DynamicBatcher, ModelConfig, Tensor
from pytriton.triton import Triton, TritonConfig

from benchmarks.contenders import network


def main(port: int) -> None:
    """Serve until told to stop; the ports beside the first are for what is not measured."""
    compute = network.load()

    @batch
    def read(images: network.Digits) -> dict[str, np.ndarray]:
        return {"probabilities": compute(images)}

    config = TritonConfig(
        http_address="127.0.0.1", http_port=port, grpc_port=port + 1, metrics_port=port + 2
    )
    with Triton(config=config) as triton:
        triton.bind(
            model_name="alexnet",
            infer_func=read,
            inputs=[Tensor(name="images", dtype=np.uint8, shape=(28, 28))],
            outputs=[Tensor(name="probabilities", dtype=np.float32, shape=(10,))],
            config=ModelConfig(max_batch_size=64, batcher=DynamicBatcher()),
        )
        triton.serve()


if __name__ == "__main__":
    main(int(sys.argv[1]))
