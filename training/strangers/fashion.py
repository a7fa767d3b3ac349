"""Fashion-MNIST's test pictures: clothes, in the size and the greys of MNIST.

Xiao, Rasul and Vollgraf 2017, "Fashion-MNIST" (arXiv 1708.07747); MIT licence.
"""

from pathlib import Path

import numpy as np

from training.dataset import DatasetError, IdxFile, Uint8, read_file, verify
from training.strangers.pictures import Strangers

DEBIAN_FOLDER = Path("/usr/share/datasets/fashion-mnist")
"""Where Debian's package dataset-fashion-mnist puts it."""

IMAGES = IdxFile(
    "t10k-images",
    (10000, 28, 28),
    "c867c93ff95360594e8ec3287995350b824dd110b11595c0e13d5423f621867a",
)
LABELS = IdxFile(
    "t10k-labels", (10000,), "3d0e6c6ea990b53b6f8f500a41cac93881d981b315f84578b7d915342ade01e9"
)
KINDS = np.array(
    [
        "T-shirt",
        "trousers",
        "pullover",
        "dress",
        "coat",
        "sandal",
        "shirt",
        "sneaker",
        "bag",
        "boot",
    ]
)


def load(folder: Path = DEBIAN_FOLDER) -> Strangers:
    """Read the 10,000 test pictures from a folder, or where there is none by Keras's download.

    Raises:
        DatasetError: says what was tried; or what was found is not the published set.
    """
    if folder.is_dir():
        images, labels = read_file(folder, IMAGES), read_file(folder, LABELS)
    else:
        images, labels = _download_with_keras(folder)
    return Strangers(images, KINDS[labels], "Fashion-MNIST, test pictures")


def _download_with_keras(folder: Path) -> tuple[Uint8, Uint8]:
    from keras.datasets import fashion_mnist  # noqa: PLC0415 # seconds to import, seldom needed

    try:
        _, (images, labels) = fashion_mnist.load_data()
    except Exception as error:  # Keras raises a bare Exception when a URL fails
        raise DatasetError(
            f"Fashion-MNIST was not found: there is no {folder} "
            f"(Debian has it: apt-get install dataset-fashion-mnist), and Keras says: {error!r}"
        ) from error
    return verify(images, IMAGES), verify(labels, LABELS)
