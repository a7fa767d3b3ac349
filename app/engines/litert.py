"""Run the int8 twin with LiteRT."""

from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from app.contract import SIGNATURE, TWIN
from app.engines import Engine
from app.errors import ModelDamaged


def load(folder: Path, *, threads: int) -> Engine:
    """Load the twin of a version folder.

    One interpreter serves every batch size. Its delegate reshapes without packing the weights
    again: under 1 ms for a resize, and the rows come out the same bit for bit. An interpreter for
    each size would take 20 MB more apiece, and spend most of a batch on padding: nine digits in one
    of 64 took seven times as long.

    Args:
        folder: `models/alexnet/<version>`, its digests checked before.
        threads: for one inference.

    Raises:
        ModelDamaged: LiteRT cannot run the file, or its shape is not the contract's.
    """
    try:
        # By its bytes: a file that is mapped and then cut short kills whoever reads on in it.
        content = (folder / TWIN).read_bytes()
        interpreter = Interpreter(model_content=content, num_threads=threads)
        engine = _LiteRT(interpreter, *_find_tensors(interpreter))
        # The first run packs the weights: here, not in the first request.
        engine(np.zeros((1, 28, 28), dtype=np.uint8))
    except (OSError, ValueError, RuntimeError, KeyError) as error:
        raise ModelDamaged("The int8 twin cannot be loaded.") from error
    return engine


class _LiteRT:
    """An interpreter that takes the size of the batch it is given."""

    def __init__(self, interpreter: Interpreter, images: int, logits: int) -> None:
        self._interpreter = interpreter
        self._images = images
        self._logits = logits
        self._rows = 0

    def __call__(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Images uint8 [n, 28, 28] → logits float32 [n, 10]."""
        if len(images) != self._rows:
            self._rows = 0  # should the resize fail, the next batch must not rely on it
            self._interpreter.resize_tensor_input(self._images, images.shape, strict=True)
            self._interpreter.allocate_tensors()
            self._rows = len(images)
        self._interpreter.set_tensor(self._images, images)
        self._interpreter.invoke()
        logits: NDArray[np.float32] = self._interpreter.get_tensor(self._logits)
        return logits


def _find_tensors(interpreter: Interpreter) -> tuple[int, int]:
    """Where the images go in and the logits come out.

    In a function of its own: an interpreter with a living signature runner cannot be resized.
    """
    signature = interpreter.get_signature_runner(SIGNATURE)
    return (
        signature.get_input_details()["images"]["index"],
        signature.get_output_details()["logits"]["index"],
    )
