"""Run the int8 twin with LiteRT."""

from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from app.engines import TWIN, Engine
from app.errors import ModelDamaged

SIGNATURE = "serving_default"


def load(folder: Path, *, threads: int, batch_sizes: tuple[int, ...]) -> Engine:
    """Load the twin of a version folder.

    Each batch size gets an interpreter of its own. Smaller batches are padded to the next size,
    larger ones cut.

    Args:
        folder: `models/alexnet/<version>`, its digests checked before.
        threads: for one inference.
        batch_sizes: rows of each prepared interpreter, ascending.

    Raises:
        ModelDamaged: LiteRT cannot run the file, or its shape is not the contract's.
    """
    try:
        content = (folder / TWIN).read_bytes()
        prepared = {size: _Prepared(content, size, threads) for size in batch_sizes}
    except (OSError, ValueError, RuntimeError, KeyError) as error:
        raise ModelDamaged("The int8 twin cannot be loaded.") from error

    def compute(images: NDArray[np.uint8]) -> NDArray[np.float32]:
        largest = batch_sizes[-1]
        parts = [images[start : start + largest] for start in range(0, len(images), largest)]
        results = []
        for part in parts:
            size = next(size for size in batch_sizes if size >= len(part))
            results.append(prepared[size].compute(part))
        return results[0] if len(results) == 1 else np.concatenate(results)

    return compute


class _Prepared:
    """An interpreter for one batch size."""

    def __init__(self, content: bytes, size: int, threads: int) -> None:
        self._interpreter = Interpreter(model_content=content, num_threads=threads)
        self._input, self._output = _find_tensors(self._interpreter)
        self._interpreter.resize_tensor_input(self._input, (size, 28, 28), strict=True)
        self._interpreter.allocate_tensors()
        self._padded = np.zeros((size, 28, 28), dtype=np.uint8)
        # The first run packs the weights: here, not in the first request.
        self.compute(self._padded)

    def compute(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Images uint8 [n, 28, 28], n at most the size → logits float32 [n, 10]."""
        self._padded[: len(images)] = images
        self._interpreter.set_tensor(self._input, self._padded)
        self._interpreter.invoke()
        logits: NDArray[np.float32] = self._interpreter.get_tensor(self._output)
        return logits[: len(images)]


def _find_tensors(interpreter: Interpreter) -> tuple[int, int]:
    """Where the images go in and the logits come out.

    In a function of its own: an interpreter with a living signature runner cannot be resized.
    """
    signature = interpreter.get_signature_runner(SIGNATURE)
    return (
        signature.get_input_details()["images"]["index"],
        signature.get_output_details()["logits"]["index"],
    )
