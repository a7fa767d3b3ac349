"""Run the SavedModel itself with TensorFlow."""

import contextlib
import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.contract import SIGNATURE
from app.engines import Engine
from app.errors import ModelDamaged

# Read when TensorFlow is imported, below: its banner is no business of the log.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tensorflow as tf


def load(folder: Path, *, threads: int) -> Engine:
    """Load the SavedModel of a version folder.

    Args:
        folder: `models/alexnet/<version>`, its digests checked before.
        threads: for one inference; TensorFlow takes the first number it is given.

    Raises:
        ModelDamaged: TensorFlow cannot load the folder, or its signature is not the contract's.
    """
    with contextlib.suppress(RuntimeError):  # an earlier load has set it for the process
        tf.config.threading.set_intra_op_parallelism_threads(threads)
    try:
        loaded = tf.saved_model.load(folder)
        serve = loaded.signatures[SIGNATURE]
        # So that no request meets a cold graph.
        serve(images=tf.zeros((1, 28, 28), tf.uint8))
    except (OSError, ValueError, KeyError, tf.errors.OpError) as error:
        raise ModelDamaged("The SavedModel cannot be loaded.") from error

    def compute(images: NDArray[np.uint8]) -> NDArray[np.float32]:
        # By way of `loaded`, which alone keeps the variables alive.
        serve = loaded.signatures[SIGNATURE]
        logits: NDArray[np.float32] = serve(images=tf.constant(images))["logits"].numpy()
        return logits

    return compute
